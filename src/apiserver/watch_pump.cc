#include "apiserver/watch_pump.h"

namespace skerry::apiserver {

api::WatchEvent error_event(const Error& error) {
  return {api::EventType::kError, api::Object::from_json(api::status_json(error))};
}

WatchPump::~WatchPump() { stop(); }

void WatchPump::start(std::unique_ptr<registry::WatchStream> stream) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    stream_ = std::move(stream);
  }
  kick();
}

void WatchPump::schedule_locked() {
  if (stopped_ || !stream_) return;
  if (running_ || scheduled_) {
    again_ = true;
    return;
  }
  scheduled_ = true;
  executor_.post([self = weak_from_this()] {
    if (auto pump = self.lock()) pump->run();
  });
}

void WatchPump::kick() {
  std::lock_guard lock(mutex_);
  schedule_locked();
}

void WatchPump::with_stream(std::function<void(registry::WatchStream&)> work) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  work_.push_back(std::move(work));
  schedule_locked();
}

void WatchPump::run() {
  {
    std::lock_guard lock(mutex_);
    scheduled_ = false;
    if (stopped_) return;
    running_ = true;
    runner_ = std::this_thread::get_id();
  }
  std::unique_ptr<registry::WatchStream> ended;
  bool over = false, more = true;
  while (true) {
    std::vector<std::function<void(registry::WatchStream&)>> work;
    {
      std::lock_guard lock(mutex_);
      // Looked at and left under one lock: a kick in between would be taken for one that this run still sees.
      if (stopped_ || over || (!more && !again_)) {
        running_ = false;
        runner_ = {};
        if (over) stopped_ = true;
        if (stopped_) ended = std::move(stream_);
        idle_.notify_all();
        return;
      }
      again_ = false;
      work.swap(work_);
    }
    auto events = stream_->next();
    if (!events) {
      end_(error_event(events.error()));
      over = true;
      continue;
    }
    more = !events->empty() && take_(*events);
    for (auto& w : work) w(*stream_);
  }
}

void WatchPump::stop() {
  std::unique_ptr<registry::WatchStream> ended;  // destroyed without the lock, which wake-ups take
  std::unique_lock lock(mutex_);
  stopped_ = true;
  if (running_ && runner_ == std::this_thread::get_id()) return;  // run() cleans up
  idle_.wait(lock, [this] { return !running_; });
  ended = std::move(stream_);
  lock.unlock();
}

}  // namespace skerry::apiserver
