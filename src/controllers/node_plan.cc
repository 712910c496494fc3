#include "controllers/node_plan.h"

#include <algorithm>
#include <vector>

#include "api/pod.h"
#include "api/toleration.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr const char* kNotReady = "node.kubernetes.io/not-ready";
constexpr const char* kUnreachable = "node.kubernetes.io/unreachable";

struct ConditionTaint {
  const char* condition;
  const char* status;
  const char* taint;
};
constexpr ConditionTaint kNoSchedule[] = {
    {"Ready", "False", kNotReady},
    {"Ready", "Unknown", kUnreachable},
    {"MemoryPressure", "True", "node.kubernetes.io/memory-pressure"},
    {"DiskPressure", "True", "node.kubernetes.io/disk-pressure"},
    {"PIDPressure", "True", "node.kubernetes.io/pid-pressure"},
    {"NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"},
};
constexpr const char* kUnschedulable = "node.kubernetes.io/unschedulable";

bool is_ours(const Json& taint) {
  const std::string key = json::str(taint, "key"), effect = json::str(taint, "effect");
  if (effect == "NoExecute") return key == kNotReady || key == kUnreachable;
  if (effect != "NoSchedule") return false;
  if (key == kUnschedulable) return true;
  return std::any_of(std::begin(kNoSchedule), std::end(kNoSchedule), [&](auto& t) { return key == t.taint; });
}

}  // namespace

std::string node_ready(const Json& node) { return json::str(api::find_condition(node, "Ready"), "status"); }

bool set_silent(Json& node, const std::string& now) {
  bool changed = false;
  Json& conditions = node["status"]["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  for (auto type : {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure"}) {
    auto it = std::find_if(conditions.begin(), conditions.end(),
                           [&](const Json& c) { return json::str(c, "type") == type; });
    if (it == conditions.end()) {
      conditions.push_back({{"type", type},
                            {"status", "Unknown"},
                            {"reason", "NodeStatusNeverUpdated"},
                            {"message", "Kubelet never posted node status."},
                            {"lastHeartbeatTime", json::str(node, {"metadata", "creationTimestamp"}, now)},
                            {"lastTransitionTime", now}});
      changed = true;
    } else if (json::str(*it, "status") != "Unknown") {
      (*it)["status"] = "Unknown";
      (*it)["reason"] = "NodeStatusUnknown";
      (*it)["message"] = "Kubelet stopped posting node status.";
      (*it)["lastTransitionTime"] = now;
      changed = true;
    }
  }
  return changed;
}

Json wanted_taints(const Json& node, bool execute, const std::string& now) {
  const Json& present = json::array_or_empty(json::find(node, {"spec", "taints"}));
  std::vector<std::pair<std::string, const char*>> wanted;
  for (auto& t : kNoSchedule)
    if (json::str(api::find_condition(node, t.condition), "status") == t.status) wanted.emplace_back(t.taint, "NoSchedule");
  if (json::boolean(node, {"spec", "unschedulable"})) wanted.emplace_back(kUnschedulable, "NoSchedule");
  const std::string ready = node_ready(node);
  if (execute && ready == "False") wanted.emplace_back(kNotReady, "NoExecute");
  if (execute && ready == "Unknown") wanted.emplace_back(kUnreachable, "NoExecute");
  auto is = [](const Json& t, const std::string& key, std::string_view effect) {
    return json::str(t, "key") == key && json::str(t, "effect") == effect;
  };
  // A node that has not reported yet keeps the taint it registered with.
  const bool silent = ready.empty();
  Json taints = Json::array();
  for (auto& t : present) {
    const bool keep = std::any_of(wanted.begin(), wanted.end(), [&](auto& w) { return is(t, w.first, w.second); });
    if (!is_ours(t) || keep || (silent && json::str(t, "key") == kNotReady)) taints.push_back(t);
  }
  for (auto& [key, effect] : wanted) {
    const bool there = std::any_of(taints.begin(), taints.end(), [&](const Json& t) { return is(t, key, effect); });
    if (!there) taints.push_back({{"key", key}, {"effect", effect}, {"timeAdded", now}});
  }
  return taints;
}

std::optional<int64_t> eviction_in_s(const Json& taints, const Json& pod, int64_t now_s) {
  const Json& tolerations = json::array_or_empty(json::find(pod, {"spec", "tolerations"}));
  std::optional<int64_t> soonest;
  for (auto& taint : json::array_or_empty(taints)) {
    if (json::str(taint, "effect") != "NoExecute") continue;
    bool tolerated = false;
    std::optional<int64_t> limit;  // the shortest of those that tolerate it
    for (auto& t : tolerations) {
      if (!api::tolerates(t, taint)) continue;
      tolerated = true;
      if (const Json& s = json::find(t, "tolerationSeconds"); s.is_number_integer()) {
        int64_t n = std::max<int64_t>(0, s.get<int64_t>());
        limit = limit ? std::min(*limit, n) : n;
      }
    }
    if (!tolerated) return 0;
    if (!limit) continue;
    int64_t due = time_s(taint, {"timeAdded"}).value_or(now_s) + *limit;
    int64_t left = std::max<int64_t>(0, due - now_s);
    soonest = soonest ? std::min(*soonest, left) : left;
  }
  return soonest;
}

}  // namespace skerry::controllers
