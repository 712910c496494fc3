#include "runtime/layer.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <zlib.h>

#include "os/files.h"
#include "runtime/sha256.h"
#include "runtime/test_support.h"

using namespace skerry;
using namespace skerry::runtime;
using testing::TarEntry;

#define SKIP_WITHOUT_ROOT()         \
  if (geteuid() != 0) {             \
    MESSAGE("skipped: not root");   \
    return;                         \
  }

namespace {

struct Scratch {
  Scratch() {
    char name[] = "/tmp/skerry-layer-test-XXXXXX";
    path = mkdtemp(name);
    REQUIRE(os::make_dirs(path + "/layer"));
  }
  ~Scratch() { CHECK(os::remove_tree(path)); }
  Result<UnpackedLayer> unpack(const std::string& bytes, const std::vector<std::string>& parents = {}) {
    bool given = false;
    return unpack_layer([&]() -> Result<std::string_view> {
      std::string_view all = given ? std::string_view() : std::string_view(bytes);
      given = true;
      return all;
    }, path + "/layer", parents);
  }
  std::string path;
};

struct stat status(const std::string& path) {
  struct stat st = {};
  lstat(path.c_str(), &st);
  return st;
}

std::string gzip(const std::string& bytes) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("layer: files, links, whiteouts, modes and owners arrive") {
  SKIP_WITHOUT_ROOT();
  Scratch s;
  std::string tar = testing::make_tar({{"./", '5', "", 0755}, {"a/", '5', "", 0700, 5, 6}, {"a/f", '0', "hello", 04755, 7, 8}, {"a/hard", '1', "a/f"},
                                       {"/abs", '0', "x"}, {"sym", '2', "/etc/passwd"}, {"gone/.wh.old", '0', ""}, {"hidden/.wh..wh..opq", '0', ""},
                                       {"deep/er/file", '0', "y"}});
  auto layer = s.unpack(gzip(tar));
  REQUIRE_MESSAGE(layer, layer.error().message);
  CHECK(layer->diff_id == sha256_digest(tar));
  std::string root = s.path + "/layer";
  CHECK((status(root + "/a").st_mode & 07777) == 0700);
  CHECK(status(root + "/a").st_uid == 5);
  CHECK(status(root + "/a").st_mtime == 1000000000);
  CHECK((status(root + "/a/f").st_mode & 07777) == 04755);
  CHECK(status(root + "/a/f").st_gid == 8);
  CHECK(status(root + "/a/hard").st_ino == status(root + "/a/f").st_ino);
  CHECK(os::read_file(root + "/abs").value_or("") == "x");
  CHECK(S_ISLNK(status(root + "/sym").st_mode));
  CHECK(S_ISCHR(status(root + "/gone/old").st_mode));
  CHECK(status(root + "/gone/old").st_rdev == 0);
  char opaque[4] = {};
  CHECK(getxattr((root + "/hidden").c_str(), "trusted.overlay.opaque", opaque, sizeof opaque) == 1);
  CHECK(os::list_directory(root + "/hidden")->empty());
}

TEST_CASE("layer: nothing is written outside, whatever the archive says") {
  SKIP_WITHOUT_ROOT();
  const std::vector<std::vector<TarEntry>> attacks = {
      {{"../evil", '0', "x"}},
      {{"a/../../evil", '0', "x"}},
      {{"link", '2', ".."}, {"link/evil", '0', "x"}},
      {{"link", '2', "../../.."}, {"link/evil/deep", '0', "x"}},
      {{"dir", '2', "/"}, {"dir/tmp/skerry-evil", '0', "x"}},
      {{"hard", '1', "../outside"}},
      {{"abs", '2', "/etc"}, {"hard", '1', "abs/passwd"}},
      {{"f", '2', "../outside"}, {"f", '0', "overwritten"}},
      {{"d", '2', ".."}, {"d", '5', "", 0777}},
      {{"d", '2', ".."}, {"d/.wh.outside", '0', ""}},
      {{".wh...", '0', ""}},
      {{".wh..", '0', ""}},
  };
  for (const auto& entries : attacks) {
    Scratch s;
    REQUIRE(os::write_file_atomic(s.path + "/outside", "untouched"));
    (void)s.unpack(testing::make_tar(entries));
    CHECK(os::read_file(s.path + "/outside").value_or("") == "untouched");
    CHECK(os::list_directory(s.path)->size() == 2);
    CHECK_FALSE(os::exists("/tmp/skerry-evil"));
    CHECK((status(s.path).st_mode & 0777) == 0700);
  }
}

TEST_CASE("layer: a directory the archive only implies looks as in the layer below") {
  SKIP_WITHOUT_ROOT();
  Scratch s;
  REQUIRE(os::make_dirs(s.path + "/lower/secret"));
  chmod((s.path + "/lower/secret").c_str(), 0711);
  REQUIRE(chown((s.path + "/lower/secret").c_str(), 12, 13) == 0);
  REQUIRE(s.unpack(testing::make_tar({{"secret/new", '0', "x"}}), {s.path + "/lower"}));
  CHECK((status(s.path + "/layer/secret").st_mode & 07777) == 0711);
  CHECK(status(s.path + "/layer/secret").st_uid == 12);
}

TEST_CASE("layer: damaged archives are refused") {
  SKIP_WITHOUT_ROOT();
  std::string tar = testing::make_tar({{"file", '0', std::string(100000, 'x')}});
  {
    Scratch s;
    CHECK_FALSE(s.unpack(tar.substr(0, 50000)));
  }
  {
    Scratch s;
    std::string packed = gzip(tar);
    CHECK_FALSE(s.unpack(packed.substr(0, packed.size() / 2)));
  }
  {
    Scratch s;
    CHECK_FALSE(s.unpack("this is no archive at all, only a line of text that goes on for a while"));
  }
}
