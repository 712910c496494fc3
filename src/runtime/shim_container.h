// A container as its shim sees it: descriptors, log file, those attached to it, how it ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "os/fd.h"
#include "runtime/cri_log.h"

namespace skerry::runtime {

// What an epoll event is delivered to.
class EventTarget {
 public:
  virtual ~EventTarget() = default;
  virtual void on_event(uint32_t events) = 0;
};

// The shim's epoll instance. Level-triggered.
class Poller {
 public:
  explicit Poller(int epoll) : epoll_(epoll) {}
  void add(int fd, uint32_t events, EventTarget* target);
  void remove(int fd);
  int get() const { return epoll_; }

 private:
  int epoll_;
};

struct Stream;
struct Tap;

class ShimContainer {
 public:
  ShimContainer(Poller& poller, std::string id);
  ~ShimContainer();

  std::string id, bundle, state_dir, log_path, oom_file;
  std::vector<std::string> procs_files;
  bool mount_fix = false;
  bool tty = false, stdin_open = false, stdin_once = false;
  pid_t pid = 0;
  enum class State { kCreated, kRunning, kExited } state = State::kCreated;
  int64_t started_ns = 0, finished_ns = 0;
  int exit_code = 0;
  bool oom = false;

  os::Fd stdin_fd;  // write end
  os::Fd master;    // of the pty

  bool open_log();
  // Takes the read ends; from now on what arrives is logged.
  void watch_output(int out, int err);
  void watch_master();
  // `out` and `err` (-1: not wanted) get a copy of what comes; `owner` identifies them for detach().
  void attach(const void* owner, int out, int err);
  void detach(const void* owner);
  // The process has ended: takes what is left in the pipes, writes the exit file.
  void finished(int code);
  std::vector<std::string> describe() const;

 private:
  friend struct Stream;
  friend struct Tap;
  void close_stream(Stream& stream);

  Poller& poller_;
  os::Fd log_;
  std::unique_ptr<Stream> out_, err_;
  std::vector<std::unique_ptr<Tap>> taps_;
  std::vector<std::unique_ptr<Tap>> dead_taps_;  // until the next event: one may be on the stack
};

int64_t wall_clock_ns();

}  // namespace skerry::runtime
