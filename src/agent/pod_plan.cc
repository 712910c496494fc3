#include "agent/pod_plan.h"

#include <algorithm>

#include "agent/backoff.h"

namespace skerry::agent {
namespace {

using runtime::ContainerInfo;
using runtime::ContainerState;
using Kind = ContainerModel::Kind;

RestartPolicy parse_policy(const std::string& text, RestartPolicy fallback) {
  if (text == "Always") return RestartPolicy::kAlways;
  if (text == "OnFailure") return RestartPolicy::kOnFailure;
  if (text == "Never") return RestartPolicy::kNever;
  return fallback;
}

bool running(const ContainerInfo* c) { return c && c->state == ContainerState::kRunning; }

class Planner {
 public:
  Planner(const PodModel& pod, const Observed& seen, const std::map<std::string, std::chrono::milliseconds>& delays, WallTime now)
      : pod_(pod), seen_(seen), delays_(delays), now_(now) {}

  Plan run(bool ending) {
    const bool done = all_done(pod_, seen_);
    plan_.init_failed = init_failed();
    if (ending || done || plan_.init_failed) {
      end();
      return plan_;
    }
    if (!seen_.sandbox_ready()) {
      renew_sandbox();
      return plan_;
    }
    kill_unhealthy();
    ephemeral_containers();
    if (!seen_.hook_running.empty()) return plan_;  // started one after the other
    if (init_containers()) app_containers();
    return plan_;
  }

 private:
  // The newest container of a name, if it belongs to the sandbox of now.
  const ContainerInfo* current(const std::string& name) const {
    auto c = seen_.newest(name);
    return c && seen_.sandbox && c->sandbox_id == seen_.sandbox->id ? c : nullptr;
  }

  bool init_failed() const {
    if (any_app_current()) return false;
    for (auto& c : pod_.inits) {
      if (c.kind != Kind::kInit || c.policy != RestartPolicy::kNever) continue;
      auto now = current(c.name);
      if (now && now->state == ContainerState::kExited && now->exit_code != 0) return true;
    }
    return false;
  }

  bool any_app_current() const {
    return std::any_of(pod_.apps.begin(), pod_.apps.end(), [&](auto& c) { return current(c.name) != nullptr; });
  }

  void kill(const ContainerInfo& c, std::string message, std::optional<int64_t> grace = {}) {
    plan_.kill.push_back({c.id, c.config.name, std::move(message), grace});
  }

  void end() {
    plan_.ending = true;
    bool busy = false;
    auto is_sidecar = [&](const ContainerInfo& c) {
      auto m = pod_.find(c.config.name);
      return m && m->kind == Kind::kSidecar;
    };
    for (auto& c : seen_.containers) {
      if (c.state != ContainerState::kRunning || is_sidecar(c)) continue;
      kill(c, "Stopping container " + c.config.name);
      busy = true;
    }
    if (busy) return;
    for (auto it = pod_.inits.rbegin(); it != pod_.inits.rend(); ++it) {
      for (auto& c : seen_.containers) {
        if (c.state != ContainerState::kRunning || c.config.name != it->name) continue;
        kill(c, "Stopping container " + c.config.name);
        busy = true;
      }
      if (busy) return;
    }
    plan_.stop_sandbox = true;
  }

  void renew_sandbox() {
    // What may be left of the old sandbox ends first.
    for (auto& c : seen_.containers)
      if (c.state == ContainerState::kRunning) kill(c, "Stopping container " + c.config.name, 2);
    if (!plan_.kill.empty()) return;
    plan_.new_sandbox = true;
    plan_.sandbox_attempt = seen_.sandbox ? seen_.sandbox->config.attempt + 1 : 0;
  }

  void kill_unhealthy() {
    for (auto& c : seen_.containers) {
      if (c.state != ContainerState::kRunning) continue;
      if (seen_.hook_failed.contains(c.id)) {
        kill(c, "FailedPostStartHook");
        continue;
      }
      auto probe = seen_.probes.find(c.id);
      if (probe == seen_.probes.end() || !probe->second.failed) continue;
      const char* which = *probe->second.failed == ProbeType::kLiveness ? "liveness" : "startup";
      kill(c, "Container " + c.config.name + " failed " + which + " probe, will be restarted", probe->second.termination_grace_s);
    }
  }

  // Starts the container, or says how long it must wait.
  void start(const ContainerModel& c, const ContainerInfo* last) {
    if (last && last->state == ContainerState::kExited) {
      auto it = delays_.find(c.name);
      auto delay = it == delays_.end() ? std::chrono::milliseconds(0) : it->second;
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(last->finished_at + delay - now_);
      if (left.count() > 0 && left <= delay) {
        plan_.waiting[c.name] = {"CrashLoopBackOff", "back-off " + go_duration(delay) + " restarting failed container=" + c.name +
                                                         " pod=" + pod_.full_name()};
        wake(left + std::chrono::milliseconds(5));
        return;
      }
    }
    plan_.start.push_back(c.name);
  }

  void wake(std::chrono::milliseconds after) {
    if (!plan_.wake_after || after < *plan_.wake_after) plan_.wake_after = after;
  }

  // True if the ordinary containers may run.
  bool init_containers() {
    const bool past = any_app_current();
    for (auto& c : pod_.inits) {
      auto last = seen_.newest(c.name);
      auto now = current(c.name);
      if (c.kind == Kind::kSidecar) {
        if (running(now)) {
          auto probe = seen_.probes.find(now->id);
          if (!past && probe != seen_.probes.end() && !probe->second.started) return false;
          continue;
        }
        start(c, last);
        if (!past) return false;
        continue;
      }
      if (past) continue;
      if (running(now)) return false;
      if (now && now->state == ContainerState::kExited && now->exit_code == 0) continue;
      start(c, now);
      return false;
    }
    return true;
  }

  // Once, and never again: whatever became of the first.
  void ephemeral_containers() {
    for (auto& c : pod_.ephemerals)
      if (!seen_.newest(c.name)) plan_.start.push_back(c.name);
  }

  void app_containers() {
    for (auto& c : pod_.apps) {
      auto last = seen_.newest(c.name);
      if (running(last)) continue;
      if (!last || wants_restart(c.policy, *last)) start(c, last);
    }
  }

  const PodModel& pod_;
  const Observed& seen_;
  const std::map<std::string, std::chrono::milliseconds>& delays_;
  const WallTime now_;
  Plan plan_;
};

}  // namespace

const ContainerModel* PodModel::find(const std::string& container) const {
  for (auto* list : {&inits, &apps, &ephemerals})
    for (auto& c : *list)
      if (c.name == container) return &c;
  return nullptr;
}

PodModel model_of(const Json& pod) {
  PodModel m;
  m.uid = json::str(pod, {"metadata", "uid"});
  m.ns = json::str(pod, {"metadata", "namespace"});
  m.name = json::str(pod, {"metadata", "name"});
  m.policy = parse_policy(json::str(pod, {"spec", "restartPolicy"}), RestartPolicy::kAlways);
  for (auto& c : json::array_or_empty(json::find(pod, {"spec", "initContainers"}))) {
    const std::string own = json::str(c, "restartPolicy");
    ContainerModel model{Kind::kInit, json::str(c, "name"), RestartPolicy::kOnFailure};
    if (own == "Always") model.kind = Kind::kSidecar, model.policy = RestartPolicy::kAlways;
    else if (parse_policy(own, m.policy) == RestartPolicy::kNever) model.policy = RestartPolicy::kNever;
    m.inits.push_back(std::move(model));
  }
  for (auto& c : json::array_or_empty(json::find(pod, {"spec", "containers"})))
    m.apps.push_back({Kind::kApp, json::str(c, "name"), parse_policy(json::str(c, "restartPolicy"), m.policy)});
  for (auto& c : json::array_or_empty(json::find(pod, {"spec", "ephemeralContainers"})))
    m.ephemerals.push_back({Kind::kEphemeral, json::str(c, "name"), RestartPolicy::kNever});
  return m;
}

const ContainerInfo* Observed::newest(const std::string& name) const {
  const ContainerInfo* found = nullptr;
  for (auto& c : containers) {
    if (c.config.name != name || c.state == ContainerState::kCreated) continue;
    if (!found || std::pair(c.config.attempt, c.created_at) > std::pair(found->config.attempt, found->created_at)) found = &c;
  }
  return found;
}

const ContainerInfo* Observed::previous(const std::string& name) const {
  const ContainerInfo *last = newest(name), *found = nullptr;
  for (auto& c : containers) {
    if (c.config.name != name || &c == last || c.state != ContainerState::kExited) continue;
    if (!found || std::pair(c.config.attempt, c.created_at) > std::pair(found->config.attempt, found->created_at)) found = &c;
  }
  return found;
}

bool Observed::any_running() const {
  return std::any_of(containers.begin(), containers.end(), [](auto& c) { return c.state == ContainerState::kRunning; });
}

Plan make_plan(const PodModel& pod, const Observed& seen, const std::map<std::string, std::chrono::milliseconds>& restart_delay,
               WallTime now, bool ending) {
  return Planner(pod, seen, restart_delay, now).run(ending);
}

bool wants_restart(RestartPolicy policy, const ContainerInfo& exited) {
  return policy == RestartPolicy::kAlways || (policy == RestartPolicy::kOnFailure && exited.exit_code != 0);
}

bool all_done(const PodModel& pod, const Observed& seen) {
  return !pod.apps.empty() && std::all_of(pod.apps.begin(), pod.apps.end(), [&](auto& c) {
    auto last = seen.newest(c.name);
    return last && last->state == ContainerState::kExited && !wants_restart(c.policy, *last);
  });
}

bool initialized(const PodModel& pod, const Observed& seen) {
  auto current = [&](const std::string& name) -> const ContainerInfo* {
    auto c = seen.newest(name);
    return c && seen.sandbox && c->sandbox_id == seen.sandbox->id ? c : nullptr;
  };
  for (auto& c : pod.apps)
    if (current(c.name)) return true;
  for (auto& c : pod.inits) {
    auto now = current(c.name);
    if (!now) return false;
    if (c.kind == Kind::kInit) {
      if (now->state != ContainerState::kExited || now->exit_code != 0) return false;
    } else {
      auto probe = seen.probes.find(now->id);
      if (now->state != ContainerState::kRunning || (probe != seen.probes.end() && !probe->second.started)) return false;
    }
  }
  return true;
}

}  // namespace skerry::agent
