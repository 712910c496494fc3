// PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttributesClass, CSINode.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/describe/volume_kinds.h"

namespace skerry::kubectl {
namespace {

constexpr std::string_view kClassAnnotation = "volume.beta.kubernetes.io/storage-class";

// "Term 0:\tkey in [a, b]" and a line for each further expression.
void put_term(Writer& w, int level, size_t number, const Json& expressions, std::string_view fixed_operator = "") {
  w.put(level, "Term ", number, ":\t");
  if (json::array_or_empty(expressions).empty()) return w.line(0, "<none>");
  bool first = true;
  for (const Json& e : expressions) {
    if (!first) w.put(level, "\t");
    first = false;
    std::string op = fixed_operator.empty() ? to_lower(json::str(e, "operator")) : std::string(fixed_operator);
    std::string text = json::str(e, "key") + " " + op;
    if (std::string values = joined_list(json::find(e, "values"), ", "); !strings(json::find(e, "values")).empty())
      text += " [" + values + "]";
    w.line(0, text);
  }
}

void put_node_affinity(Writer& w, const Json& affinity) {
  const Json& required = json::find(affinity, "required");
  w.put(0, "Node Affinity:\t");
  if (required.is_null()) return w.line(0, "<none>");
  w.line(0);
  w.put(1, "Required Terms:\t");
  const Json& terms = json::array_or_empty(json::find(required, "nodeSelectorTerms"));
  if (terms.empty()) return w.line(0, "<none>");
  w.line(0);
  for (size_t i = 0; i < terms.size(); ++i) put_term(w, 2, i, json::find(terms[i], "matchExpressions"));
}

// The phase, or how long it has been going.
void put_phase(const Subject& subject, Writer& w) {
  const Json& deleted = json::find(subject.object, {"metadata", "deletionTimestamp"});
  if (deleted.is_null()) w.field(0, "Status", json::str(subject.status(), "phase"));
  else w.field(0, "Status", "Terminating (lasts ", age_text(deleted, subject.now), ")");
}

std::string finalizers(const Json& object) {
  return go_value(json::array_or_empty(json::find(object, {"metadata", "finalizers"})));
}

// The names of the pods that use the claim: by their volumes, or as its owners.
Result<std::vector<std::string>> users_of_claim(const Subject& subject) {
  std::vector<Json> pods = TRY(subject.list(pods_mapping(), subject.ns()));
  std::vector<std::string> names, uids;
  for (const Json& pod : pods)
    for (const Json& volume : json::array_or_empty(json::find(pod, {"spec", "volumes"})))
      if (has(volume, "persistentVolumeClaim") &&
          json::str(volume, {"persistentVolumeClaim", "claimName"}) == subject.name()) {
        names.push_back(json::str(pod, {"metadata", "name"}));
        uids.push_back(json::str(pod, {"metadata", "uid"}));
      }
  for (const Json& owner : json::array_or_empty(json::find(subject.object, {"metadata", "ownerReferences"}))) {
    std::string uid = json::str(owner, "uid");
    if (json::str(owner, "kind") != "Pod" || std::find(uids.begin(), uids.end(), uid) != uids.end()) continue;
    for (const Json& pod : pods)
      if (json::str(pod, {"metadata", "uid"}) == uid) {
        names.push_back(json::str(pod, {"metadata", "name"}));
        uids.push_back(uid);
        break;
      }
  }
  std::stable_sort(names.begin(), names.end());
  return names;
}

void put_claim_conditions(Writer& w, const Json& status) {
  const Json& conditions = json::array_or_empty(json::find(status, "conditions"));
  if (conditions.empty()) return;
  w.line(0, "Conditions:");
  w.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
  w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
  for (const Json& c : conditions)
    w.line(1, json::str(c, "type"), " \t", json::str(c, "status"), " \t", time_text(json::find(c, "lastProbeTime")),
           " \t", time_text(json::find(c, "lastTransitionTime")), " \t", json::str(c, "reason"), " \t",
           json::str(c, "message"));
}

}  // namespace

std::string storage_class_of(const Json& object) {
  const Json& annotation = json::find(object, {"metadata", "annotations", kClassAnnotation});
  return annotation.is_string() ? annotation.get<std::string>() : json::str(object, {"spec", "storageClassName"});
}

void put_claim(Writer& w, const Json& claim, bool full) {
  const Json& spec = json::find(claim, "spec");
  if (full) put_name(w, claim, true);
  w.field(0, "StorageClass", storage_class_of(claim));
  if (full) {
    const Json& deleted = json::find(claim, {"metadata", "deletionTimestamp"});
    if (deleted.is_null()) w.field(0, "Status", json::str(claim, {"status", "phase"}));
    else w.field(0, "Status", "Terminating (lasts ", age_text(deleted, SystemClock().now()), ")");
  }
  w.field(0, "Volume", json::str(spec, "volumeName"));
  put_labels(w, "Labels", json::find(claim, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(claim, {"metadata", "annotations"}));
  if (full) w.field(0, "Finalizers", finalizers(claim));
  bool bound = !json::str(spec, "volumeName").empty();
  w.field(0, "Capacity", bound ? quantity_text(json::find(claim, {"status", "capacity", "storage"})) : "");
  w.field(0, "Access Modes", bound ? short_access_modes(json::find(claim, {"status", "accessModes"})) : "");
  if (has(spec, "volumeMode")) w.field(0, "VolumeMode", json::str(spec, "volumeMode"));
  if (const Json& source = json::find(spec, "dataSource"); source.is_object()) {
    w.line(0, "DataSource:");
    if (has(source, "apiGroup")) w.field(1, "APIGroup", json::str(source, "apiGroup"));
    w.field(1, "Kind", json::str(source, "kind"));
    w.field(1, "Name", json::str(source, "name"));
  }
}

Status describe_volume(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  put_metadata(w, subject.object, false);
  w.field(0, "Finalizers", finalizers(subject.object));
  w.field(0, "StorageClass", storage_class_of(subject.object));
  put_phase(subject, w);
  if (const Json& claim = json::find(spec, "claimRef"); claim.is_object())
    w.field(0, "Claim", json::str(claim, "namespace"), "/", json::str(claim, "name"));
  else w.field(0, "Claim");
  w.field(0, "Reclaim Policy", json::str(spec, "persistentVolumeReclaimPolicy"));
  w.field(0, "Access Modes", short_access_modes(json::find(spec, "accessModes")));
  if (has(spec, "volumeMode")) w.field(0, "VolumeMode", json::str(spec, "volumeMode"));
  w.field(0, "Capacity", quantity_text(json::find(spec, {"capacity", "storage"})));
  put_node_affinity(w, json::find(spec, "nodeAffinity"));
  w.field(0, "Message", json::str(subject.status(), "message"));
  w.line(0, "Source:");
  put_volume_source(w, spec, true);
  put_events_of(subject, w);
  return {};
}

Status describe_volume_claim(const Subject& subject, Writer& w) {
  std::vector<std::string> users = TRY(users_of_claim(subject));
  put_claim(w, subject.object, true);
  w.field(0, "Used By", users.empty() ? "<none>" : join(users, "\n\t"));
  put_claim_conditions(w, subject.status());
  put_events_of(subject, w);
  return {};
}

Status describe_storage_class(const Subject& subject, Writer& w) {
  const Json& object = subject.object;
  const Json& annotations = json::find(object, {"metadata", "annotations"});
  bool is_default = json::str(annotations, "storageclass.kubernetes.io/is-default-class") == "true" ||
                    json::str(annotations, "storageclass.beta.kubernetes.io/is-default-class") == "true";
  w.field(0, "Name", subject.name());
  w.field(0, "IsDefaultClass", is_default ? "Yes" : "No");
  w.field(0, "Annotations", labels_text(annotations));
  w.field(0, "Provisioner", json::str(object, "provisioner"));
  w.field(0, "Parameters", labels_text(json::find(object, "parameters")));
  w.field(0, "AllowVolumeExpansion", true_false_or_unset(json::find(object, "allowVolumeExpansion")));
  const Json& options = json::array_or_empty(json::find(object, "mountOptions"));
  if (options.empty()) {
    w.field(0, "MountOptions", "<none>");
  } else {
    w.line(0, "MountOptions:");
    for (const std::string& option : strings(options)) w.line(1, option);
  }
  if (has(object, "reclaimPolicy")) w.field(0, "ReclaimPolicy", json::str(object, "reclaimPolicy"));
  if (has(object, "volumeBindingMode")) w.field(0, "VolumeBindingMode", json::str(object, "volumeBindingMode"));
  if (const Json& topologies = json::array_or_empty(json::find(object, "allowedTopologies")); !topologies.empty()) {
    w.line(0, "AllowedTopologies:\t");
    for (size_t i = 0; i < topologies.size(); ++i)
      put_term(w, 1, i, json::find(topologies[i], "matchLabelExpressions"), "in");
  }
  put_events_of(subject, w);
  return {};
}

Status describe_volume_attributes_class(const Subject& subject, Writer& w) {
  w.field(0, "Name", subject.name());
  w.field(0, "Annotations", labels_text(json::find(subject.object, {"metadata", "annotations"})));
  w.field(0, "DriverName", json::str(subject.object, "driverName"));
  w.field(0, "Parameters", labels_text(json::find(subject.object, "parameters")));
  put_events_of(subject, w);
  return {};
}

Status describe_csi_node(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  w.field(0, "CreationTimestamp", time_text(json::find(subject.object, {"metadata", "creationTimestamp"})));
  w.line(0, "Spec:");
  if (const Json& drivers = json::array_or_empty(json::find(subject.spec(), "drivers")); !drivers.empty()) {
    w.line(1, "Drivers:");
    for (const Json& driver : drivers) {
      w.line(2, json::str(driver, "name"), ":");
      w.field(3, "Node ID", json::str(driver, "nodeID"));
      if (const Json& count = json::find(driver, {"allocatable", "count"}); !count.is_null()) {
        w.line(3, "Allocatables:");
        w.field(4, "Count", go_value(count));
      }
      const Json& keys = json::array_or_empty(json::find(driver, "topologyKeys"));
      if (!keys.empty()) w.field(3, "Topology Keys", go_value(keys));
    }
  }
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
