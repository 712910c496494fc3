#include "runtime/log_rotation.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "os/files.h"

using namespace skerry;
using namespace skerry::runtime;

TEST_CASE("log rotation: only so many files of so many bytes are kept") {
  char name[] = "/tmp/skerry-rotation-test-XXXXXX";
  std::string directory = mkdtemp(name), path = directory + "/0.log";
  LogRotationPolicy policy{10, 3};
  int reopened = 0;
  auto reopen = [&]() -> Status {
    ++reopened;
    return os::write_file_atomic(path, "new log, longer than ten bytes");
  };
  CHECK(rotate_log(path, policy, WallTime{}, reopen).value_or(true) == false);
  REQUIRE(os::write_file_atomic(path, "short"));
  CHECK(rotate_log(path, policy, WallTime{}, reopen).value_or(true) == false);
  REQUIRE(os::write_file_atomic(path, "longer than ten bytes"));
  for (int i = 0; i < 5; ++i) CHECK(rotate_log(path, policy, WallTime(std::chrono::seconds(i / 2)), reopen).value_or(false));
  CHECK(reopened == 5);
  CHECK(os::list_directory(directory)->size() == 3);
  CHECK(os::exists(path + ".19700101-000002"));
  CHECK_FALSE(rotate_log(path, policy, WallTime(std::chrono::seconds(9)), [] { return Status(internal_error("no")); }));
  CHECK(os::exists(path));
  CHECK(remove_logs(path));
  CHECK(os::list_directory(directory)->empty());
  CHECK(os::remove_tree(directory));
}
