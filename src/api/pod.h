// Readers of pods that many modules need. All take decoded Pod JSON and tolerate missing parts.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/quantity.h"
#include "json/json.h"

namespace skerry::api {

// status.conditions[type], or null.
const Json& find_condition(const Json& object, std::string_view type);
bool condition_is_true(const Json& object, std::string_view type);
bool is_pod_ready(const Json& pod);
// Ready for at least min_ready_s at `now_s` (Unix seconds).
bool is_pod_available(const Json& pod, int64_t min_ready_s, int64_t now_s);
bool is_pod_terminal(const Json& pod);  // phase Succeeded or Failed
bool is_pod_deleting(const Json& pod);
// Neither terminal nor being deleted.
bool is_pod_active(const Json& pod);

using ResourceAmounts = std::map<std::string, Quantity>;
// resources.requests / resources.limits, ... -> amounts.
ResourceAmounts amounts_from_json(const Json& map);
// What the scheduler counts: the larger of all running containers (with sidecars) and each init step, plus overhead.
ResourceAmounts pod_requests(const Json& pod);
ResourceAmounts pod_limits(const Json& pod);
// "Guaranteed", "Burstable" or "BestEffort", computed from the spec.
std::string_view pod_qos_class(const Json& pod);
// A restartable init container.
bool is_sidecar(const Json& container);

}  // namespace skerry::api
