// InputPump: a thread that sends what comes from a descriptor to a session's stdin, and the size of a terminal when it
// changes. It ends with the input, with the session, or when the object goes.
#pragma once

#include <memory>
#include <thread>

#include "http/channels.h"

namespace skerry::kubectl {

class InputPump {
 public:
  // -1: no input, or no terminal. `resize_fd`: see RawTerminal; -1: the size is sent once.
  // `redraw`: a size that is one too large is sent before the right one.
  InputPump(std::shared_ptr<http::ChannelSession> session, int in_fd, int terminal_fd, int resize_fd, bool redraw);
  ~InputPump();
  InputPump(const InputPump&) = delete;
  InputPump& operator=(const InputPump&) = delete;

 private:
  void run();
  void send_size(uint16_t more);

  const std::shared_ptr<http::ChannelSession> session_;
  int in_fd_;
  const int terminal_fd_, resize_fd_;
  int stop_fd_ = -1;
  std::thread thread_;
};

}  // namespace skerry::kubectl
