#include "agent/streaming/remote_session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace skerry::agent {
namespace {

constexpr size_t kPauseInput = 256 << 10, kResumeInput = 64 << 10;
constexpr std::chrono::seconds kChannelsTimeout{30};
// Output may be held open by processes that the command left behind; after its exit only so much silence is waited out.
constexpr int kQuietMs = 500;
// Clients send the size of their terminal first of all, if they know it.
constexpr int kSizeMs = 500;

void set_nonblocking(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace

RemoteSession::RemoteSession() : event_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

RemoteSession::~RemoteSession() {
  if (event_fd_ >= 0) ::close(event_fd_);
}

void RemoteSession::wake() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(event_fd_, &one, sizeof one);
}

RemoteClient::Callbacks RemoteSession::callbacks() {
  auto self = shared_from_this();
  return {.on_stdin =
              [self](std::string_view bytes) {
                std::lock_guard l(self->mutex_);
                Input& input = self->input_;
                if (input.refused) return;
                input.pieces.emplace_back(bytes);
                input.bytes += bytes.size();
                if (input.bytes > kPauseInput && !input.paused && self->client_) {
                  input.paused = true;
                  self->client_->pause();
                }
                self->wake();
              },
          .on_stdin_end =
              [self] {
                std::lock_guard l(self->mutex_);
                self->input_.end = true;
                self->wake();
              },
          .on_resize =
              [self](uint16_t width, uint16_t height) {
                std::lock_guard l(self->mutex_);
                self->input_.resized = true;
                self->input_.width = width;
                self->input_.height = height;
                self->wake();
              },
          .on_close = [self] { self->abort(); }};
}

void RemoteSession::abort() {
  std::lock_guard l(mutex_);
  input_.gone = true;
  wake();
}

runtime::TerminalSize RemoteSession::await_size() {
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kSizeMs);
  while (true) {
    {
      std::lock_guard l(mutex_);
      if (input_.resized || input_.gone) return {input_.width, input_.height};
    }
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd bell{event_fd_, POLLIN, 0};
    if (left <= 0 || ::poll(&bell, 1, static_cast<int>(left)) == 0) return {};
    uint64_t count;
    [[maybe_unused]] ssize_t r = ::read(event_fd_, &count, sizeof count);
  }
}

void RemoteSession::run(const Open& open, const std::function<Json(int)>& status, std::string_view failure,
                        bool terminal) {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);  // a process that closed its stdin is no reason to die
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  auto client = client_;
  if (!client->wait_ready(kChannelsTimeout)) return client->abort();
  auto session = open(terminal ? await_size() : runtime::TerminalSize{});
  if (!session) return client->finish(failure_status(session.error(), failure));
  std::unique_ptr<runtime::Session> process = std::move(*session);
  Result<int> exit_code = 0;
  std::thread waiter([&] {
    auto code = process->wait();
    std::lock_guard l(mutex_);
    exit_code = std::move(code);
    input_.exited = true;
    wake();
  });
  pump(*process);
  bool exited;
  {
    std::lock_guard l(mutex_);
    exited = input_.exited;
  }
  if (!exited) process->cancel();
  waiter.join();
  if (!exited) {
    client->abort();
  } else {
    client->finish(exit_code ? status(*exit_code) : failure_status(exit_code.error(), failure));
  }
  std::lock_guard l(mutex_);
  client_.reset();
}

// Returns when the process has ended and its output is through, or the client is gone.
void RemoteSession::pump(runtime::Session& session) {
  bool in_open = session.stdin_fd() >= 0, out_open = session.stdout_fd() >= 0, err_open = session.stderr_fd() >= 0;
  for (int fd : {session.stdin_fd(), session.stdout_fd(), session.stderr_fd()}) set_nonblocking(fd);
  while (true) {
    bool want_write = false, exited = false;
    {
      std::lock_guard l(mutex_);
      if (input_.gone) return;
      exited = input_.exited;
      want_write = in_open && input_.bytes > 0;
      if (std::exchange(input_.resized, false)) session.resize(input_.width, input_.height);
      if (in_open && input_.bytes == 0 && input_.end) {
        in_open = false;
        session.close_stdin();
      }
    }
    if (exited && !out_open && !err_open) return;
    pollfd polls[4] = {{event_fd_, POLLIN, 0},
                       {out_open ? session.stdout_fd() : -1, POLLIN, 0},
                       {err_open ? session.stderr_fd() : -1, POLLIN, 0},
                       {want_write ? session.stdin_fd() : -1, POLLOUT, 0}};
    int n = ::poll(polls, 4, exited ? kQuietMs : -1);
    if (n == 0 && exited) return;
    if (n < 0 && errno != EINTR) return;
    if (polls[0].revents) {
      uint64_t count;
      [[maybe_unused]] ssize_t r = ::read(event_fd_, &count, sizeof count);
    }
    if (polls[1].revents && !copy_output(session.stdout_fd(), false, out_open)) return;
    if (polls[2].revents && !copy_output(session.stderr_fd(), true, err_open)) return;
    if (polls[3].revents) write_input(session, in_open);
  }
}

// False: the client is gone.
bool RemoteSession::copy_output(int fd, bool err, bool& open) {
  char buffer[32 << 10];
  ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n > 0) {
    std::string_view bytes(buffer, static_cast<size_t>(n));
    return err ? client_->write_err(bytes) : client_->write_out(bytes);
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  open = false;  // end; EIO is how a pty ends
  return true;
}

void RemoteSession::write_input(runtime::Session& session, bool& open) {
  std::lock_guard l(mutex_);
  while (!input_.pieces.empty()) {
    std::string& piece = input_.pieces.front();
    ssize_t n = ::write(session.stdin_fd(), piece.data() + input_.offset, piece.size() - input_.offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) {  // nobody reads it: swallow what comes
      open = false;
      input_.refused = true;
      input_.pieces.clear();
      input_.bytes = input_.offset = 0;
      break;
    }
    input_.offset += static_cast<size_t>(n);
    input_.bytes -= static_cast<size_t>(n);
    if (input_.offset == piece.size()) {
      input_.pieces.pop_front();
      input_.offset = 0;
    }
  }
  if (input_.paused && input_.bytes < kResumeInput) {
    input_.paused = false;
    client_->resume();
  }
}

}  // namespace skerry::agent
