#include "base/executor.h"

#include <exception>

#include "base/log.h"

namespace skerry {

Executor::Executor(size_t max_threads, const Clock& clock) : clock_(clock), max_threads_(max_threads) {}

Executor::~Executor() { stop(); }

void Executor::post(std::function<void()> work) {
  std::lock_guard l(mutex_);
  if (stopping_) return;
  queue_.push_back(std::move(work));
  if (idle_ >= queue_.size()) {
    work_ready_.notify_one();
  } else if (threads_.size() < max_threads_) {
    threads_.emplace_back([this] { run_worker(); });
  }
}

Executor::TimerId Executor::post_after(std::chrono::nanoseconds delay, std::function<void()> work) {
  std::lock_guard l(mutex_);
  if (stopping_) return 0;
  TimerId id = next_timer_++;
  MonoTime due = clock_.mono() + delay;
  timers_.emplace(std::pair{due, id}, std::move(work));
  timer_due_[id] = due;
  if (!timer_thread_.joinable()) timer_thread_ = std::thread([this] { run_timer(); });
  if (timers_.begin()->first.second == id) timer_changed_.notify_one();
  return id;
}

bool Executor::cancel(TimerId id) {
  std::lock_guard l(mutex_);
  auto it = timer_due_.find(id);
  if (it == timer_due_.end()) return false;
  timers_.erase({it->second, id});
  timer_due_.erase(it);
  return true;
}

void Executor::stop() {
  std::vector<std::thread> threads;
  std::thread timer;
  std::deque<std::function<void()>> dropped;
  std::map<std::pair<MonoTime, TimerId>, std::function<void()>> dropped_timers;
  {
    std::lock_guard l(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
    dropped_timers.swap(timers_);
    timer_due_.clear();
    threads.swap(threads_);
    timer.swap(timer_thread_);
    work_ready_.notify_all();
    timer_changed_.notify_all();
  }
  for (auto& t : threads) t.join();
  if (timer.joinable()) timer.join();
}

void Executor::run_worker() {
  std::unique_lock l(mutex_);
  for (;;) {
    while (queue_.empty() && !stopping_) {
      ++idle_;
      work_ready_.wait(l);
      --idle_;
    }
    if (stopping_) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    l.unlock();
    try {
      work();
    } catch (const std::exception& e) {
      LOG_ERROR("executor", "work ended with an exception: " << e.what());
    }
    work = nullptr;
    l.lock();
  }
}

void Executor::run_timer() {
  std::unique_lock l(mutex_);
  while (!stopping_) {
    if (timers_.empty()) {
      timer_changed_.wait(l);
      continue;
    }
    MonoTime due = timers_.begin()->first.first;
    if (clock_.mono() < due) {
      timer_changed_.wait_until(l, due);
      continue;
    }
    auto node = timers_.extract(timers_.begin());
    timer_due_.erase(node.key().second);
    l.unlock();
    post(std::move(node.mapped()));
    l.lock();
  }
}

}  // namespace skerry
