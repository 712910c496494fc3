#include "kubectl/describe/node_resources.h"

#include <cmath>
#include <limits>

#include "api/pod.h"
#include "kubectl/describe/format.h"

namespace skerry::kubectl {
namespace {

using api::Quantity;
using api::ResourceAmounts;

Quantity amount(const ResourceAmounts& amounts, const std::string& name) {
  auto found = amounts.find(name);
  return found == amounts.end() ? Quantity() : found->second;
}

// Of a node that says nothing of what it has, the share is what converting NaN or infinity gives stock clients.
std::string percent(const Quantity& part, const Quantity& whole, bool milli) {
  double a = static_cast<double>(milli ? part.milli_value() : part.value());
  double b = static_cast<double>(milli ? whole.milli_value() : whole.value());
  double share = a / b * 100;
  return std::to_string(std::isfinite(share) ? static_cast<int64_t>(share) : std::numeric_limits<int64_t>::min());
}

std::string with_percent(const Quantity& part, const Quantity& whole, bool milli) {
  return part.to_string() + " (" + percent(part, whole, milli) + "%)";
}

// The pod with its containers' `which` replaced by what their statuses say that they have.
Json with_statuses(Json pod, const char* which, bool allocated) {
  for (auto [containers, statuses] :
       {std::pair{"containers", "containerStatuses"}, {"initContainers", "initContainerStatuses"}}) {
    auto spec = pod.find("spec");
    if (spec == pod.end() || !json::find(*spec, containers).is_array()) continue;
    for (Json& container : (*spec)[containers]) {
      if (!container.is_object()) continue;
      for (const Json& status : json::array_or_empty(json::find(pod, {"status", statuses}))) {
        if (json::str(status, "name") != json::str(container, "name")) continue;
        const Json& actual = json::find(status, {"resources", which});
        const Json& granted = std::string_view(which) == "requests" ? json::find(status, "allocatedResources") : actual;
        const Json& chosen = allocated || actual.is_null() ? granted : actual;
        if (!chosen.is_object()) continue;
        Json resources = json::object_or_empty(json::find(container, "resources"));
        resources[which] = chosen;
        container["resources"] = std::move(resources);
      }
    }
  }
  return pod;
}

bool resize_infeasible(const Json& pod) {
  return json::str(api::find_condition(pod, "PodResizePending"), "reason") == "Infeasible";
}

void raise(ResourceAmounts& to, const ResourceAmounts& from) {
  for (const auto& [name, value] : from) {
    auto [it, fresh] = to.emplace(name, value);
    if (!fresh && it->second < value) it->second = value;
  }
}

// What counts for the node: the largest of what is wanted, granted and there.
ResourceAmounts effective(const Json& pod, const char* which) {
  auto sum = [&](const Json& of) {
    return std::string_view(which) == "requests" ? api::pod_requests(of) : api::pod_limits(of);
  };
  ResourceAmounts amounts = resize_infeasible(pod) ? ResourceAmounts{} : sum(pod);
  if (json::array_or_empty(json::find(pod, {"status", "containerStatuses"})).empty()) return sum(pod);
  raise(amounts, sum(with_statuses(pod, which, false)));
  raise(amounts, sum(with_statuses(pod, which, true)));
  return amounts;
}

void put_pods(const Subject& node, Writer& w, const std::vector<Json>& pods, const ResourceAmounts& allocatable) {
  w.field(0, "Non-terminated Pods", "(", pods.size(), " in total)");
  w.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
  w.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
  Quantity cpu = amount(allocatable, "cpu"), memory = amount(allocatable, "memory");
  for (const Json& pod : pods) {
    ResourceAmounts requests = effective(pod, "requests"), limits = effective(pod, "limits");
    w.line(1, json::str(pod, {"metadata", "namespace"}), "\t", json::str(pod, {"metadata", "name"}), "\t\t",
           with_percent(amount(requests, "cpu"), cpu, true), "\t", with_percent(amount(limits, "cpu"), cpu, true), "\t",
           with_percent(amount(requests, "memory"), memory, false), "\t",
           with_percent(amount(limits, "memory"), memory, false), "\t",
           age_text(json::find(pod, {"metadata", "creationTimestamp"}), node.now));
  }
}

void put_totals(Writer& w, const std::vector<Json>& pods, const ResourceAmounts& allocatable) {
  ResourceAmounts requests, limits;
  for (const Json& pod : pods) {
    for (const auto& [name, value] : api::pod_requests(pod)) requests[name] += value;
    for (const auto& [name, value] : api::pod_limits(pod)) limits[name] += value;
  }
  w.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)");
  w.line(1, "Resource\tRequests\tLimits");
  w.line(1, "--------\t--------\t------");
  auto put_share = [&](const std::string& name) {
    Quantity whole = amount(allocatable, name);
    auto share = [&](const Quantity& part) {
      return whole.is_zero() ? part.to_string() + " (0%)" : with_percent(part, whole, name == "cpu");
    };
    w.line(1, name, "\t", share(amount(requests, name)), "\t", share(amount(limits, name)));
  };
  auto huge = [](const std::string& name) { return name.starts_with("hugepages-"); };
  auto standard = [](const std::string& name) {
    return name == "cpu" || name == "memory" || name == "ephemeral-storage";
  };
  for (const char* name : {"cpu", "memory", "ephemeral-storage"}) put_share(name);
  for (const auto& [name, value] : allocatable)
    if (huge(name)) put_share(name);
  for (const auto& [name, value] : allocatable)
    if (!huge(name) && !standard(name) && name != "pods")
      w.line(1, name, "\t", amount(requests, name).to_string(), "\t", amount(limits, name).to_string());
}

}  // namespace

void put_node_resources(const Subject& node, Writer& w, const std::vector<Json>& pods) {
  ResourceAmounts allocatable = api::amounts_from_json(json::find(node.status(), "allocatable"));
  if (allocatable.empty()) allocatable = api::amounts_from_json(json::find(node.status(), "capacity"));
  put_pods(node, w, pods, allocatable);
  put_totals(w, pods, allocatable);
}

}  // namespace skerry::kubectl
