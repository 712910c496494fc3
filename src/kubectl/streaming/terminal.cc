#include "kubectl/streaming/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace skerry::kubectl {
namespace {

// What signal handlers need: written before they are installed, read in them.
struct Restore {
  int fd = -1;
  int resize_pipe = -1;
  termios before{};
};
Restore restore;                    // NOLINT: a handler can reach nothing else
std::atomic<bool> armed{false};     // is there something to restore?

constexpr std::array kEnding = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
std::array<struct sigaction, kEnding.size()> before_ending;  // NOLINT
struct sigaction before_resize;                              // NOLINT

void give_back() {
  if (armed.exchange(false)) ::tcsetattr(restore.fd, TCSANOW, &restore.before);
}

// The handler ends itself by the same signal, so that who waits for us sees what happened.
void on_end(int signal) {
  give_back();
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(signal, &standard, nullptr);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::raise(signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

void on_resize(int) {
  int saved = errno;
  char byte = 0;
  [[maybe_unused]] ssize_t n = ::write(restore.resize_pipe, &byte, 1);
  errno = saved;
}

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

WindowSize window_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, size.ws_row};
}

Result<std::unique_ptr<RawTerminal>> RawTerminal::open(int fd) {
  termios now{};
  if (::tcgetattr(fd, &now) != 0) return Error(Reason::kUnknown, "not a terminal");
  if (armed) return Error(Reason::kUnknown, "the terminal is in raw mode already");
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) return errno_error("pipe", errno);
  restore.fd = fd;
  restore.resize_pipe = pipe[1];
  restore.before = now;
  std::unique_ptr<RawTerminal> terminal(new RawTerminal(fd, pipe[0]));
  armed = true;
  struct sigaction action {};
  sigfillset(&action.sa_mask);
  action.sa_handler = on_end;
  for (size_t i = 0; i < kEnding.size(); i++) {
    ::sigaction(kEnding[i], nullptr, &before_ending[i]);
    if (before_ending[i].sa_handler != SIG_IGN) ::sigaction(kEnding[i], &action, nullptr);
  }
  action.sa_handler = on_resize;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGWINCH, &action, &before_resize);
  termios raw = now;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd, TCSANOW, &raw) != 0) return errno_error("tcsetattr", errno);
  return terminal;
}

RawTerminal::~RawTerminal() {
  ::sigaction(SIGWINCH, &before_resize, nullptr);
  give_back();
  for (size_t i = 0; i < kEnding.size(); i++) ::sigaction(kEnding[i], &before_ending[i], nullptr);
  ::close(resize_fd_);
  ::close(std::exchange(restore.resize_pipe, -1));
}

}  // namespace skerry::kubectl
