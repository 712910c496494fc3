// Tables of core/v1 kinds.
#include <algorithm>
#include <set>

#include "api/pod.h"
#include "api/table.h"
#include "api/table_rows.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

const Json& list_of(const Json& object, std::string_view key) { return json::array_or_empty(json::find(object, key)); }

constexpr Column kName = {"Name", "string", "name"};

// ---- pods: the STATUS column tells the most telling thing about a pod's containers ----

struct PodSummary {
  std::string reason;
  int64_t ready = 0, total = 0, restarts = 0;
  std::string last_restart;  // timestamp
};

std::string exit_text(const Json& terminated) {
  if (int64_t signal = json::integer(terminated, "signal"); signal != 0) return "Signal:" + std::to_string(signal);
  return "ExitCode:" + std::to_string(json::integer(terminated, "exitCode"));
}

// True if initialisation is what the pod is at.
bool summarize_init(const Json& pod, PodSummary& s) {
  const Json& specs = list_of(json::find(pod, "spec"), "initContainers");
  const Json& statuses = list_of(json::find(pod, "status"), "initContainerStatuses");
  std::set<std::string> sidecars;
  for (const auto& c : specs)
    if (is_sidecar(c)) sidecars.insert(json::str(c, "name"));
  s.total += static_cast<int64_t>(sidecars.size());
  int64_t sidecar_restarts = 0;
  for (size_t i = 0; i < statuses.size(); ++i) {
    const Json& c = statuses[i];
    bool sidecar = sidecars.contains(json::str(c, "name"));
    s.restarts += json::integer(c, "restartCount");
    if (sidecar) sidecar_restarts += json::integer(c, "restartCount");
    std::string finished = json::str(c, {"lastState", "terminated", "finishedAt"});
    s.last_restart = std::max(s.last_restart, finished);
    const Json& terminated = json::find(c, {"state", "terminated"});
    const Json& waiting = json::find(c, {"state", "waiting"});
    if (terminated.is_object() && json::integer(terminated, "exitCode") == 0) continue;
    if (sidecar && json::boolean(c, "started")) {
      if (json::boolean(c, "ready")) ++s.ready;
      continue;
    }
    if (terminated.is_object()) {
      std::string reason = json::str(terminated, "reason");
      s.reason = "Init:" + (reason.empty() ? exit_text(terminated) : reason);
    } else if (std::string reason = json::str(waiting, "reason"); !reason.empty() && reason != "PodInitializing") {
      s.reason = "Init:" + reason;
    } else {
      s.reason = "Init:" + std::to_string(i) + "/" + std::to_string(specs.size());
    }
    return true;
  }
  s.restarts = sidecar_restarts;
  return false;
}

PodSummary summarize(const Json& pod) {
  PodSummary s;
  const Json& status = json::find(pod, "status");
  s.reason = json::str(status, "phase");
  if (std::string reason = json::str(status, "reason"); !reason.empty()) s.reason = reason;
  for (const auto& c : list_of(status, "conditions"))
    if (json::str(c, "type") == "PodScheduled" && json::str(c, "reason") == "SchedulingGated") s.reason = "SchedulingGated";
  s.total = static_cast<int64_t>(list_of(json::find(pod, "spec"), "containers").size());
  bool initializing = summarize_init(pod, s);
  bool initialized = condition_is_true(pod, "Initialized");
  if (!initializing || initialized) {
    bool running = false;
    const Json& statuses = list_of(status, "containerStatuses");
    for (size_t i = statuses.size(); i-- > 0;) {
      const Json& c = statuses[i];
      s.restarts += json::integer(c, "restartCount");
      s.last_restart = std::max(s.last_restart, json::str(c, {"lastState", "terminated", "finishedAt"}));
      const Json& terminated = json::find(c, {"state", "terminated"});
      std::string waiting = json::str(c, {"state", "waiting", "reason"});
      if (!waiting.empty()) s.reason = waiting;
      else if (terminated.is_object()) s.reason = json::str(terminated, "reason").empty() ? exit_text(terminated) : json::str(terminated, "reason");
      else if (json::boolean(c, "ready") && json::find(c, {"state", "running"}).is_object()) {
        running = true;
        ++s.ready;
      }
    }
    // Some containers completed, others run on.
    if (s.reason == "Completed" && running) s.reason = is_pod_ready(pod) ? "Running" : "NotReady";
  }
  if (is_pod_deleting(pod)) {
    if (json::str(status, "reason") == "NodeLost") s.reason = "Unknown";
    else if (!is_pod_terminal(pod)) s.reason = "Terminating";
  }
  return s;
}

std::string gates_text(const Json& pod) {
  const Json& gates = list_of(json::find(pod, "spec"), "readinessGates");
  if (gates.empty()) return "<none>";
  size_t met = 0;
  for (const auto& gate : gates) met += condition_is_true(pod, json::str(gate, "conditionType")) ? 1 : 0;
  return std::to_string(met) + "/" + std::to_string(gates.size());
}

constexpr Column kPod[] = {kName, {"Ready"}, {"Status"}, {"Restarts"}, {"Age"}, {"IP", "string", "", 1}, {"Node", "string", "", 1},
                           {"Nominated Node", "string", "", 1}, {"Readiness Gates", "string", "", 1}};
void pod(const Json& o, WallTime now, Json& cells) {
  PodSummary s = summarize(o);
  std::string restarts = std::to_string(s.restarts);
  if (s.restarts > 0 && !s.last_restart.empty()) restarts += " (" + age_since(s.last_restart, now) + " ago)";
  cells = {name_of(o), std::to_string(s.ready) + "/" + std::to_string(s.total), s.reason, restarts, age_of(o, now),
           or_none(json::str(o, {"status", "podIP"})), or_none(json::str(o, {"spec", "nodeName"})),
           or_none(json::str(o, {"status", "nominatedNodeName"})), gates_text(o)};
}

// ---- services and what they reach ----

std::string ports_text(const Json& service) {
  std::vector<std::string> texts;
  for (const auto& p : list_of(json::find(service, "spec"), "ports")) {
    std::string text = std::to_string(json::integer(p, "port"));
    if (int64_t node = json::integer(p, "nodePort"); node > 0) text += ":" + std::to_string(node);
    texts.push_back(text + "/" + json::str(p, "protocol"));
  }
  return or_none(join(texts, ","));
}

std::string external_ip(const Json& service) {
  const Json& spec = json::find(service, "spec");
  std::string type = json::str(spec, "type");
  std::vector<std::string> ips;
  for (const auto& ip : list_of(spec, "externalIPs"))
    if (ip.is_string()) ips.push_back(ip.get<std::string>());
  if (type == "ExternalName") return or_none(json::str(spec, "externalName"));
  if (type != "LoadBalancer") return or_none(join(ips, ","));
  std::vector<std::string> lb;
  for (const auto& i : list_of(json::find(service, {"status", "loadBalancer"}), "ingress"))
    lb.push_back(json::str(i, "ip").empty() ? json::str(i, "hostname") : json::str(i, "ip"));
  lb.insert(lb.end(), ips.begin(), ips.end());
  return lb.empty() ? "<pending>" : join(lb, ",");
}

constexpr Column kService[] = {kName, {"Type"}, {"Cluster-IP"}, {"External-IP"}, {"Port(s)"}, {"Age"}, {"Selector", "string", "", 1}};
void service(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), json::str(o, {"spec", "type"}), or_none(json::str(o, {"spec", "clusterIP"})), external_ip(o), ports_text(o),
           age_of(o, now), labels_text(json::find(o, {"spec", "selector"}))};
}

constexpr Column kEndpoints[] = {kName, {"Endpoints"}, {"Age"}};
void endpoints(const Json& o, WallTime now, Json& cells) {
  std::vector<std::string> shown;
  size_t count = 0;
  for (const auto& subset : list_of(o, "subsets"))
    for (const auto& address : list_of(subset, "addresses")) {
      const Json& ports = list_of(subset, "ports");
      for (size_t p = 0; p < std::max<size_t>(ports.size(), 1); ++p) {
        std::string text = json::str(address, "ip");
        if (!ports.empty()) text += ":" + std::to_string(json::integer(ports[p], "port"));
        if (++count <= 3) shown.push_back(text);
      }
    }
  std::string text = or_none(join(shown, ","));
  if (count > 3) text += " + " + std::to_string(count - 3) + " more...";
  cells = {name_of(o), text, age_of(o, now)};
}

// ---- nodes ----

std::string node_status(const Json& node) {
  std::string status = "Unknown";
  if (const Json& ready = find_condition(node, "Ready"); ready.is_object())
    status = json::str(ready, "status") == "True" ? "Ready" : "NotReady";
  if (json::boolean(node, {"spec", "unschedulable"})) status += ",SchedulingDisabled";
  return status;
}

std::string node_roles(const Json& node) {
  std::set<std::string> roles;
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  for (const auto& [key, value] : json::object_or_empty(json::find(node, {"metadata", "labels"})).items()) {
    if (std::string_view(key).starts_with(kPrefix) && key.size() > kPrefix.size()) roles.insert(key.substr(kPrefix.size()));
    else if (key == "kubernetes.io/role" && value.is_string() && !value.get_ref<const std::string&>().empty()) roles.insert(value.get<std::string>());
  }
  return or_none(join({roles.begin(), roles.end()}, ","));
}

std::string node_address(const Json& node, std::string_view type) {
  for (const auto& a : list_of(json::find(node, "status"), "addresses"))
    if (json::str(a, "type") == type) return json::str(a, "address");
  return "<none>";
}

std::string or_unknown(std::string text) { return text.empty() ? "<unknown>" : text; }

constexpr Column kNode[] = {kName, {"Status"}, {"Roles"}, {"Age"}, {"Version"}, {"Internal-IP", "string", "", 1},
                            {"External-IP", "string", "", 1}, {"OS-Image", "string", "", 1}, {"Kernel-Version", "string", "", 1},
                            {"Container-Runtime", "string", "", 1}};
void node(const Json& o, WallTime now, Json& cells) {
  const Json& info = json::find(o, {"status", "nodeInfo"});
  cells = {name_of(o), node_status(o), node_roles(o), age_of(o, now), json::str(info, "kubeletVersion"), node_address(o, "InternalIP"),
           node_address(o, "ExternalIP"), or_unknown(json::str(info, "osImage")), or_unknown(json::str(info, "kernelVersion")),
           or_unknown(json::str(info, "containerRuntimeVersion"))};
}

// ---- events ----

std::string event_source(const Json& event) {
  std::string component = json::str(event, {"source", "component"}), host = json::str(event, {"source", "host"});
  if (component.empty()) component = json::str(event, "reportingComponent"), host = json::str(event, "reportingInstance");
  return host.empty() ? component : component + ", " + host;
}

constexpr Column kEvent[] = {{"Last Seen"}, {"Type"}, {"Reason"}, {"Object"}, {"Subobject", "string", "", 1}, {"Source", "string", "", 1},
                             {"Message"}, {"First Seen", "string", "", 1}, {"Count", "string", "", 1}, {"Name", "string", "name", 1}};
void event(const Json& o, WallTime now, Json& cells) {
  auto time = [&](std::initializer_list<std::initializer_list<std::string_view>> paths) -> std::string {
    for (auto path : paths)
      if (const Json& t = json::find(o, path); t.is_string()) return age_since(t, now);
    return "<unknown>";
  };
  int64_t count = json::integer(o, {"series", "count"}, std::max<int64_t>(1, json::integer(o, "count")));
  std::string kind = to_lower(json::str(o, {"involvedObject", "kind"})), name = json::str(o, {"involvedObject", "name"});
  cells = {time({{"series", "lastObservedTime"}, {"lastTimestamp"}, {"eventTime"}}), json::str(o, "type"), json::str(o, "reason"),
           name.empty() ? kind : kind + "/" + name, json::str(o, {"involvedObject", "fieldPath"}), event_source(o),
           std::string(trim(json::str(o, "message"))), time({{"firstTimestamp"}, {"eventTime"}}), count, name_of(o)};
}

// ---- the small ones ----

constexpr Column kNamespace[] = {kName, {"Status"}, {"Age"}};
void namespace_(const Json& o, WallTime now, Json& cells) { cells = {name_of(o), json::str(o, {"status", "phase"}), age_of(o, now)}; }

constexpr Column kSecret[] = {kName, {"Type"}, {"Data"}, {"Age"}};
void secret(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), json::str(o, "type"), json::object_or_empty(json::find(o, "data")).size(), age_of(o, now)};
}

constexpr Column kConfigMap[] = {kName, {"Data"}, {"Age"}};
void config_map(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), json::object_or_empty(json::find(o, "data")).size() + json::object_or_empty(json::find(o, "binaryData")).size(), age_of(o, now)};
}

constexpr Column kServiceAccount[] = {kName, {"Secrets"}, {"Age"}};
void service_account(const Json& o, WallTime now, Json& cells) { cells = {name_of(o), list_of(o, "secrets").size(), age_of(o, now)}; }

constexpr Column kReplicationController[] = {kName, {"Desired", "integer"}, {"Current", "integer"}, {"Ready", "integer"}, {"Age"},
                                             {"Containers", "string", "", 1}, {"Images", "string", "", 1}, {"Selector", "string", "", 1}};
void replication_controller(const Json& o, WallTime now, Json& cells) {
  const Json& spec = json::find(o, {"spec", "template", "spec"});
  cells = {name_of(o), json::integer(o, {"spec", "replicas"}), json::integer(o, {"status", "replicas"}),
           json::integer(o, {"status", "readyReplicas"}), age_of(o, now), container_names(spec), container_images(spec),
           labels_text(json::find(o, {"spec", "selector"}))};
}

constexpr Column kPodTemplate[] = {kName, {"Containers"}, {"Images"}, {"Pod Labels"}};
void pod_template(const Json& o, WallTime, Json& cells) {
  const Json& spec = json::find(o, {"template", "spec"});
  cells = {name_of(o), container_names(spec), container_images(spec), labels_text(json::find(o, {"template", "metadata", "labels"}))};
}

std::string modes_text(const Json& modes) {
  std::vector<std::string> texts;
  for (const auto& m : json::array_or_empty(modes))
    texts.push_back(m == "ReadWriteOnce" ? "RWO" : m == "ReadOnlyMany" ? "ROX" : m == "ReadWriteMany" ? "RWX" : "RWOP");
  return join(texts, ",");
}

std::string or_unset(std::string text) { return text.empty() ? "<unset>" : text; }

constexpr Column kVolume[] = {kName, {"Capacity"}, {"Access Modes"}, {"Reclaim Policy"}, {"Status"}, {"Claim"}, {"StorageClass"},
                              {"VolumeAttributesClass"}, {"Reason"}, {"Age"}, {"VolumeMode", "string", "", 1}};
void persistent_volume(const Json& o, WallTime now, Json& cells) {
  const Json& spec = json::find(o, "spec");
  std::string claim = json::str(spec, {"claimRef", "name"});
  if (!claim.empty()) claim = json::str(spec, {"claimRef", "namespace"}) + "/" + claim;
  cells = {name_of(o), json::str(spec, {"capacity", "storage"}), modes_text(json::find(spec, "accessModes")),
           json::str(spec, "persistentVolumeReclaimPolicy"), is_pod_deleting(o) ? "Terminating" : json::str(o, {"status", "phase"}), claim,
           json::str(spec, "storageClassName"), or_unset(json::str(spec, "volumeAttributesClassName")), json::str(o, {"status", "reason"}),
           age_of(o, now), or_unset(json::str(spec, "volumeMode"))};
}

constexpr Column kClaim[] = {kName, {"Status"}, {"Volume"}, {"Capacity"}, {"Access Modes"}, {"StorageClass"}, {"VolumeAttributesClass"},
                             {"Age"}, {"VolumeMode", "string", "", 1}};
void claim(const Json& o, WallTime now, Json& cells) {
  const Json& spec = json::find(o, "spec");
  std::string volume = json::str(spec, "volumeName");
  cells = {name_of(o), is_pod_deleting(o) ? "Terminating" : json::str(o, {"status", "phase"}), volume,
           volume.empty() ? "" : json::str(o, {"status", "capacity", "storage"}),
           volume.empty() ? "" : modes_text(json::find(o, {"status", "accessModes"})), json::str(spec, "storageClassName"),
           or_unset(json::str(spec, "volumeAttributesClassName")), age_of(o, now), or_unset(json::str(spec, "volumeMode"))};
}

constexpr Column kQuota[] = {kName, {"Request"}, {"Limit"}, {"Age"}};
void quota(const Json& o, WallTime now, Json& cells) {
  std::vector<std::string> requests, limits;
  for (const auto& [name, hard] : json::object_or_empty(json::find(o, {"status", "hard"})).items()) {
    std::string text = name + ": " + json::str(o, {"status", "used", name}, "0") + "/" + (hard.is_string() ? hard.get<std::string>() : hard.dump());
    (name.starts_with("limits.") ? limits : requests).push_back(text);
  }
  cells = {name_of(o), join(requests, ", "), join(limits, ", "), age_of(o, now)};
}

constexpr Column kComponent[] = {kName, {"Status"}, {"Message"}, {"Error"}};
void component(const Json& o, WallTime, Json& cells) {
  std::string status = "Unknown", message, error;
  for (const auto& c : list_of(o, "conditions"))
    if (json::str(c, "type") == "Healthy") {
      status = json::str(c, "status") == "True" ? "Healthy" : "Unhealthy";
      message = json::str(c, "message");
      error = json::str(c, "error");
    }
  cells = {name_of(o), status, message, error};
}

constexpr TableKind kKinds[] = {
    {"", "Pod", kPod, pod},
    {"", "Service", kService, service},
    {"", "Endpoints", kEndpoints, endpoints},
    {"", "Node", kNode, node},
    {"", "Event", kEvent, event},
    {"", "Namespace", kNamespace, namespace_},
    {"", "Secret", kSecret, secret},
    {"", "ConfigMap", kConfigMap, config_map},
    {"", "ServiceAccount", kServiceAccount, service_account},
    {"", "ReplicationController", kReplicationController, replication_controller},
    {"", "PodTemplate", kPodTemplate, pod_template},
    {"", "PersistentVolume", kVolume, persistent_volume},
    {"", "PersistentVolumeClaim", kClaim, claim},
    {"", "ResourceQuota", kQuota, quota},
    {"", "ComponentStatus", kComponent, component},
};

}  // namespace

std::span<const TableKind> core_table_kinds() { return kKinds; }

}  // namespace skerry::api
