// Probes: when to probe what, and what came of it.
//
// One timer per probe that is due some time, none for what has no probe; a try runs on the pool. Results that change what
// a pod's worker should do are told through `changed`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/prober.h"
#include "agent/task_pool.h"
#include "base/executor.h"
#include "json/json.h"

namespace skerry::agent {

enum class ProbeType { kLiveness, kReadiness, kStartup };

// Consecutive results against thresholds. Pure.
class ProbeCounter {
 public:
  // `was_good`: the verdict before the agent started anew.
  ProbeCounter(ProbeType type, int success_threshold, int failure_threshold, bool was_good = false)
      : success_threshold_(success_threshold), failure_threshold_(failure_threshold), good_(was_good || type == ProbeType::kLiveness) {}
  // True if the verdict has changed.
  bool add(bool success);
  bool good() const { return good_; }        // readiness: ready; startup: started; liveness: alive
  bool failed() const { return failed_; }    // the failure threshold was reached

 private:
  int success_threshold_, failure_threshold_;
  bool good_;
  bool failed_ = false;
  bool last_ = false;
  int run_ = 0;
};

// What the pod's status last said of just this container, readiness or startup: an agent that starts anew goes on with it, so
// that no pod loses its place in Services for the moment until it has been probed again.
bool was_good(const Json& pod_status, const std::string& container, const std::string& container_id, ProbeType type);

// What the probes say of a running container.
struct ProbeView {
  bool started = true;
  bool ready = true;
  std::optional<ProbeType> failed;                 // liveness or startup: to be restarted
  std::optional<int64_t> termination_grace_s;      // of the probe that failed
};

class Probes {
 public:
  struct Running {
    std::string name, id;
    WallTime started_at;
  };
  using Changed = std::function<void(const std::string& pod_uid)>;
  using Unhealthy = std::function<void(const std::string& pod_uid, const std::string& container, const std::string& message)>;

  Probes(runtime::Runtime& runtime, Executor& timers, TaskPool& pool, const Clock& clock, Changed changed, Unhealthy unhealthy);
  ~Probes();

  // These containers of the pod run now: probes of others end, those of new ones begin. `suspended`: the pod ends; only
  // readiness goes on. `status`: what was last said of the pod.
  void watch(const std::string& pod_uid, const Json& pod, const Json& status, const std::string& pod_ip, const std::vector<Running>& running, bool ending);
  void forget(const std::string& pod_uid);
  ProbeView view(const std::string& pod_uid, const Json& status, const Json& container, const std::string& container_id) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace skerry::agent
