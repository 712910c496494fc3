// Interrupt: SIGINT as something to wait for, while the object lives, beside a bell that other threads ring.
#pragma once

#include <signal.h>

namespace skerry::kubectl {

class Interrupt {
 public:
  // Made on the main thread before other threads start: they inherit that SIGINT is blocked.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Blocks until SIGINT came (true) or ring() was called (false).
  bool wait();
  void ring();  // any thread

 private:
  sigset_t before_;
  int signal_fd_ = -1, bell_fd_ = -1;
};

}  // namespace skerry::kubectl
