#include "agent/probes.h"

#include <set>
#include <tuple>

namespace skerry::agent {
namespace {

constexpr const char* kFields[] = {"livenessProbe", "readinessProbe", "startupProbe"};
constexpr const char* kTitles[] = {"Liveness", "Readiness", "Startup"};

const Json& probe_of(const Json& container, ProbeType type) { return json::find(container, kFields[static_cast<int>(type)]); }

}  // namespace

bool ProbeCounter::add(bool success) {
  if (run_ > 0 && last_ == success) ++run_;
  else run_ = 1;
  last_ = success;
  if (run_ < (success ? success_threshold_ : failure_threshold_)) return false;
  const bool before_good = good_, before_failed = failed_;
  good_ = success;
  failed_ = !success;
  return before_good != good_ || before_failed != failed_;
}

bool was_good(const Json& pod_status, const std::string& container, const std::string& container_id, ProbeType type) {
  if (type == ProbeType::kLiveness) return true;
  for (const char* list : {"containerStatuses", "initContainerStatuses"})
    for (auto& s : json::array_or_empty(json::find(pod_status, list)))
      if (json::str(s, "name") == container && json::str(s, "containerID").ends_with("://" + container_id))
        return json::boolean(s, type == ProbeType::kReadiness ? "ready" : "started");
  return false;
}

struct Probes::State : std::enable_shared_from_this<Probes::State> {
  using Id = std::tuple<std::string, std::string, ProbeType>;  // pod uid, container id, type
  struct Worker {
    std::string pod_uid, name, container_id, pod_ip;
    ProbeType type;
    Json probe, container;  // container: only its ports
    WallTime started_at;
    std::chrono::milliseconds period, timeout, initial_delay;
    ProbeCounter counter;
    Executor::TimerId timer = 0;
    bool running = false;
    bool suspended = false;  // its verdict stands until the container is another one
  };

  State(runtime::Runtime& r, Executor& e, TaskPool& p, const Clock& c) : runtime(r), timers(e), pool(p), clock(c) {}
  runtime::Runtime& runtime;
  Executor& timers;
  TaskPool& pool;
  const Clock& clock;
  Changed changed;
  Unhealthy unhealthy;
  mutable std::mutex mutex;  // guards all below
  bool stopped = false;
  std::map<Id, std::shared_ptr<Worker>> workers;

  void schedule(const std::shared_ptr<Worker>& w, std::chrono::milliseconds delay);
  void run(const std::shared_ptr<Worker>& w);
  bool waits_for_startup(const Worker& w) const {
    if (w.type == ProbeType::kStartup) return false;
    auto it = workers.find({w.pod_uid, w.container_id, ProbeType::kStartup});
    return it != workers.end() && !it->second->counter.good();
  }
  std::chrono::milliseconds first_delay(const Worker& w) const {
    auto due = w.started_at + w.initial_delay - clock.now();
    return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(due));
  }
};

// With `mutex` held.
void Probes::State::schedule(const std::shared_ptr<Worker>& w, std::chrono::milliseconds delay) {
  if (stopped || w->suspended) return;
  w->timer = timers.post_after(delay, [self = shared_from_this(), w] {
    self->pool.post([self, w] { self->run(w); });
  });
}

void Probes::State::run(const std::shared_ptr<Worker>& w) {
  {
    std::lock_guard l(mutex);
    if (stopped || w->suspended || w->running) return;
    w->running = true;
  }
  ProbeResult result = probe_once(runtime, w->probe, {w->container_id, w->pod_ip, w->container}, w->timeout);
  bool tell = false, complain = false;
  {
    std::lock_guard l(mutex);
    w->running = false;
    auto it = workers.find({w->pod_uid, w->container_id, w->type});
    if (stopped || it == workers.end() || it->second != w) return;
    const bool success = result.kind == ProbeResult::Kind::kSuccess;
    complain = !success && result.kind == ProbeResult::Kind::kFailure;
    if (result.kind != ProbeResult::Kind::kUnknown) tell = w->counter.add(success);
    if (w->type == ProbeType::kStartup && w->counter.good()) {
      w->suspended = true;  // and the others begin at once
      for (auto type : {ProbeType::kLiveness, ProbeType::kReadiness})
        if (auto other = workers.find({w->pod_uid, w->container_id, type}); other != workers.end())
          schedule(other->second, first_delay(*other->second));
    }
    if (w->type != ProbeType::kReadiness && w->counter.failed()) w->suspended = true;
    schedule(w, w->period);
  }
  if (complain) unhealthy(w->pod_uid, w->name, std::string(kTitles[static_cast<int>(w->type)]) + " probe failed: " + result.output);
  if (tell) changed(w->pod_uid);
}

Probes::Probes(runtime::Runtime& runtime, Executor& timers, TaskPool& pool, const Clock& clock, Changed changed, Unhealthy unhealthy)
    : state_(std::make_shared<State>(runtime, timers, pool, clock)) {
  state_->changed = std::move(changed);
  state_->unhealthy = std::move(unhealthy);
}

Probes::~Probes() {
  std::lock_guard l(state_->mutex);
  state_->stopped = true;
  for (auto& [id, w] : state_->workers) state_->timers.cancel(w->timer);
  state_->workers.clear();
}

void Probes::watch(const std::string& pod_uid, const Json& pod, const Json& status, const std::string& pod_ip, const std::vector<Running>& running, bool ending) {
  std::lock_guard l(state_->mutex);
  std::set<State::Id> wanted;
  std::vector<std::shared_ptr<State::Worker>> fresh;
  for (const char* list : {"initContainers", "containers"}) {
    for (auto& c : json::array_or_empty(json::find(pod, {"spec", list}))) {
      const std::string name = json::str(c, "name");
      for (auto& r : running) {
        if (r.name != name) continue;
        for (auto type : {ProbeType::kLiveness, ProbeType::kReadiness, ProbeType::kStartup}) {
          const Json& probe = probe_of(c, type);
          if (!probe.is_object() || (ending && type != ProbeType::kReadiness)) continue;
          State::Id id{pod_uid, r.id, type};
          wanted.insert(id);
          auto& slot = state_->workers[id];
          if (slot) {
            slot->pod_ip = slot->running ? slot->pod_ip : pod_ip;
            continue;
          }
          auto at_least = [&](const char* key, int64_t fallback) { return std::max<int64_t>(1, json::integer(probe, key, fallback)); };
          const bool good = was_good(status, name, r.id, type);
          slot = std::make_shared<State::Worker>(State::Worker{
              .pod_uid = pod_uid, .name = name, .container_id = r.id, .pod_ip = pod_ip, .type = type, .probe = probe,
              .container = Json{{"ports", json::array_or_empty(json::find(c, "ports"))}}, .started_at = r.started_at,
              .period = seconds(at_least("periodSeconds", 10)), .timeout = seconds(at_least("timeoutSeconds", 1)),
              .initial_delay = seconds(json::integer(probe, "initialDelaySeconds", 0)),
              .counter = ProbeCounter(type, static_cast<int>(at_least("successThreshold", 1)), static_cast<int>(at_least("failureThreshold", 3)), good),
              .suspended = type == ProbeType::kStartup && good});
          fresh.push_back(slot);
        }
      }
    }
  }
  for (auto it = state_->workers.begin(); it != state_->workers.end();) {
    if (std::get<0>(it->first) == pod_uid && !wanted.contains(it->first)) {
      it->second->suspended = true;
      state_->timers.cancel(it->second->timer);
      it = state_->workers.erase(it);
    } else {
      ++it;
    }
  }
  for (auto& w : fresh)
    if (!state_->waits_for_startup(*w)) state_->schedule(w, state_->first_delay(*w));
}

void Probes::forget(const std::string& pod_uid) { watch(pod_uid, Json(), Json(), "", {}, true); }

ProbeView Probes::view(const std::string& pod_uid, const Json& status, const Json& container, const std::string& container_id) const {
  ProbeView view;
  std::lock_guard l(state_->mutex);
  auto find = [&](ProbeType type) -> const State::Worker* {
    auto it = state_->workers.find({pod_uid, container_id, type});
    return it == state_->workers.end() ? nullptr : it->second.get();
  };
  if (probe_of(container, ProbeType::kStartup).is_object()) {
    auto w = find(ProbeType::kStartup);
    view.started = w ? w->counter.good() : was_good(status, json::str(container, "name"), container_id, ProbeType::kStartup);
    if (w && w->counter.failed()) view.failed = ProbeType::kStartup;
  }
  view.ready = view.started;
  if (probe_of(container, ProbeType::kReadiness).is_object()) {
    auto w = find(ProbeType::kReadiness);
    view.ready = view.started && (w ? w->counter.good() : was_good(status, json::str(container, "name"), container_id, ProbeType::kReadiness));
  }
  if (auto w = find(ProbeType::kLiveness); w && w->counter.failed()) view.failed = ProbeType::kLiveness;
  if (view.failed) {
    const Json& grace = json::find(probe_of(container, *view.failed), "terminationGracePeriodSeconds");
    if (grace.is_number_integer()) view.termination_grace_s = grace.get<int64_t>();
  }
  return view;
}

}  // namespace skerry::agent
