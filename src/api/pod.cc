#include "api/pod.h"

#include "base/clock.h"

namespace skerry::api {
namespace {

void add(ResourceAmounts& to, const ResourceAmounts& from) {
  for (const auto& [name, amount] : from) to[name] += amount;
}

void raise(ResourceAmounts& to, const ResourceAmounts& from) {
  for (const auto& [name, amount] : from) {
    auto [it, fresh] = to.emplace(name, amount);
    if (!fresh && it->second < amount) it->second = amount;
  }
}

// `which`: "requests" or "limits"; of requests those that only limits give are taken from there.
ResourceAmounts container_amounts(const Json& container, std::string_view which) {
  ResourceAmounts amounts = amounts_from_json(json::find(container, {"resources", which}));
  if (which == "requests")
    for (auto& [name, amount] : amounts_from_json(json::find(container, {"resources", "limits"}))) amounts.emplace(name, amount);
  return amounts;
}

ResourceAmounts pod_amounts(const Json& pod, std::string_view which) {
  const Json& spec = json::find(pod, "spec");
  ResourceAmounts running, sidecars, peak;
  for (const auto& c : json::array_or_empty(json::find(spec, "containers"))) add(running, container_amounts(c, which));
  for (const auto& c : json::array_or_empty(json::find(spec, "initContainers"))) {
    ResourceAmounts step = container_amounts(c, which);
    if (is_sidecar(c)) {
      add(running, step);
      add(sidecars, step);
      step = sidecars;
    } else {
      add(step, sidecars);
    }
    raise(peak, step);
  }
  raise(running, peak);
  for (const auto& [name, amount] : amounts_from_json(json::find(spec, {"resources", which}))) running[name] = amount;
  if (which == "requests" || !running.empty())
    for (const auto& [name, amount] : amounts_from_json(json::find(spec, "overhead")))
      if (which == "requests" || running.contains(name)) running[name] += amount;
  return running;
}

const Json kNull;

}  // namespace

const Json& find_condition(const Json& object, std::string_view type) {
  for (const auto& c : json::array_or_empty(json::find(object, {"status", "conditions"})))
    if (const Json& t = json::find(c, "type"); t.is_string() && t.get_ref<const std::string&>() == type) return c;
  return kNull;
}

bool condition_is_true(const Json& object, std::string_view type) {
  return json::str(find_condition(object, type), "status") == "True";
}

bool is_pod_ready(const Json& pod) { return condition_is_true(pod, "Ready"); }

bool is_pod_available(const Json& pod, int64_t min_ready_s, int64_t now_s) {
  const Json& ready = find_condition(pod, "Ready");
  if (json::str(ready, "status") != "True") return false;
  if (min_ready_s <= 0) return true;
  auto since = parse_rfc3339(json::str(ready, "lastTransitionTime"));
  return since && std::chrono::floor<seconds>(*since).time_since_epoch().count() + min_ready_s <= now_s;
}

bool is_pod_terminal(const Json& pod) {
  std::string phase = json::str(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

bool is_pod_deleting(const Json& pod) { return json::find(pod, {"metadata", "deletionTimestamp"}).is_string(); }

bool is_pod_active(const Json& pod) { return !is_pod_terminal(pod) && !is_pod_deleting(pod); }

ResourceAmounts amounts_from_json(const Json& map) {
  ResourceAmounts amounts;
  for (const auto& [name, value] : json::object_or_empty(map).items()) amounts.emplace(name, Quantity::from_json(value));
  return amounts;
}

ResourceAmounts pod_requests(const Json& pod) { return pod_amounts(pod, "requests"); }
ResourceAmounts pod_limits(const Json& pod) { return pod_amounts(pod, "limits"); }

bool is_sidecar(const Json& container) { return json::str(container, "restartPolicy") == "Always"; }

std::string_view pod_qos_class(const Json& pod) {
  const Json& spec = json::find(pod, "spec");
  bool any = false, guaranteed = true;
  auto look = [&](const Json& resources) {
    ResourceAmounts requests = amounts_from_json(json::find(resources, "requests"));
    ResourceAmounts limits = amounts_from_json(json::find(resources, "limits"));
    for (const char* name : {"cpu", "memory"}) {
      auto request = requests.find(name), limit = limits.find(name);
      bool has_limit = limit != limits.end() && !limit->second.is_zero();
      bool has_request = request != requests.end() && !request->second.is_zero();
      any = any || has_limit || has_request;
      if (!has_limit || (request != requests.end() && !(request->second == limit->second))) guaranteed = false;
    }
  };
  if (const Json& resources = json::find(spec, "resources"); resources.is_object() && !resources.empty()) {
    look(resources);
  } else {
    for (const char* list : {"containers", "initContainers"})
      for (const auto& c : json::array_or_empty(json::find(spec, list))) look(json::find(c, "resources"));
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace skerry::api
