// EventLoop: one thread around epoll. Everything that owns a socket here is an EventSource of one loop, and only the
// loop's thread touches the socket. Other threads queue what they want and wake the source.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace skerry::http {

class EventSource {
 public:
  virtual ~EventSource() = default;
  // All on the loop's thread.
  virtual void on_ready(uint32_t epoll_events) = 0;
  virtual void on_wake() = 0;      // after wake()
  virtual void on_deadline() {}    // its deadline has passed; checked about once a second
  virtual void on_stop() = 0;      // the loop ends: close

 private:
  friend class EventLoop;
  std::atomic<bool> wake_pending_{false};
  MonoTime deadline_ = MonoTime::max();
};

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();  // stop()
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Status start();
  // Calls on_stop() of every source, then ends the thread. Idempotent; not from the loop's thread.
  void stop();

  // Any thread. After stop() work runs at once on the caller's thread, and wakes do nothing.
  void post(std::function<void()> work);
  void wake(std::shared_ptr<EventSource> source);
  bool in_loop() const { return std::this_thread::get_id() == thread_id_.load(std::memory_order_relaxed); }

  // The loop's thread only (or before start()). A registered source is kept alive by the loop.
  void add(int fd, uint32_t events, std::shared_ptr<EventSource> source);
  void modify(int fd, uint32_t events);
  void remove(int fd);
  void set_deadline(EventSource& source, MonoTime deadline);  // MonoTime::max(): none
  MonoTime now() const { return now_; }                       // as of this round

  // A buffer for whoever runs on the loop right now.
  static constexpr size_t kScratchBytes = 64 << 10;
  char* scratch() { return scratch_.get(); }

 private:
  struct Slot {
    std::shared_ptr<EventSource> source;
    uint32_t generation = 0;  // tells events of an earlier owner of the same descriptor
  };
  void run();
  void run_posted();
  void check_deadlines();
  void signal();

  int epoll_fd_ = -1, event_fd_ = -1;
  std::unique_ptr<char[]> scratch_;
  std::vector<Slot> slots_;  // by descriptor
  MonoTime now_;
  MonoTime next_deadline_ = MonoTime::max();

  std::mutex mutex_;  // guards the four below
  std::vector<std::function<void()>> posted_;
  std::vector<std::shared_ptr<EventSource>> woken_;
  bool signalled_ = false;
  enum class State { kNew, kRunning, kStopping, kStopped } state_ = State::kNew;

  std::atomic<std::thread::id> thread_id_{};
  std::thread thread_;
};

}  // namespace skerry::http
