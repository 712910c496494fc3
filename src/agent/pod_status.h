// The status of a pod as Kubernetes' kubelet writes it. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "agent/pod_facts.h"
#include "agent/pod_plan.h"
#include "base/clock.h"
#include "json/json.h"

namespace skerry::agent {

// The pod failed as a whole: DeadlineExceeded, Evicted, NodeAffinity, OutOfcpu, ...
struct PodFailure {
  std::string reason, message;
};

struct StatusInput {
  const Json& pod;
  const Json& old_status;  // what was said before: transition times, last states, others' conditions
  const PodModel& model;
  const Observed& seen;
  const PodFacts& facts;
  const std::map<std::string, Waiting>& waiting;  // why a container does not run, by name
  WallTime now;
  bool ending = false;  // deleted or failed: once all has stopped the phase is final
  bool init_failed = false;
  std::optional<PodFailure> failure;
  // The termination message of an ended container.
  std::function<std::string(const runtime::ContainerInfo&, const Json& container)> message_of;
};

Json make_status(const StatusInput& in);
// The status of a pod that was refused by this node.
Json rejected_status(const Json& pod, const Json& old_status, const PodFailure& failure, WallTime now);

// Succeeded or Failed.
bool is_terminal_status(const Json& status);

}  // namespace skerry::agent
