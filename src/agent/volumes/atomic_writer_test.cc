#include "agent/volumes/atomic_writer.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/files.h"

using namespace skerry;
using namespace skerry::agent;

namespace {
struct Directory {
  Directory() {
    char name[] = "/tmp/skerry-writer-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Directory() { (void)remove_tree(path); }
  std::string path;
};
std::string text(const std::string& path) { return read_file(path).value_or(std::string("<none>")); }
const WallTime kNow = *parse_rfc3339("2026-01-02T03:04:05Z");
}  // namespace

TEST_CASE("atomic writer: writes, changes and removes files through ..data; unchanged contents touch nothing") {
  Directory d;
  Payload p{{"a", {"1", 0644, {}}}, {"sub/b", {"2", 0400, {}}}};
  CHECK(write_payload(d.path, p, {}, kNow).value());
  CHECK(text(d.path + "/a") == "1");
  CHECK(text(d.path + "/sub/b") == "2");
  struct stat st{};
  REQUIRE(::stat((d.path + "/sub/b").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0400);
  CHECK_FALSE(write_payload(d.path, p, {}, kNow + seconds(1)).value());
  p.erase("sub/b");
  p["a"].data = "3";
  CHECK(write_payload(d.path, p, {}, kNow + seconds(2)).value());
  CHECK(text(d.path + "/a") == "3");
  CHECK_FALSE(exists(d.path + "/sub"));
  CHECK(list_directory(d.path).size() == 3);  // ..data, ..<time>, a
  p["a"].mode = 0600;
  CHECK(write_payload(d.path, p, {}, kNow + seconds(3)).value());
}

TEST_CASE("atomic writer: an empty payload is a volume too, and an interrupted write is cleared away") {
  Directory d;
  CHECK(write_payload(d.path, {}, {}, kNow).value());
  CHECK(exists(d.path + "/..data"));
  REQUIRE(make_directories(d.path + "/..left_over"));
  REQUIRE(write_payload(d.path, {}, {}, kNow + seconds(1)));
  CHECK_FALSE(exists(d.path + "/..left_over"));
}

TEST_CASE("atomic writer: paths that leave the volume are refused") {
  for (const char* bad : {"", "/a", "../a", "a/../b", "..a", "a//b", "a/./b"}) CHECK_FALSE(check_payload_path(bad));
  for (const char* good : {"a", "a/b", "a..b", "a/..b"}) CHECK(check_payload_path(good));
}
