#include "runtime/rootfs_copy.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/files.h"

using namespace skerry;
using namespace skerry::runtime;

TEST_CASE("copied root: whiteouts, opaque directories and links are as overlayfs would show them") {
  if (geteuid() != 0) {
    MESSAGE("skipped: not root");
    return;
  }
  char name[] = "/tmp/skerry-copy-test-XXXXXX";
  std::string root = mkdtemp(name);
  auto put = [&](const std::string& path, const std::string& text) {
    REQUIRE(os::make_dirs(root + path.substr(0, path.find_last_of('/'))));
    REQUIRE(os::write_file_atomic(root + path, text));
  };
  put("/1/a/old", "old");
  put("/1/a/kept", "kept");
  put("/1/b/hidden", "x");
  put("/1/c", "file");
  put("/2/b/new", "new");
  put("/2/c/now-a-directory", "y");
  put("/2/l1", "linked");
  REQUIRE(link((root + "/2/l1").c_str(), (root + "/2/l2").c_str()) == 0);
  REQUIRE(os::make_dirs(root + "/2/a"));
  REQUIRE(mknod((root + "/2/a/old").c_str(), S_IFCHR | 0600, 0) == 0);
  REQUIRE(setxattr((root + "/2/b").c_str(), "trusted.overlay.opaque", "y", 1, 0) == 0);
  REQUIRE(symlink("/etc/passwd", (root + "/2/s").c_str()) == 0);
  REQUIRE(chmod((root + "/2/a").c_str(), 0711) == 0);
  REQUIRE(os::make_dirs(root + "/out"));
  Status copied = copy_layers({root + "/2", root + "/1"}, root + "/out");
  REQUIRE_MESSAGE(copied, copied.error().message);
  CHECK(*os::list_directory(root + "/out/a") == std::vector<std::string>{"kept"});
  CHECK(*os::list_directory(root + "/out/b") == std::vector<std::string>{"new"});
  CHECK(*os::list_directory(root + "/out/c") == std::vector<std::string>{"now-a-directory"});
  struct stat st, other;
  CHECK(stat((root + "/out/a").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0711);
  CHECK(stat((root + "/out/l1").c_str(), &st) == 0);
  CHECK(stat((root + "/out/l2").c_str(), &other) == 0);
  CHECK(st.st_ino == other.st_ino);
  CHECK(lstat((root + "/out/s").c_str(), &st) == 0);
  CHECK(S_ISLNK(st.st_mode));
  CHECK(os::remove_tree(root));
}
