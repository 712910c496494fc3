// RawTerminal: a terminal that passes every key on, until it is given back; and who listens to its size.
//
// The terminal is restored when the object goes, when the process is told to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT) and
// when it crashes; only SIGKILL leaves it raw. At most one object at a time: signal handlers know one terminal.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace skerry::kubectl {

struct WindowSize {
  uint16_t width = 0, height = 0;
  bool operator==(const WindowSize&) const = default;
};

bool is_terminal(int fd);
// 0x0 if it is none.
WindowSize window_size(int fd);

class RawTerminal {
 public:
  // Errors if `fd` is no terminal.
  static Result<std::unique_ptr<RawTerminal>> open(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  // Becomes readable when the window's size may have changed (one byte each time, to be read away); non-blocking.
  int resize_fd() const { return resize_fd_; }

 private:
  RawTerminal(int fd, int resize_fd) : fd_(fd), resize_fd_(resize_fd) {}
  const int fd_;
  const int resize_fd_;
};

}  // namespace skerry::kubectl
