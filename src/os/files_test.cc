#include "os/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/mounts.h"
#include "os/passwd.h"
#include "os/process.h"

using namespace skerry;

namespace {
struct Scratch {
  Scratch() {
    char name[] = "/tmp/skerry-os-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~Scratch() { CHECK(os::remove_tree(path)); }
  std::string path;
};
}  // namespace

TEST_CASE("files: written atomically, read with a bound") {
  Scratch s;
  std::string file = s.path + "/f";
  CHECK(os::write_file_atomic(file, "one", 0600));
  CHECK(os::write_file_atomic(file, "two"));
  CHECK(os::read_file(file).value_or("") == "two");
  CHECK(os::list_directory(s.path)->size() == 1);
  CHECK(os::read_file(file, 2).error().is(Reason::kRequestEntityTooLarge));
  CHECK(os::read_file(s.path + "/none").error().is(Reason::kNotFound));
  CHECK_FALSE(os::write_file_atomic(s.path + "/none/f", "x"));
}

TEST_CASE("files: removal follows no link") {
  Scratch s;
  REQUIRE(os::make_dirs(s.path + "/a/b/c"));
  REQUIRE(os::make_dirs(s.path + "/keep"));
  REQUIRE(os::write_file_atomic(s.path + "/keep/f", "x"));
  REQUIRE(symlink("../../keep", (s.path + "/a/b/link").c_str()) == 0);
  CHECK(os::remove_tree(s.path + "/a"));
  CHECK(os::exists(s.path + "/keep/f"));
  REQUIRE(symlink("keep", (s.path + "/top").c_str()) == 0);
  CHECK(os::remove_tree(s.path + "/top"));
  CHECK(os::exists(s.path + "/keep/f"));
  CHECK(os::remove_tree(s.path + "/nothing"));
}

TEST_CASE("files: what is mounted there or below is not removed") {
  if (geteuid() != 0) return;
  Scratch s;
  REQUIRE(os::make_dirs(s.path + "/a/m"));
  REQUIRE(os::mount_at("t", s.path + "/a/m", "tmpfs", 0, ""));
  REQUIRE(os::write_file_atomic(s.path + "/a/m/f", "x"));
  CHECK_FALSE(os::remove_tree(s.path + "/a"));
  CHECK_FALSE(os::remove_tree(s.path + "/a/m"));
  CHECK(os::exists(s.path + "/a/m/f"));
  CHECK(os::unmount_below(s.path + "/a"));
  CHECK_FALSE(os::is_mount_point(s.path + "/a/m"));
  // Nor another part of the same file system.
  REQUIRE(os::make_dirs(s.path + "/other"));
  REQUIRE(os::make_dirs(s.path + "/a/m"));
  REQUIRE(os::write_file_atomic(s.path + "/other/f", "x"));
  REQUIRE(os::bind_mount(s.path + "/other", s.path + "/a/m"));
  CHECK_FALSE(os::remove_tree(s.path + "/a"));
  CHECK_FALSE(os::remove_tree(s.path + "/a/m"));
  CHECK_FALSE(os::remove_tree(s.path + "/a/m/"));
  CHECK(os::exists(s.path + "/other/f"));
  CHECK(os::unmount_below(s.path + "/a"));
}

TEST_CASE("files: a root cannot be left") {
  Scratch s;
  REQUIRE(os::make_dirs(s.path + "/root/etc"));
  REQUIRE(os::write_file_atomic(s.path + "/root/etc/passwd", "inside"));
  REQUIRE(symlink("/etc", (s.path + "/root/abs").c_str()) == 0);
  REQUIRE(symlink("../../../../etc", (s.path + "/root/up").c_str()) == 0);
  for (const char* path : {"/etc/passwd", "abs/passwd", "/up/passwd", "../../etc/passwd"})
    CHECK(os::resolve_in_root(s.path + "/root", path).value_or("") == s.path + "/root/etc/passwd");
  CHECK(os::open_in_root(s.path + "/root", "/etc/none", O_RDONLY).error().is(Reason::kNotFound));
}

TEST_CASE("mounts: mountinfo with escapes and optional fields") {
  auto m = os::parse_mountinfo("36 35 98:0 /mnt1 /a\\040b rw master:1 shared:7 - ext3 /dev/root rw,errors=continue\nrubbish\n");
  REQUIRE(m.size() == 1);
  CHECK(m[0].mount_point == "/a b");
  CHECK(m[0].shared);
  CHECK(m[0].type == "ext3");
  CHECK(m[0].options == "rw,errors=continue");
}

TEST_CASE("users: names, numbers and groups are resolved") {
  auto passwd = os::parse_passwd("root:x:0:0:root:/root:/bin/sh\n# c\nbad:x:y:1\napp:x:1000:1001:a:/home/app:/bin/sh\n");
  auto group = os::parse_group("root:x:0:\nextra:x:2000:app, other\napp:x:1001:app\n");
  CHECK(passwd.size() == 2);
  auto app = os::resolve_user("app", passwd, group);
  REQUIRE(app);
  CHECK(app->uid == 1000);
  CHECK(app->gid == 1001);
  CHECK(app->groups == std::vector<uint32_t>{2000});
  CHECK(os::resolve_user("1000", passwd, group)->gid == 1001);
  CHECK(os::resolve_user("5", passwd, group)->gid == 0);
  CHECK(os::resolve_user("5:extra", passwd, group)->gid == 2000);
  CHECK(os::resolve_user("", passwd, group)->uid == 0);
  CHECK_FALSE(os::resolve_user("nobody", passwd, group));
  CHECK_FALSE(os::resolve_user("app:none", passwd, group));
  CHECK_FALSE(os::resolve_user("-1", passwd, group));
}

TEST_CASE("processes: output is taken, a timeout kills") {
  os::SpawnOptions options;
  options.argv = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3"};
  auto result = os::run_command(options, std::chrono::seconds(60));
  REQUIRE(result);
  CHECK(result->exit_code == 3);
  CHECK(result->output == "out\nerr\n");
  options.argv = {"/bin/sleep", "100"};
  CHECK(os::run_command(options, std::chrono::milliseconds(50)).error().is(Reason::kTimeout));
  options.argv = {"/no/such/program"};
  CHECK_FALSE(os::run_command(options, std::chrono::seconds(60)));
  CHECK(os::process_start_time(getpid()) > 0);
}
