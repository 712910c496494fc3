#include "kubectl/streaming/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

namespace skerry::kubectl {

Interrupt::Interrupt() {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &only, &before_);
  signal_fd_ = ::signalfd(-1, &only, SFD_CLOEXEC | SFD_NONBLOCK);
  bell_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

Interrupt::~Interrupt() {
  signalfd_siginfo info;
  while (::read(signal_fd_, &info, sizeof info) > 0) {}  // what was waited for must not strike now
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  ::close(signal_fd_);
  ::close(bell_fd_);
}

bool Interrupt::wait() {
  while (true) {
    pollfd polls[2] = {{signal_fd_, POLLIN, 0}, {bell_fd_, POLLIN, 0}};
    if (::poll(polls, 2, -1) <= 0) continue;
    if (polls[0].revents) return true;
    if (polls[1].revents) return false;
  }
}

void Interrupt::ring() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(bell_fd_, &one, sizeof one);
}

}  // namespace skerry::kubectl
