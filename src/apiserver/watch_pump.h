// WatchPump: carries a watch' events from the hub to whoever takes them, without a thread of its own.
//
// The hub's wake-up posts one job to the executor, which takes what there is and hands it over. Never two jobs at once.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

#include "api/request.h"
#include "base/executor.h"
#include "registry/watch_hub.h"

namespace skerry::apiserver {

class WatchPump : public std::enable_shared_from_this<WatchPump> {
 public:
  // Takes events; false: no more for now, kick() will be called when there is room again.
  using Take = std::function<bool(std::span<const api::WatchEvent>)>;
  // Called once, when the stream is over by an error; an ERROR event.
  using End = std::function<void(const api::WatchEvent&)>;

  WatchPump(Executor& executor, Take take, End end) : executor_(executor), take_(std::move(take)), end_(std::move(end)) {}
  ~WatchPump();

  // Once.
  void start(std::unique_ptr<registry::WatchStream> stream);
  // There may be events, or room. Any thread; does not block.
  void kick();
  // Runs f(stream) with no take running; soon, on the executor. Dropped after stop().
  void with_stream(std::function<void(registry::WatchStream&)> work);
  // When it returns nothing runs and nothing will (called from inside take or end: nothing further will).
  void stop();

 private:
  void run();
  void schedule_locked();

  Executor& executor_;
  const Take take_;
  const End end_;
  std::mutex mutex_;  // guards all below; stream_ is used by the running job alone
  std::condition_variable idle_;
  std::unique_ptr<registry::WatchStream> stream_;
  std::vector<std::function<void(registry::WatchStream&)>> work_;
  bool scheduled_ = false, running_ = false, again_ = false, stopped_ = false;
  std::thread::id runner_;
};

api::WatchEvent error_event(const Error& error);

}  // namespace skerry::apiserver
