#include "api/pod.h"

#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/describe/pod_parts.h"

namespace skerry::kubectl {
namespace {

constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

void put_if(Writer& w, std::string_view title, const std::string& value) {
  if (!value.empty()) w.field(0, title, value);
}

void put_phase(const Subject& subject, Writer& w) {
  std::string phase = json::str(subject.status(), "phase");
  const Json& deleted = json::find(subject.object, {"metadata", "deletionTimestamp"});
  if (deleted.is_null() || phase == "Failed" || phase == "Succeeded") return w.field(0, "Status", phase);
  w.field(0, "Status", "Terminating (lasts ", age_text(deleted, subject.now), ")");
  w.field(0, "Termination Grace Period", json::integer(subject.object, {"metadata", "deletionGracePeriodSeconds"}),
          "s");
}

void put_addresses(const Subject& subject, Writer& w) {
  w.field(0, "IP", json::str(subject.status(), "podIP"));
  const Json& ips = json::array_or_empty(json::find(subject.status(), "podIPs"));
  if (ips.empty()) return w.field(0, "IPs", "<none>");
  w.line(0, "IPs:");
  for (const Json& ip : ips) w.field(1, "IP", json::str(ip, "ip"));
}

void put_conditions(const Subject& subject, Writer& w) {
  const Json& conditions = json::array_or_empty(json::find(subject.status(), "conditions"));
  const Json& gates = json::array_or_empty(json::find(subject.spec(), "readinessGates"));
  if (!gates.empty()) w.line(0, "Readiness Gates:\n  Type\tStatus");
  for (const Json& gate : gates) {
    std::string type = json::str(gate, "conditionType");
    const Json& condition = api::find_condition(subject.object, type);
    w.line(1, type, " \t", condition.is_null() ? "<none>" : json::str(condition, "status"), " ");
  }
  if (!conditions.empty()) w.line(0, "Conditions:\n  Type\tStatus");
  for (const Json& c : conditions) w.line(1, json::str(c, "type"), " \t", json::str(c, "status"), " ");
}

void put_all_containers(const Subject& subject, Writer& w) {
  const Json &spec = subject.spec(), &status = subject.status();
  const Json& init = json::find(spec, "initContainers");
  if (!json::array_or_empty(init).empty())
    put_containers(w, "Init Containers", init, json::find(status, "initContainerStatuses"), subject.object, "");
  put_containers(w, "Containers", json::find(spec, "containers"), json::find(status, "containerStatuses"),
                 subject.object, "");
  const Json& ephemeral = json::find(spec, "ephemeralContainers");
  if (!json::array_or_empty(ephemeral).empty())
    put_containers(w, "Ephemeral Containers", ephemeral, json::find(status, "ephemeralContainerStatuses"),
                   subject.object, "");
}

}  // namespace

Status describe_pod(const Subject& subject, Writer& w) {
  const Json &pod = subject.object, &spec = subject.spec(), &status = subject.status();
  put_name(w, pod, true);
  if (has(spec, "priority")) w.field(0, "Priority", json::integer(spec, "priority"));
  put_if(w, "Priority Class Name", json::str(spec, "priorityClassName"));
  put_if(w, "Runtime Class Name", json::str(spec, "runtimeClassName"));
  put_if(w, "Service Account", json::str(spec, "serviceAccountName"));
  std::string node = json::str(spec, "nodeName");
  w.field(0, "Node", node.empty() ? "<none>" : node + "/" + json::str(status, "hostIP"));
  if (has(status, "startTime")) w.field(0, "Start Time", time_text(json::find(status, "startTime")));
  put_labels(w, "Labels", json::find(pod, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(pod, {"metadata", "annotations"}));
  put_phase(subject, w);
  put_if(w, "Reason", json::str(status, "reason"));
  put_if(w, "Message", json::str(status, "message"));
  if (const Json& profile = json::find(spec, {"securityContext", "seccompProfile"}); profile.is_object()) {
    w.field(0, "SeccompProfile", json::str(profile, "type"));
    if (json::str(profile, "type") == "Localhost")
      w.field(0, "LocalhostProfile", json::str(profile, "localhostProfile"));
  }
  put_addresses(subject, w);
  put_if(w, "Controlled By", controller_text(pod));
  put_if(w, "NominatedNodeName", json::str(status, "nominatedNodeName"));
  if (const Json& resources = json::find(spec, "resources"); resources.is_object()) {
    w.line(0, "Resources:");
    put_resources(w, resources, 1);
  }
  put_all_containers(subject, w);
  put_conditions(subject, w);
  put_volumes(w, json::find(spec, "volumes"), "");
  std::string qos = json::str(status, "qosClass");
  w.field(0, "QoS Class", qos.empty() ? std::string(api::pod_qos_class(pod)) : qos);
  put_labels(w, "Node-Selectors", json::find(spec, "nodeSelector"));
  put_tolerations(w, "Tolerations", json::find(spec, "tolerations"));
  put_spread_constraints(w, json::find(spec, "topologySpreadConstraints"), "");
  put_scheduling_group(w, spec, "");
  if (subject.options.show_events) {
    // Events of static pods carry the uid that the kubelet gave the file.
    std::string mirror = json::str(pod, {"metadata", "annotations", kMirrorAnnotation});
    put_events(w, events_about(subject, subject.name(), subject.ns(), "", mirror.empty() ? subject.uid() : mirror),
               subject.now);
  }
  return {};
}

}  // namespace skerry::kubectl
