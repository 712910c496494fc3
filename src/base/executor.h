// Executor: a shared pool of threads and one timer, on which reconciles and other short work run.
//
// Work given to it must not sleep or wait for other work of the same pool; it asks for a delay instead.
// At most `max_threads` run at once; threads are started as they are needed and kept. The queue is bounded by
// what its users enqueue (work queues hold each key once), so it has no limit of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace skerry {

class Executor {
 public:
  Executor(size_t max_threads, const Clock& clock);
  ~Executor();  // stop()

  // Any thread. Runs soon, or is dropped after stop().
  void post(std::function<void()> work);

  using TimerId = uint64_t;
  TimerId post_after(std::chrono::nanoseconds delay, std::function<void()> work);
  // False if it has been started or cancelled already.
  bool cancel(TimerId id);

  // Finishes running work, drops the rest, joins. Idempotent.
  void stop();

  const Clock& clock() const { return clock_; }

 private:
  void run_worker();
  void run_timer();

  const Clock& clock_;
  const size_t max_threads_;
  std::mutex mutex_;  // guards all below
  std::condition_variable work_ready_;
  std::condition_variable timer_changed_;
  std::deque<std::function<void()>> queue_;
  std::map<std::pair<MonoTime, TimerId>, std::function<void()>> timers_;
  std::map<TimerId, MonoTime> timer_due_;
  TimerId next_timer_ = 1;
  size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
  std::thread timer_thread_;
};

}  // namespace skerry
