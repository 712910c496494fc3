#include "client/controller.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <unordered_map>

#include "base/log.h"
#include "client/work_queue.h"

namespace skerry::client {
namespace {

constexpr milliseconds kFirstRetry{5};
constexpr milliseconds kLongestRetry{1'000'000};
constexpr milliseconds kReadyPoll{10};
constexpr milliseconds kReadyPollLongest{250};

milliseconds retry_delay(int failures) {
  int doublings = std::min(failures - 1, 20);
  return std::min(kFirstRetry * (int64_t{1} << doublings), kLongestRetry);
}

// What a reconciler meets every day when it acted on what was true a moment ago.
bool is_everyday(const Error& e) {
  return e.is(Reason::kConflict) || e.is(Reason::kAlreadyExists) || e.is(Reason::kNotFound) ||
         e.is(Reason::kTooManyRequests);
}

bool is_power_of_two(int n) { return (n & (n - 1)) == 0; }

}  // namespace

struct Controller::State : std::enable_shared_from_this<Controller::State> {
  State(std::string n, Reconciler& r, Executor& e, size_t p)
      : name(std::move(n)), reconciler(r), executor(e), parallelism(p) {}

  const std::string name;
  Reconciler& reconciler;
  Executor& executor;
  const size_t parallelism;

  struct Timer {
    MonoTime due;
    Executor::TimerId id;
  };

  std::mutex mutex;  // guards all below
  std::condition_variable idle;
  bool starting = false, running = false, stopped = false;
  WorkQueue queue;
  size_t workers = 0;  // posted or running turns
  std::unordered_map<Key, int> failures;
  std::unordered_map<Key, Timer> timers;  // at most one per key: the earliest
  Stats stats;

  // All with `mutex` held.
  void add(const Key& key) {
    if (stopped) return;
    queue.add(key);
    spawn();
  }
  void spawn() {
    while (running && workers < parallelism && workers < queue.size() + queue.processing() && !queue.empty()) {
      ++workers;
      executor.post([self = shared_from_this()] { self->turn(); });
    }
  }
  void add_after(const Key& key, milliseconds delay) {
    if (stopped) return;
    if (delay.count() <= 0) return add(key);
    MonoTime due = executor.clock().mono() + delay;
    if (auto it = timers.find(key); it != timers.end()) {
      if (it->second.due <= due) return;
      executor.cancel(it->second.id);
      timers.erase(it);
    }
    auto id = executor.post_after(delay, [self = shared_from_this(), key, due] {
      std::lock_guard l(self->mutex);
      auto it = self->timers.find(key);
      if (it == self->timers.end() || it->second.due != due) return;
      self->timers.erase(it);
      self->add(key);
    });
    timers[key] = {due, id};
  }

  void wait_ready(std::function<bool()> ready, milliseconds poll);
  void turn();
};

// One key; then makes room for others of the pool.
void Controller::State::turn() {
  std::unique_lock l(mutex);
  std::optional<Key> key;
  if (!stopped) key = queue.take();
  if (key) {
    ++stats.runs;
    l.unlock();
    Result<Outcome> result = Outcome{};
    try {
      result = reconciler.reconcile(*key);
    } catch (const std::exception& e) {
      result = internal_error(std::string("exception: ") + e.what());
    }
    l.lock();
    if (result) {
      failures.erase(*key);
      if (result->requeue_after.count() > 0) add_after(*key, result->requeue_after);
    } else {
      ++stats.errors;
      int count = ++failures[*key];
      const Error& e = result.error();
      if (!is_everyday(e) && is_power_of_two(count) && !stopped)
        LOG_WARN(name, *key << ": " << e.message << (count > 1 ? " (failure " + std::to_string(count) + ")" : ""));
      milliseconds delay = retry_delay(count);
      if (e.retry_after_s > 0) delay = std::max<milliseconds>(delay, seconds(e.retry_after_s));
      add_after(*key, delay);
    }
    queue.done(*key);
  }
  --workers;
  if (!stopped) spawn();
  if (stopped) idle.notify_all();
}

void Controller::State::wait_ready(std::function<bool()> ready, milliseconds poll) {
  std::lock_guard l(mutex);  // also while `ready` runs: what it looks at may be gone after stop()
  if (stopped) return;
  if (!ready || ready()) {
    running = true;
    spawn();
    return;
  }
  executor.post_after(poll, [self = shared_from_this(), ready = std::move(ready), poll] {
    // Soon at first; a server that stays away must not keep the machine awake.
    self->wait_ready(ready, std::min(kReadyPollLongest, poll + poll / 8 + milliseconds(poll > kReadyPoll ? 1 : 0)));
  });
}

Controller::Controller(std::string name, Reconciler& reconciler, Executor& executor, size_t parallelism)
    : state_(std::make_shared<State>(std::move(name), reconciler, executor, parallelism)) {}

Controller::~Controller() { stop(); }

void Controller::enqueue(const Key& key) {
  std::lock_guard l(state_->mutex);
  state_->add(key);
}

void Controller::enqueue_after(const Key& key, milliseconds delay) {
  std::lock_guard l(state_->mutex);
  state_->add_after(key, delay);
}

void Controller::start(std::function<bool()> ready) {
  {
    std::lock_guard l(state_->mutex);
    if (state_->starting || state_->stopped) return;
    state_->starting = true;
  }
  auto state = state_;
  state_->executor.post([state, ready = std::move(ready)] { state->wait_ready(ready, kReadyPoll); });
}

void Controller::stop() {
  std::unique_lock l(state_->mutex);
  state_->stopped = true;
  for (auto& [key, timer] : state_->timers) state_->executor.cancel(timer.id);
  state_->timers.clear();
  // Turns that were posted but dropped by a stopped executor never come: only running ones are waited for.
  state_->idle.wait(l, [&] { return state_->queue.processing() == 0; });
}

Controller::Stats Controller::stats() const {
  std::lock_guard l(state_->mutex);
  Stats s = state_->stats;
  s.queued = state_->queue.size();
  return s;
}

}  // namespace skerry::client
