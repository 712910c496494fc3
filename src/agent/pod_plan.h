// Plan: what a pod's worker should do next. Pure: from the pod as wanted and the containers as observed.
//
// Order of a pod's life: sandbox; init containers one after the other (restartable ones stay, the next begins when such a
// one has started); ordinary containers; beside them ephemeral containers, once each; at the end ordinary containers first, then restartable init containers in reverse
// order, then the sandbox.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/probes.h"
#include "base/clock.h"
#include "json/json.h"
#include "runtime/runtime.h"

namespace skerry::agent {

enum class RestartPolicy { kAlways, kOnFailure, kNever };

struct ContainerModel {
  enum class Kind { kInit, kSidecar, kApp, kEphemeral } kind = Kind::kApp;
  std::string name;
  RestartPolicy policy = RestartPolicy::kAlways;
};

struct PodModel {
  std::string uid, ns, name;
  RestartPolicy policy = RestartPolicy::kAlways;
  std::vector<ContainerModel> inits, apps;  // inits: with sidecars, in order
  std::vector<ContainerModel> ephemerals;   // they count for nothing: not for the phase, not for readiness
  const ContainerModel* find(const std::string& container) const;
  std::string full_name() const { return name + "_" + ns + "(" + uid + ")"; }
};
PodModel model_of(const Json& pod);

struct Observed {
  std::optional<runtime::SandboxInfo> sandbox;      // the newest
  std::vector<runtime::ContainerInfo> containers;   // of all sandboxes of the pod
  std::map<std::string, ProbeView> probes;          // by container id; running ones with probes
  std::set<std::string> hook_running, hook_failed;  // by container id: postStart

  bool sandbox_ready() const { return sandbox && sandbox->state == runtime::SandboxState::kReady; }
  // The newest of a name that has been started (or could not be), or null.
  const runtime::ContainerInfo* newest(const std::string& name) const;
  // The one before that.
  const runtime::ContainerInfo* previous(const std::string& name) const;
  bool any_running() const;
};

struct Waiting {
  std::string reason, message;
};

struct Plan {
  struct Kill {
    std::string id, name, message;       // message of the Killing event
    std::optional<int64_t> grace_s;      // unset: the pod's
  };
  bool new_sandbox = false;
  uint32_t sandbox_attempt = 0;
  bool ending = false;          // nothing is started any more
  bool stop_sandbox = false;    // nothing runs and nothing will
  bool init_failed = false;     // an init container failed for good
  std::vector<std::string> start;
  std::vector<Kill> kill;
  std::map<std::string, Waiting> waiting;  // CrashLoopBackOff by container
  std::optional<std::chrono::milliseconds> wake_after;
};

// `ending`: the pod is being deleted, or has failed as a whole. `restart_delay`: the back-off in force per container.
Plan make_plan(const PodModel& pod, const Observed& seen, const std::map<std::string, std::chrono::milliseconds>& restart_delay,
               WallTime now, bool ending);

bool wants_restart(RestartPolicy policy, const runtime::ContainerInfo& exited);
// Every ordinary container has ended and none will run again.
bool all_done(const PodModel& pod, const Observed& seen);
// All init containers have done their part in this sandbox.
bool initialized(const PodModel& pod, const Observed& seen);

}  // namespace skerry::agent
