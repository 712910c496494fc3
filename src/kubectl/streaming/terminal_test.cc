#include "kubectl/streaming/terminal.h"

#include <doctest/doctest.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "kubectl/streaming/remote.h"

using namespace skerry;
using namespace skerry::kubectl;

namespace {

bool raw(int fd) {
  termios now{};
  REQUIRE(::tcgetattr(fd, &now) == 0);
  return (now.c_lflag & (ICANON | ECHO)) == 0;
}

}  // namespace

TEST_CASE("terminal: raw while the object lives, and given back by whatever ends the process") {
  int master = -1, slave = -1;
  REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
  CHECK(!raw(slave));
  {
    auto terminal = RawTerminal::open(slave);
    REQUIRE(terminal);
    CHECK(raw(slave));
    CHECK(!RawTerminal::open(slave));
    winsize size{33, 77, 0, 0};
    ::ioctl(master, TIOCSWINSZ, &size);
    CHECK(window_size(slave) == WindowSize{77, 33});
    ::raise(SIGWINCH);
    char byte;
    CHECK(::read((*terminal)->resize_fd(), &byte, 1) == 1);
  }
  CHECK(!raw(slave));
  for (int signal : {SIGTERM, SIGHUP, SIGINT, SIGABRT, SIGSEGV}) {
    CAPTURE(signal);
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_t child = ::fork();
    if (child == 0) {
      for (int s : {SIGTERM, SIGHUP, SIGINT, SIGABRT, SIGSEGV}) ::signal(s, SIG_DFL);
      sigset_t none;
      sigemptyset(&none);
      ::sigprocmask(SIG_SETMASK, &none, nullptr);
      auto terminal = RawTerminal::open(slave);
      char byte = terminal && raw(slave) ? 'y' : 'n';
      if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(byte == 'y');
    ::close(ready[0]);
    ::kill(child, signal);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(!raw(slave));
  }
  ::close(master);
  ::close(slave);
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  CHECK(!is_terminal(pipe[0]));
  CHECK(!RawTerminal::open(pipe[0]));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_CASE("remote: what the error channel says") {
  CHECK(*outcome_of("v4.channel.k8s.io", R"({"status":"Success"})") == 0);
  CHECK(*outcome_of("v5.channel.k8s.io", R"({"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}})") == 7);
  CHECK(outcome_of("v4.channel.k8s.io", R"({"status":"Failure","message":"m"})").error().message == "m");
  CHECK(*outcome_of("v4.channel.k8s.io", "") == 0);
  for (const char* bad : {"x", "{}", R"({"status":"Failure","reason":"NonZeroExitCode"})", R"({"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"x"}]}})"}) {
    CHECK_MESSAGE(!outcome_of("v4.channel.k8s.io", bad), bad);
  }
  CHECK(outcome_of("v3.channel.k8s.io", "boom").error().message == "error executing remote command: boom");
  CHECK(upgrade_error(500, "no").message == "unable to upgrade connection: no");
  CHECK(upgrade_error(404, R"({"kind":"Status","reason":"NotFound","message":"pods x","code":404})").message == "unable to upgrade connection: pods x");
}
