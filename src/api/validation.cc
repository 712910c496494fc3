#include "api/validation.h"

#include <set>

#include "api/not_honoured.h"
#include "api/validate_names.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

using Check = void (*)(FieldErrors&, const Json& object, const Json* old);

enum class NameRule { kSubdomain, kLabel, k1035, kPath, kAny };

struct Row {
  std::string_view group;
  std::string_view kind;
  NameRule name;
  Check check;
};

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

// Kinds that are not here: DNS subdomain names, no rules beyond metadata.
constexpr Row kRows[] = {
    {"", "Pod", NameRule::kSubdomain, validate_pod},
    {"", "Service", NameRule::k1035, validate_service},
    {"", "Namespace", NameRule::kLabel, validate_namespace},
    {"", "Node", NameRule::kSubdomain, validate_node},
    {"", "ConfigMap", NameRule::kSubdomain, validate_config_map},
    {"", "Secret", NameRule::kSubdomain, validate_secret},
    {"", "Endpoints", NameRule::kSubdomain, validate_endpoints},
    {"", "Event", NameRule::kSubdomain, validate_event},
    {"events.k8s.io", "Event", NameRule::kSubdomain, nullptr},
    {"", "ReplicationController", NameRule::kSubdomain, validate_replication_controller},
    {"", "PodTemplate", NameRule::kSubdomain, validate_pod_template_kind},
    {"", "ResourceQuota", NameRule::kSubdomain, validate_resource_quota},
    {"", "LimitRange", NameRule::kSubdomain, validate_limit_range},
    {"", "PersistentVolumeClaim", NameRule::kSubdomain, validate_claim},
    {"", "PersistentVolume", NameRule::kSubdomain, validate_persistent_volume},
    {"", "Binding", NameRule::kAny, validate_binding},
    {"apps", "Deployment", NameRule::kSubdomain, validate_deployment},
    {"apps", "ReplicaSet", NameRule::kSubdomain, validate_replica_set},
    {"apps", "StatefulSet", NameRule::kLabel, validate_stateful_set},
    {"apps", "DaemonSet", NameRule::kSubdomain, validate_daemon_set},
    {"apps", "ControllerRevision", NameRule::kSubdomain, validate_controller_revision},
    {"batch", "Job", NameRule::kSubdomain, validate_job},
    {"batch", "CronJob", NameRule::kSubdomain, validate_cron_job},
    {"policy", "PodDisruptionBudget", NameRule::kSubdomain, validate_disruption_budget},
    {"autoscaling", "HorizontalPodAutoscaler", NameRule::kPath, validate_autoscaler},
    {"discovery.k8s.io", "EndpointSlice", NameRule::kSubdomain, validate_endpoint_slice},
    {"networking.k8s.io", "Ingress", NameRule::kSubdomain, validate_ingress},
    {"networking.k8s.io", "NetworkPolicy", NameRule::kSubdomain, validate_network_policy},
    {"coordination.k8s.io", "Lease", NameRule::kSubdomain, validate_lease},
    {"scheduling.k8s.io", "PriorityClass", NameRule::kSubdomain, validate_priority_class},
    {"storage.k8s.io", "StorageClass", NameRule::kSubdomain, validate_storage_class},
    {"node.k8s.io", "RuntimeClass", NameRule::kSubdomain, validate_runtime_class},
    {"certificates.k8s.io", "CertificateSigningRequest", NameRule::kPath, validate_signing_request},
    {"apiextensions.k8s.io", "CustomResourceDefinition", NameRule::kSubdomain, validate_custom_resource_definition},
    {kRbac, "Role", NameRule::kPath, validate_role},
    {kRbac, "ClusterRole", NameRule::kPath, validate_role},
    {kRbac, "RoleBinding", NameRule::kPath, validate_role_binding},
    {kRbac, "ClusterRoleBinding", NameRule::kPath, validate_role_binding},
    {"authentication.k8s.io", "TokenRequest", NameRule::kAny, validate_token_request},
    {"policy", "Eviction", NameRule::kAny, nullptr},
};

const Row* row_of(const Resource& resource) {
  for (const Row& row : kRows)
    if (resource.is(row.group, row.kind)) return &row;
  return nullptr;
}

void validate_owners(FieldErrors& errors, const Json& owners) {
  std::string controller;
  for (size_t i = 0; i < owners.size(); ++i) {
    std::string path = index("metadata.ownerReferences", i);
    const Json& owner = owners[i];
    for (const char* key : {"apiVersion", "kind", "name", "uid"})
      if (json::str(owner, key).empty())
        errors.invalid(child(path, key == std::string_view("apiVersion") ? "apiVersion" : key), "",
                       key == std::string_view("apiVersion") ? "version must not be empty" : "must not be empty");
    if (!json::boolean(owner, "controller")) continue;
    std::string name = json::str(owner, "name");
    if (!controller.empty())
      errors.invalid("metadata.ownerReferences", owners,
                     "Only one reference can have Controller set to true. Found \"true\" in references for " + controller + " and " + name);
    controller = name;
  }
}

void validate_metadata(FieldErrors& errors, const Resource& resource, const Json& object) {
  const Json& meta = json::find(object, "metadata");
  std::string name = json::str(meta, "name"), generate = json::str(meta, "generateName");
  if (!generate.empty() && name.empty()) {
    std::string trial = generate;
    while (!trial.empty() && trial.back() == '-') trial.back() = 'a';
    check(errors, "metadata.generateName", generate, name_problem(resource, trial));
  }
  if (name.empty()) errors.required("metadata.name", "name or generateName is required");
  else check(errors, "metadata.name", name, name_problem(resource, name));
  std::string ns = json::str(meta, "namespace");
  if (resource.namespaced) {
    if (ns.empty()) errors.required("metadata.namespace");
    else check(errors, "metadata.namespace", ns, dns_label_problem(ns));
  } else if (!ns.empty()) {
    errors.forbidden("metadata.namespace", "not allowed on this type");
  }
  validate_non_negative(errors, "metadata.generation", json::find(meta, "generation"));
  validate_labels(errors, "metadata.labels", json::find(meta, "labels"));
  validate_annotations(errors, "metadata.annotations", json::find(meta, "annotations"));
  validate_owners(errors, json::array_or_empty(json::find(meta, "ownerReferences")));
  const Json& finalizers = json::array_or_empty(json::find(meta, "finalizers"));
  bool orphan = false, foreground = false;
  for (const auto& f : finalizers) {
    if (!f.is_string()) continue;
    const auto& text = f.get_ref<const std::string&>();
    check(errors, "metadata.finalizers", f, qualified_name_problem(text));
    orphan = orphan || text == "orphan";
    foreground = foreground || text == "foregroundDeletion";
  }
  if (orphan && foreground)
    errors.invalid("metadata.finalizers", finalizers, "finalizer foregroundDeletion and orphan cannot be both set");
}

void validate_metadata_update(FieldErrors& errors, const Json& object, const Json& old) {
  const Json& meta = json::find(object, "metadata");
  const Json& before = json::find(old, "metadata");
  for (const char* key : {"name", "namespace", "uid", "creationTimestamp"})
    if (!json::find(before, key).is_null()) validate_immutable(errors, child("metadata", key), json::find(meta, key), json::find(before, key));
  // While an object is being deleted, finalizers may go but not come.
  if (json::find(before, "deletionTimestamp").is_string()) {
    std::set<std::string> known;
    for (const auto& f : json::array_or_empty(json::find(before, "finalizers"))) known.insert(f.get<std::string>());
    for (const auto& f : json::array_or_empty(json::find(meta, "finalizers")))
      if (f.is_string() && !known.contains(f.get<std::string>()))
        errors.forbidden("metadata.finalizers", "no new finalizers can be added if the object is being deleted, found new finalizers []string{" + json::dump(f) + "}");
  }
}

void validate_scale(FieldErrors& errors, const Json& object) {
  const Json& replicas = json::find(object, {"spec", "replicas"});
  validate_non_negative(errors, "spec.replicas", replicas);
}

Status finish(const FieldErrors& errors, const Resource& resource, const Json& object) {
  return errors.to_status(resource.group, resource.kind, json::str(object, {"metadata", "name"}));
}

}  // namespace

std::string name_problem(const Resource& resource, std::string_view name) {
  const Row* row = row_of(resource);
  switch (row != nullptr ? row->name : NameRule::kSubdomain) {
    case NameRule::kSubdomain: return dns_subdomain_problem(name);
    case NameRule::kLabel: return dns_label_problem(name);
    case NameRule::k1035: return dns1035_problem(name);
    case NameRule::kPath: return path_segment_problem(name);
    case NameRule::kAny: return "";
  }
  return "";
}

Status validate_create(const Resource& resource, const Json& object) {
  FieldErrors errors;
  if (resource.stored) validate_metadata(errors, resource, object);
  if (const Row* row = row_of(resource); row != nullptr && row->check != nullptr) row->check(errors, object, nullptr);
  return finish(errors, resource, object);
}

Status validate_update(const Resource& resource, const Json& object, const Json& old, std::string_view subresource) {
  FieldErrors errors;
  if (subresource == "scale") {
    validate_scale(errors, object);
    return errors.to_status("autoscaling", "Scale", json::str(object, {"metadata", "name"}));
  }
  validate_metadata(errors, resource, object);
  validate_metadata_update(errors, object, old);
  bool pod = resource.is("", "Pod");
  if (subresource.empty()) {
    if (const Row* row = row_of(resource); row != nullptr && row->check != nullptr) row->check(errors, object, &old);
  } else if (subresource == "status" && pod) {
    validate_pod_status_update(errors, object, old);
  } else if (subresource == "ephemeralcontainers" && pod) {
    validate_ephemeral_containers_update(errors, object, old);
  } else if (subresource == "status" && resource.is("", "Node")) {
    validate_node(errors, object, &old);
  }
  return finish(errors, resource, object);
}

std::vector<std::string> write_warnings(const Resource& resource, const Json& object) {
  std::vector<std::string> warnings;
  if (!resource.acted_on)
    warnings.push_back("no part of Skerry acts on " + resource.group_resource() + " yet: the object is stored, nothing else happens");
  const Json& spec = json::find(object, "spec");
  const Json& pod_spec = resource.is("", "Pod") ? spec : json::find(spec, {"template", "spec"});
  std::string prefix = resource.is("", "Pod") ? "spec" : "spec.template.spec";
  for (auto& w : not_honoured_in_pod(pod_spec, prefix)) warnings.push_back(std::move(w));
  if (resource.is("", "Service"))
    for (auto& w : not_honoured_in_service(spec)) warnings.push_back(std::move(w));
  for (const char* list : {"containers", "initContainers"}) {
    const Json& containers = json::array_or_empty(json::find(pod_spec, list));
    for (size_t i = 0; i < containers.size(); ++i) {
      std::set<std::string> names;
      const Json& env = json::array_or_empty(json::find(containers[i], "env"));
      for (size_t e = 0; e < env.size(); ++e) {
        std::string name = json::str(env[e], "name");
        if (!names.insert(name).second)
          warnings.push_back(index(child(index(child(prefix, list), i), "env"), e) + ": hides previous definition of \"" + name +
                             "\", which may be dropped when using apply");
      }
    }
  }
  return warnings;
}

}  // namespace skerry::api
