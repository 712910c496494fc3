// What the node life cycle decides: conditions of a silent node, taints that follow from conditions, and when a
// NoExecute taint evicts a pod. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/json.h"

namespace skerry::controllers {

// "True", "False", "Unknown"; empty if the node has never said.
std::string node_ready(const Json& node);

// Conditions of a node that has fallen silent: all that the kubelet reports become Unknown. False if they are.
bool set_silent(Json& node, const std::string& now);

// spec.taints as they should be; taints of others stay. `execute`: may NoExecute taints be set (some other node is
// well)? Those that are set keep their timeAdded.
Json wanted_taints(const Json& node, bool execute, const std::string& now);

// Seconds until the NoExecute taints evict the pod: 0 now, nothing for never.
std::optional<int64_t> eviction_in_s(const Json& taints, const Json& pod, int64_t now_s);

}  // namespace skerry::controllers
