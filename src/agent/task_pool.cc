#include "agent/task_pool.h"

#include <chrono>
#include <exception>

#include "base/log.h"

namespace skerry::agent {
namespace {
constexpr auto kIdleTime = std::chrono::seconds(5);
}  // namespace

void TaskPool::post(std::function<void()> task) {
  std::list<std::thread> ended;
  {
    std::lock_guard l(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(task));
    if (idle_ >= queue_.size()) {
      changed_.notify_one();
    } else if (threads_.size() < max_threads_) {
      auto self = threads_.emplace(threads_.end());
      *self = std::thread([this, self] { run(self); });
    }
    ended.swap(ended_);
  }
  for (auto& t : ended) t.join();
}

void TaskPool::run(std::list<std::thread>::iterator self) {
  std::unique_lock l(mutex_);
  for (;;) {
    if (queue_.empty() && !stopping_) {
      ++idle_;
      changed_.wait_for(l, kIdleTime, [&] { return stopping_ || !queue_.empty(); });
      --idle_;
    }
    if (stopping_ || queue_.empty()) break;
    auto task = std::move(queue_.front());
    queue_.pop_front();
    l.unlock();
    try {
      task();
    } catch (const std::exception& e) {
      LOG_ERROR(name_, "a task ended with an exception: " << e.what());
    }
    task = nullptr;
    l.lock();
  }
  if (!stopping_) ended_.splice(ended_.end(), threads_, self);
}

void TaskPool::stop() {
  std::list<std::thread> threads;
  std::deque<std::function<void()>> dropped;
  {
    std::lock_guard l(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
    threads.splice(threads.end(), threads_);
    threads.splice(threads.end(), ended_);
    changed_.notify_all();
  }
  for (auto& t : threads) t.join();
}

}  // namespace skerry::agent
