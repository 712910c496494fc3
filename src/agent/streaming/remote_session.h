// RemoteSession: pumps between a RemoteClient and a process in a container, on the calling thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "agent/streaming/remote_client.h"
#include "runtime/runtime.h"

namespace skerry::agent {

class RemoteSession : public std::enable_shared_from_this<RemoteSession> {
 public:
  RemoteSession();
  ~RemoteSession();

  // For RemoteClient::accept(). Keeps this alive until the client is gone.
  RemoteClient::Callbacks callbacks();
  void set_client(std::shared_ptr<RemoteClient> client) { client_ = std::move(client); }

  // Waits for the client's channels, opens the process, runs until it has ended and its output is delivered, or the
  // client has gone; tells the client the outcome. `status` makes the Status of an exit code. With `terminal` it waits
  // a moment for the first size, so that a program which asks at once is told the right one.
  using Open = std::function<Result<std::unique_ptr<runtime::Session>>(runtime::TerminalSize)>;
  void run(const Open& open, const std::function<Json(int exit_code)>& status, std::string_view failure,
           bool terminal = false);
  // Any thread: ends run() soon; the process is left alone.
  void abort();

 private:
  struct Input {
    std::deque<std::string> pieces;
    size_t bytes = 0, offset = 0;
    bool end = false, gone = false, paused = false;
    bool refused = false;  // the process has closed its stdin: what comes is dropped
    bool resized = false;
    uint16_t width = 0, height = 0;
    bool exited = false;
  };
  void wake();
  runtime::TerminalSize await_size();
  void pump(runtime::Session& session);
  bool copy_output(int fd, bool err, bool& open);
  void write_input(runtime::Session& session, bool& open);

  int event_fd_ = -1;
  std::shared_ptr<RemoteClient> client_;
  std::mutex mutex_;  // guards input_
  Input input_;
};

}  // namespace skerry::agent
