// Admit: may this pod run on this node? Asked once, before anything of it is started. Pure.
#pragma once

#include <optional>
#include <vector>

#include "agent/pod_status.h"
#include "json/json.h"

namespace skerry::agent {

struct NodeRoom {
  int64_t cpu_milli = 0, memory_bytes = 0, ephemeral_bytes = 0;  // allocatable; 0: not looked at
  int64_t pods = 110;
};

// `others` are the pods that have been admitted and have not ended. `node` may be null (then labels are not looked at).
std::optional<PodFailure> refuse(const Json& pod, const Json& node, const NodeRoom& room, const std::vector<Json>& others);

}  // namespace skerry::agent
