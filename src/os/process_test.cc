#include "os/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

using namespace skerry;

namespace {

bool is_null_device(int fd) {
  char target[64] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  return readlink(link.c_str(), target, sizeof target - 1) > 0 && strcmp(target, "/dev/null") == 0;
}

// In a child that has these closed and a file under every other number: the bits of those that are /dev/null afterwards.
int opened_in_place_of(std::initializer_list<int> closed) {
  const pid_t pid = fork();
  if (pid == 0) {
    const int other = open("/proc/self/stat", O_RDONLY);
    for (int fd = 0; fd < 3; ++fd) dup2(other, fd);
    for (int fd : closed) close(fd);
    os::open_standard_files();
    int bits = 0;
    for (int fd = 0; fd < 3; ++fd) bits |= is_null_device(fd) << fd;
    _exit(bits);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("process: closed standard files become /dev/null, open ones stay") {
  CHECK(opened_in_place_of({}) == 0);
  CHECK(opened_in_place_of({0}) == 1);
  CHECK(opened_in_place_of({1}) == 2);
  CHECK(opened_in_place_of({0, 2}) == 5);
  CHECK(opened_in_place_of({0, 1, 2}) == 7);
}
