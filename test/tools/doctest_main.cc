// The main program of every unit test binary.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char** argv) {
  // Whoever starts the tests may have closed these; a pipe of a test must not get their numbers.
  for (int fd = 0; fd < 3; ++fd)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return 126;
  return doctest::Context(argc, argv).run();
}
