#include "kubectl/streaming/input_pump.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "kubectl/streaming/terminal.h"

namespace skerry::kubectl {

InputPump::InputPump(std::shared_ptr<http::ChannelSession> session, int in_fd, int terminal_fd, int resize_fd, bool redraw)
    : session_(std::move(session)), in_fd_(in_fd), terminal_fd_(terminal_fd), resize_fd_(resize_fd) {
  if (redraw) send_size(1);
  send_size(0);
  stop_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (in_fd_ >= 0 || resize_fd_ >= 0) thread_ = std::thread([this] { run(); });
}

InputPump::~InputPump() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(stop_fd_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  ::close(stop_fd_);
}

void InputPump::send_size(uint16_t more) {
  WindowSize size = terminal_fd_ >= 0 ? window_size(terminal_fd_) : WindowSize{};
  if (size.width == 0 || size.height == 0) return;
  session_->write(http::Channel::kResize,
                  "{\"Width\":" + std::to_string(size.width + more) + ",\"Height\":" + std::to_string(size.height + more) + "}\n");
}

void InputPump::run() {
  sigset_t all;  // signals are the main thread's
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  char buffer[32 << 10];
  while (true) {
    pollfd polls[3] = {{stop_fd_, POLLIN, 0}, {in_fd_, POLLIN, 0}, {resize_fd_, POLLIN, 0}};
    if (::poll(polls, 3, -1) < 0 && errno != EINTR) return;
    if (polls[0].revents) return;
    if (polls[2].revents) {
      while (::read(resize_fd_, buffer, sizeof buffer) > 0) {}
      send_size(0);
    }
    if (!polls[1].revents) continue;
    ssize_t n = ::read(in_fd_, buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) {
      session_->end(http::Channel::kStdin);
      in_fd_ = -1;
      if (resize_fd_ < 0) return;
      continue;
    }
    if (!session_->write(http::Channel::kStdin, std::string_view(buffer, static_cast<size_t>(n)))) return;
  }
}

}  // namespace skerry::kubectl
