// ReplicationController, ReplicaSet, Deployment, StatefulSet, DaemonSet.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/describe/pod_parts.h"
#include "kubectl/describe/volume_kinds.h"

namespace skerry::kubectl {
namespace {

// The uid of the controller among the owners, or empty.
std::string controller_uid(const Json& object) {
  for (const Json& owner : json::array_or_empty(json::find(object, {"metadata", "ownerReferences"})))
    if (json::boolean(owner, "controller")) return json::str(owner, "uid");
  return "";
}

// "1 Running / 0 Waiting / 0 Succeeded / 0 Failed" of the pods that the subject owns.
Result<std::string> pods_text(const Subject& subject, const std::string& selector) {
  std::vector<Json> pods = TRY(subject.list(pods_mapping(), subject.ns(), selector));
  int running = 0, waiting = 0, succeeded = 0, failed = 0;
  for (const Json& pod : pods) {
    if (controller_uid(pod) != subject.uid()) continue;
    std::string phase = json::str(pod, {"status", "phase"});
    running += phase == "Running";
    waiting += phase == "Pending";
    succeeded += phase == "Succeeded";
    failed += phase == "Failed";
  }
  return detail::joined(running, " Running / ", waiting, " Waiting / ", succeeded, " Succeeded / ", failed, " Failed");
}

void put_replicas(const Subject& subject, Writer& w) {
  w.field(0, "Replicas", json::integer(subject.status(), "replicas"), " current / ",
          json::integer(subject.spec(), "replicas"), " desired");
}

// A template without what the deployment controller adds, and without what is empty, to compare.
Json bare(const Json& value) {
  if (!value.is_object() && !value.is_array()) return value;
  Json copy = value.is_object() ? Json::object() : Json::array();
  if (value.is_array())
    for (const Json& element : value) copy.push_back(bare(element));
  else
    for (const auto& [key, element] : value.items()) {
      Json kept = bare(element);
      bool nothing = kept.is_null() || ((kept.is_object() || kept.is_array()) && kept.empty());
      if (!nothing && key != "pod-template-hash") copy[key] = std::move(kept);
    }
  return copy;
}

std::string replica_sets_text(const std::vector<const Json*>& sets) {
  std::string text;
  for (const Json* set : sets)
    text += detail::joined(text.empty() ? "" : ", ", json::str(*set, {"metadata", "name"}), " (",
                           json::integer(*set, {"status", "replicas"}), "/", json::integer(*set, {"spec", "replicas"}),
                           " replicas created)");
  return or_none(text);
}

// "OldReplicaSets:" and "NewReplicaSet:", if there are any.
void put_replica_sets(const Subject& subject, Writer& w) {
  auto found = subject.list(mapping_of("apps/v1", "replicasets", "ReplicaSet", true), subject.ns(),
                            selector_text(json::find(subject.spec(), "selector")));
  if (!found) return;
  std::vector<Json>& sets = *found;
  std::erase_if(sets, [&](const Json& set) { return controller_uid(set) != subject.uid(); });
  auto order = [](const Json& set) {
    return std::pair(json::str(set, {"metadata", "creationTimestamp"}), json::str(set, {"metadata", "name"}));
  };
  std::stable_sort(sets.begin(), sets.end(), [&](const Json& a, const Json& b) { return order(a) < order(b); });
  const Json wanted = bare(json::find(subject.spec(), "template"));
  std::vector<const Json*> old_sets, new_sets;
  for (const Json& set : sets) {
    bool is_new = new_sets.empty() && bare(json::find(set, {"spec", "template"})) == wanted;
    (is_new ? new_sets : old_sets).push_back(&set);
  }
  if (sets.empty()) return;
  w.field(0, "OldReplicaSets", replica_sets_text(old_sets));
  w.field(0, "NewReplicaSet", replica_sets_text(new_sets));
}

void put_claim_templates(Writer& w, const Json& templates) {
  const Json& list = json::array_or_empty(templates);
  w.line(0, "Volume Claims:", list.empty() ? "\t<none>" : "");
  for (const Json& claim : list) {
    w.field(1, "Name", json::str(claim, {"metadata", "name"}));
    w.field(1, "StorageClass", storage_class_of(claim));
    put_labels(w, "Labels", json::find(claim, {"metadata", "labels"}), "  ");
    put_labels(w, "Annotations", json::find(claim, {"metadata", "annotations"}), "  ");
    const Json& size = json::find(claim, {"spec", "resources", "requests", "storage"});
    w.field(1, "Capacity", size.is_null() ? "<default>" : quantity_text(size));
    w.field(1, "Access Modes", go_value(json::array_or_empty(json::find(claim, {"spec", "accessModes"}))));
  }
}

}  // namespace

Status describe_replication_controller(const Subject& subject, Writer& w) {
  const Json& selector = json::find(subject.spec(), "selector");
  std::string pods = TRY(pods_text(subject, equals_selector(selector)));
  put_name(w, subject.object, true);
  w.field(0, "Selector", labels_text(selector));
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  put_replicas(subject, w);
  w.field(0, "Pods Status", pods);
  put_pod_template(w, json::find(subject.spec(), "template"));
  put_short_conditions(w, subject.status());
  put_events_of(subject, w);
  return {};
}

Status describe_replica_set(const Subject& subject, Writer& w) {
  std::string selector = selector_text(json::find(subject.spec(), "selector"));
  auto pods = pods_text(subject, selector);
  put_name(w, subject.object, true);
  w.field(0, "Selector", or_none(selector));
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  if (std::string owner = controller_text(subject.object); !owner.empty()) w.field(0, "Controlled By", owner);
  put_replicas(subject, w);
  w.field(0, "Pods Status", pods ? *pods : "error in fetching pods: " + pods.error().message);
  put_pod_template(w, json::find(subject.spec(), "template"));
  put_short_conditions(w, subject.status());
  put_events_of(subject, w);
  return {};
}

Status describe_deployment(const Subject& subject, Writer& w) {
  const Json &spec = subject.spec(), &status = subject.status();
  put_name(w, subject.object, true);
  w.field(0, "CreationTimestamp", time_text(json::find(subject.object, {"metadata", "creationTimestamp"})));
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  w.field(0, "Selector", selector_text(json::find(spec, "selector")));
  w.field(0, "Replicas", json::integer(spec, "replicas"), " desired | ", json::integer(status, "updatedReplicas"),
          " updated | ", json::integer(status, "replicas"), " total | ", json::integer(status, "availableReplicas"),
          " available | ", json::integer(status, "unavailableReplicas"), " unavailable");
  w.field(0, "StrategyType", json::str(spec, {"strategy", "type"}));
  w.field(0, "MinReadySeconds", json::integer(spec, "minReadySeconds"));
  if (const Json& rolling = json::find(spec, {"strategy", "rollingUpdate"}); rolling.is_object())
    w.field(0, "RollingUpdateStrategy", int_or_string(json::find(rolling, "maxUnavailable")), " max unavailable, ",
            int_or_string(json::find(rolling, "maxSurge")), " max surge");
  put_pod_template(w, json::find(spec, "template"));
  put_short_conditions(w, status);
  put_replica_sets(subject, w);
  put_events_of(subject, w);
  return {};
}

Status describe_stateful_set(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  std::string selector = selector_text(json::find(spec, "selector"));
  std::string pods = TRY(pods_text(subject, selector));
  put_name(w, subject.object, true);
  w.field(0, "CreationTimestamp", time_text(json::find(subject.object, {"metadata", "creationTimestamp"})));
  w.field(0, "Selector", selector);
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  w.field(0, "Replicas", json::integer(spec, "replicas"), " desired | ", json::integer(subject.status(), "replicas"),
          " total");
  w.field(0, "Update Strategy", json::str(spec, {"updateStrategy", "type"}));
  if (const Json& rolling = json::find(spec, {"updateStrategy", "rollingUpdate"}); has(rolling, "partition")) {
    w.field(1, "Partition", json::integer(rolling, "partition"));
    if (has(rolling, "maxUnavailable"))
      w.field(1, "MaxUnavailable", int_or_string(json::find(rolling, "maxUnavailable")));
  }
  w.field(0, "Pods Status", pods);
  put_pod_template(w, json::find(spec, "template"));
  put_claim_templates(w, json::find(spec, "volumeClaimTemplates"));
  put_events_of(subject, w);
  return {};
}

Status describe_daemon_set(const Subject& subject, Writer& w) {
  const Json &spec = subject.spec(), &status = subject.status();
  std::string selector = selector_text(json::find(spec, "selector"));
  std::string pods = TRY(pods_text(subject, selector));
  put_name(w, subject.object, true);
  w.field(0, "Selector", selector);
  w.field(0, "Node-Selector", labels_text(json::find(spec, {"template", "spec", "nodeSelector"})));
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  w.line(0, "Desired Number of Nodes Scheduled: ", json::integer(status, "desiredNumberScheduled"));
  w.line(0, "Current Number of Nodes Scheduled: ", json::integer(status, "currentNumberScheduled"));
  w.line(0, "Number of Nodes Scheduled with Up-to-date Pods: ", json::integer(status, "updatedNumberScheduled"));
  w.line(0, "Number of Nodes Scheduled with Available Pods: ", json::integer(status, "numberAvailable"));
  w.line(0, "Number of Nodes Misscheduled: ", json::integer(status, "numberMisscheduled"));
  w.field(0, "Pods Status", pods);
  put_pod_template(w, json::find(spec, "template"));
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
