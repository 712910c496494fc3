#include "kubectl/streaming/copy.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

using namespace skerry;
using namespace skerry::kubectl;
namespace fs = std::filesystem;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/skerry-copy-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
};

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("copy: places and paths") {
  CHECK(parse_place("ns/pod:/a:b")->ns == "ns");
  CHECK(parse_place("ns/pod:/a:b")->path == "/a:b");
  CHECK(parse_place("./file")->pod == "");
  for (const char* bad : {":x", "a/b/c:x"}) CHECK(!parse_place(bad));
  for (auto [path, clean] : std::vector<std::pair<const char*, const char*>>{{"", "."}, {"/", "/"}, {"a//b/../c/", "a/c"}, {"/../x", "/x"}, {"../x", "../x"}, {"./.", "."}}) {
    CHECK(clean_path(path) == clean);
  }
  CHECK(parent_path("a") == ".");
  CHECK(parent_path("/a") == "/");
  CHECK(tar_prefix("/etc/../tmp/x/") == "tmp/x");
  CHECK(tar_prefix("../../x") == "x");
  CHECK(tar_prefix("/") == "");
  CHECK(shell_quoted("it's") == "'it'\\''s'");
}

TEST_CASE("copy: what is packed can be unpacked; links are skipped") {
  Folder folder;
  fs::create_directories(folder.path + "/from/sub/empty");
  std::ofstream(folder.path + "/from/big") << std::string(300000, 'x');
  std::ofstream(folder.path + "/from/sub/[odd]") << "y";
  fs::create_symlink("big", folder.path + "/from/link");
  TarSource source(folder.path + "/from", "name");
  int fd = *source.start();
  std::vector<std::string> said;
  TarTarget target("name", folder.path + "/to", [&](const std::string& line) { said.push_back(line); }, "by hand");
  char buffer[1000];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) REQUIRE(target.feed(std::string_view(buffer, static_cast<size_t>(n))));
  REQUIRE(source.finish());
  CHECK(target.complete());
  CHECK(content(folder.path + "/to/big") == std::string(300000, 'x'));
  CHECK(content(folder.path + "/to/sub/[odd]") == "y");
  CHECK(fs::is_directory(folder.path + "/to/sub/empty"));
  CHECK(!fs::exists(fs::symlink_status(folder.path + "/to/link")));
  REQUIRE(said.size() == 1);
  CHECK(said[0] == "warning: skipping symlink: \"" + folder.path + "/to/link\" -> \"big\" (consider using \"by hand\")");
}

TEST_CASE("copy: a hostile stream writes nothing outside of the destination") {
  Folder folder;
  std::vector<std::string> said;
  auto feed = [&](const std::string& prefix, const std::string& name, char type, const std::string& link = "") {
    TarTarget target(prefix, folder.path + "/to", [&](const std::string& line) { said.push_back(line); }, "");
    TarEntry entry;
    entry.name = name, entry.type = type, entry.link = link, entry.size = type == '0' ? 3 : 0;
    return target.feed(tar_header(entry) + (type == '0' ? "bad" + tar_padding(3) : ""));
  };
  CHECK(feed("p", "p/../../outside", '0'));
  CHECK(feed("", "../outside", '0'));
  CHECK(feed("p", "p/../../to-not", '0'));
  CHECK(said.size() == 3);
  CHECK(feed("p", "other", '0').error().message == "tar contents corrupted");
  CHECK(feed("p", "p/link", '2', "/etc"));
  CHECK(feed("p", "p/link/x", '0'));  // a folder of ours, not /etc
  CHECK(feed("p", "p/hard", '1', "/etc/passwd"));
  CHECK(feed("p", "p/device", '3'));
  CHECK(!fs::exists(folder.path + "/outside"));
  CHECK(!fs::exists(folder.path + "/to-not"));
  CHECK(!fs::exists(folder.path + "/to/hard"));
  CHECK(content(folder.path + "/to/link/x") == "bad");
}
