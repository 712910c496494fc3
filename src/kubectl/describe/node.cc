#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/describe/node_resources.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kMaxPools = 10;

// From labels "node-role.kubernetes.io/<role>" and "kubernetes.io/role".
std::string roles_of(const Json& node) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  for (const auto& [key, value] : json::object_or_empty(json::find(node, {"metadata", "labels"})).items()) {
    if (key.starts_with(kPrefix)) {
      if (key.size() > kPrefix.size()) roles.insert(key.substr(kPrefix.size()));
    } else if (key == "kubernetes.io/role" && value != "") {
      roles.insert(go_value(value));
    }
  }
  return or_none(join({roles.begin(), roles.end()}, ","));
}

std::string taint_text(const Json& taint) {
  std::string value = json::str(taint, "value"), effect = json::str(taint, "effect");
  std::string text = json::str(taint, "key");
  if (!value.empty()) text += "=" + value;
  return effect.empty() && value.empty() ? text : text + ":" + effect;
}

void put_taints(Writer& w, const Json& taints) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const Json& taint : json::array_or_empty(taints))
    texts.emplace_back(json::str(taint, "effect") + "," + json::str(taint, "key"), taint_text(taint));
  std::stable_sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : "\n\t") + text.second;
  w.field(0, "Taints", or_none(all));
}

void put_lease(const Subject& subject, Writer& w) {
  auto lease = subject.objects.get(mapping_of("coordination.k8s.io/v1", "leases", "Lease", true), "kube-node-lease",
                                   subject.name());
  if (!lease) return w.field(0, "Lease", "Failed to get lease: ", lease.error().message);
  const Json& spec = json::find(*lease, "spec");
  auto time = [&](std::string_view key) { return has(spec, key) ? time_text(json::find(spec, key)) : "<unset>"; };
  w.line(0, "Lease:");
  w.field(1, "HolderIdentity", or_unset(spec, "holderIdentity"));
  w.field(1, "AcquireTime", time("acquireTime"));
  w.field(1, "RenewTime", time("renewTime"));
}

void put_conditions(const Subject& subject, Writer& w) {
  const Json& conditions = json::array_or_empty(json::find(subject.status(), "conditions"));
  if (conditions.empty()) return;
  w.line(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
  w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
  for (const Json& c : conditions)
    w.line(1, json::str(c, "type"), " \t", json::str(c, "status"), " \t", time_text(json::find(c, "lastHeartbeatTime")),
           " \t", time_text(json::find(c, "lastTransitionTime")), " \t", json::str(c, "reason"), " \t",
           json::str(c, "message"));
}

void put_amounts(Writer& w, std::string_view title, const Json& amounts) {
  if (json::object_or_empty(amounts).empty()) return;
  w.line(0, title);
  for (const auto& [name, value] : amounts.items()) w.field(1, name, quantity_text(value));
}

// The devices of drivers that are bound to this node. Servers without resource.k8s.io have none.
void put_devices(const Subject& subject, Writer& w) {
  auto slices = subject.objects.list(mapping_of("resource.k8s.io/v1", "resourceslices", "ResourceSlice", false), "",
                                     {"", "spec.nodeName=" + subject.name(), 0});
  if (!slices) return;
  struct Pool {
    std::string driver, name;
    size_t slices = 0, devices = 0;
  };
  std::map<std::string, Pool> pools;
  for (const Json& slice : json::array_or_empty(json::find(*slices, "items"))) {
    std::string driver = json::str(slice, {"spec", "driver"}), name = json::str(slice, {"spec", "pool", "name"});
    Pool& pool = pools[driver + "/" + name];
    pool.driver = driver;
    pool.name = name;
    ++pool.slices;
    pool.devices += json::array_or_empty(json::find(slice, {"spec", "devices"})).size();
  }
  if (pools.empty()) return;
  w.line(0, "Node-Local ResourceSlices:");
  w.line(1, "Driver\tPool\tSlices\tDevices");
  w.line(1, "------\t----\t------\t-------");
  size_t shown = 0;
  for (const auto& [key, pool] : pools) {
    if (shown++ == kMaxPools) return w.line(1, "...and ", pools.size() - kMaxPools, " more pools");
    w.line(1, pool.driver, "\t", pool.name, "\t", pool.slices, "\t", pool.devices);
  }
}

void put_system(const Subject& subject, Writer& w) {
  static constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"Machine ID", "machineID"},
      {"System UUID", "systemUUID"},
      {"Boot ID", "bootID"},
      {"Kernel Version", "kernelVersion"},
      {"OS Image", "osImage"},
      {"Operating System", "operatingSystem"},
      {"Architecture", "architecture"},
      {"Container Runtime Version", "containerRuntimeVersion"},
      {"Kubelet Version", "kubeletVersion"},
  };
  w.line(0, "System Info:");
  for (const auto& [title, key] : kFields) w.field(1, title, json::str(subject.status(), {"nodeInfo", key}));
  if (std::string cidr = json::str(subject.spec(), "podCIDR"); !cidr.empty()) w.field(0, "PodCIDR", cidr);
  if (std::string cidrs = joined_list(json::find(subject.spec(), "podCIDRs"), ","); !cidrs.empty())
    w.field(0, "PodCIDRs", cidrs);
  if (std::string id = json::str(subject.spec(), "providerID"); !id.empty()) w.field(0, "ProviderID", id);
}

}  // namespace

Status describe_node(const Subject& subject, Writer& w) {
  auto pods = subject.list(pods_mapping(), "", "",
                           "spec.nodeName=" + subject.name() + ",status.phase!=Failed,status.phase!=Succeeded");
  if (!pods && !pods.error().is(Reason::kForbidden)) return pods.error();

  w.field(0, "Name", subject.name());
  w.field(0, "Roles", roles_of(subject.object));
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  w.field(0, "CreationTimestamp", time_text(json::find(subject.object, {"metadata", "creationTimestamp"})));
  put_taints(w, json::find(subject.spec(), "taints"));
  w.field(0, "Unschedulable", json::boolean(subject.spec(), "unschedulable"));
  put_lease(subject, w);
  put_conditions(subject, w);
  w.line(0, "Addresses:");
  for (const Json& address : json::array_or_empty(json::find(subject.status(), "addresses")))
    w.field(1, json::str(address, "type"), json::str(address, "address"));
  put_amounts(w, "Capacity:", json::find(subject.status(), "capacity"));
  put_amounts(w, "Allocatable:", json::find(subject.status(), "allocatable"));
  put_devices(subject, w);
  put_system(subject, w);
  if (pods) put_node_resources(subject, w, *pods);
  else w.field(0, "Pods", "not authorized");
  if (subject.options.show_events) {
    // Controllers write events about the node's uid, kubelets about its name in the uid's place.
    std::vector<Json> events = events_about(subject, subject.name(), "", "Node", subject.uid());
    for (Json& event : events_about(subject, subject.name(), "", "Node", subject.name()))
      events.push_back(std::move(event));
    put_events(w, std::move(events), subject.now);
  }
  return {};
}

}  // namespace skerry::kubectl
