#include "client/events.h"

#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/log.h"
#include "client/event_correlator.h"

namespace skerry::client {
namespace {

constexpr size_t kMostWaiting = 1000;

}  // namespace

ObjectReference reference_to(const api::Gvr& gvr, std::string_view kind, const api::Object& object) {
  ObjectReference r;
  r.api_version = gvr.api_version();
  r.kind = kind;
  r.ns = object.meta().ns;
  r.name = object.meta().name;
  r.uid = object.meta().uid;
  if (object.meta().revision > 0) r.resource_version = std::to_string(object.meta().revision);
  return r;
}

struct EventRecorder::State : std::enable_shared_from_this<EventRecorder::State> {
  State(Client& c, Executor& e, std::string component, std::string host)
      : client(c), executor(e), correlator(std::move(component), std::move(host)) {}

  Client& client;
  Executor& executor;

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  EventCorrelator correlator;
  std::deque<EventCorrelator::Write> waiting;
  uint64_t dropped = 0;
  bool posted = false;   // a turn is posted or runs
  bool writing = false;  // ... and is inside the client
  bool stopped = false;

  void turn();
  void write(const EventCorrelator::Write& w);
};

// One event, then makes room for others of the pool.
void EventRecorder::State::turn() {
  std::unique_lock l(mutex);
  if (!stopped && !waiting.empty()) {
    EventCorrelator::Write w = std::move(waiting.front());
    waiting.pop_front();
    writing = true;
    l.unlock();
    write(w);
    l.lock();
    writing = false;
  }
  if (!stopped && !waiting.empty()) executor.post([self = shared_from_this()] { self->turn(); });
  else posted = false;
  changed.notify_all();
}

void EventRecorder::State::write(const EventCorrelator::Write& w) {
  if (w.repeat) {
    Json patch = {{"count", w.event["count"]},
                  {"message", w.event["message"]},
                  {"lastTimestamp", w.event["lastTimestamp"]}};
    auto patched = client.patch(api::kEvents, w.ns, w.name, api::PatchType::kMerge, std::move(patch));
    if (patched) return;
    if (!patched.error().is(Reason::kNotFound)) {
      LOG_DEBUG("events", "event " << w.ns << "/" << w.name << " was not updated: " << patched.error().message);
      return;
    }
  }
  auto created = client.create(api::kEvents, w.ns, w.event);
  // A namespace that is going away takes no more events; nothing to say about that.
  if (!created) LOG_DEBUG("events", "event " << w.ns << "/" << w.name << " was not written: " << created.error().message);
}

EventRecorder::EventRecorder(Client& client, Executor& executor, std::string component, std::string host)
    : state_(std::make_shared<State>(client, executor, std::move(component), std::move(host))) {}

EventRecorder::~EventRecorder() {
  std::unique_lock l(state_->mutex);
  state_->stopped = true;
  state_->changed.wait(l, [&] { return !state_->writing; });
}

void EventRecorder::record(const ObjectReference& about, std::string_view type, std::string_view reason,
                           std::string_view message) {
  std::lock_guard l(state_->mutex);
  if (state_->stopped) return;
  if (state_->waiting.size() >= kMostWaiting) {
    ++state_->dropped;
    return;
  }
  auto write = state_->correlator.decide(about, type, reason, message, state_->executor.clock().now());
  if (!write) return;
  // A repeat of what still waits replaces it; so a flood becomes one write.
  for (auto& w : state_->waiting)
    if (w.name == write->name && w.ns == write->ns) {
      write->repeat = w.repeat;
      w = std::move(*write);
      return;
    }
  state_->waiting.push_back(std::move(*write));
  if (state_->posted) return;
  state_->posted = true;
  state_->executor.post([state = state_] { state->turn(); });
}

void EventRecorder::flush() {
  std::unique_lock l(state_->mutex);
  // Bounded: a stopped executor never writes the rest.
  state_->changed.wait_for(l, seconds(10), [&] {
    return state_->stopped || (state_->waiting.empty() && !state_->writing);
  });
}

}  // namespace skerry::client
