// TaskPool: threads for work that blocks for long (pulls, hooks, probes). Threads start on demand and end when idle, so that
// an idle agent has none.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace skerry::agent {

class TaskPool {
 public:
  TaskPool(std::string name, size_t max_threads) : name_(std::move(name)), max_threads_(max_threads) {}
  ~TaskPool() { stop(); }

  // Any thread. Runs soon, when one of the threads is free; dropped after stop().
  void post(std::function<void()> task);
  // Drops what waits, waits for what runs. Idempotent.
  void stop();

 private:
  void run(std::list<std::thread>::iterator self);

  const std::string name_;
  const size_t max_threads_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::list<std::thread> threads_, ended_;  // ended_: to be joined
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace skerry::agent
