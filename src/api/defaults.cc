#include "api/defaults.h"

#include <initializer_list>

#include "base/strings.h"

namespace skerry::api {
namespace {

void put(Json& object, const char* key, Json value) {
  if (auto it = object.find(key); it == object.end() || it->is_null()) object[key] = std::move(value);
}

// Missing or "".
void put_text(Json& object, const char* key, std::string_view value) {
  auto it = object.find(key);
  if (it == object.end() || it->is_null() || (it->is_string() && it->get_ref<const std::string&>().empty())) object[key] = value;
}

// Missing or 0: fields that Go cannot tell apart.
void put_number(Json& object, const char* key, int64_t value) {
  auto it = object.find(key);
  if (it == object.end() || it->is_null() || (it->is_number() && *it == 0)) object[key] = value;
}

// The object or array at `key`, if there is one.
Json* at(Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(key);
  return it != object.end() && it->is_structured() ? &*it : nullptr;
}

// Creates an object at `key` where there is none.
Json& make(Json& object, const char* key) {
  Json& value = object[key];
  if (!value.is_object()) value = Json::object();
  return value;
}

template <class F>
void each(Json& object, const char* key, F f) {
  if (Json* list = at(object, key); list != nullptr && list->is_array())
    for (auto& item : *list)
      if (item.is_object()) f(item);
}

void http_get(Json& get) {
  put_text(get, "path", "/");
  put_text(get, "scheme", "HTTP");
}

void probe(Json& p) {
  put_number(p, "timeoutSeconds", 1);
  put_number(p, "periodSeconds", 10);
  put_number(p, "successThreshold", 1);
  put_number(p, "failureThreshold", 3);
  if (Json* get = at(p, "httpGet")) http_get(*get);
  if (Json* grpc = at(p, "grpc")) put(*grpc, "service", "");
}

void field_ref(Json& parent) {
  if (Json* ref = at(parent, "fieldRef")) put_text(*ref, "apiVersion", "v1");
}

// Requests that are not given equal their limits.
void requests_from_limits(Json& resources) {
  Json* limits = at(resources, "limits");
  if (limits == nullptr || limits->empty()) return;
  Json& requests = make(resources, "requests");
  for (const auto& [name, amount] : limits->items())
    if (!requests.contains(name)) requests[name] = amount;
}

// ":latest", also implied by no tag and no digest.
bool is_latest(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return false;
  size_t colon = image.rfind(':'), slash = image.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) return true;
  return image.substr(colon + 1) == "latest";
}

void container(Json& c) {
  put_text(c, "imagePullPolicy", is_latest(json::str(c, "image")) ? "Always" : "IfNotPresent");
  put_text(c, "terminationMessagePath", "/dev/termination-log");
  put_text(c, "terminationMessagePolicy", "File");
  for (const char* key : {"livenessProbe", "readinessProbe", "startupProbe"})
    if (Json* p = at(c, key)) probe(*p);
  if (Json* lifecycle = at(c, "lifecycle"))
    for (const char* key : {"postStart", "preStop"})
      if (Json* handler = at(*lifecycle, key))
        if (Json* get = at(*handler, "httpGet")) http_get(*get);
  each(c, "ports", [](Json& p) { put_text(p, "protocol", "TCP"); });
  each(c, "env", [](Json& e) {
    if (Json* from = at(e, "valueFrom")) {
      field_ref(*from);
      if (Json* resource = at(*from, "resourceFieldRef")) put(*resource, "divisor", "0");
      if (Json* file = at(*from, "fileKeyRef")) put(*file, "optional", false);
    }
  });
}

void downward_items(Json& source) {
  each(source, "items", [](Json& i) {
    field_ref(i);
    if (Json* resource = at(i, "resourceFieldRef")) put(*resource, "divisor", "0");
  });
}

// Kinds of disks that pods and PersistentVolumes name alike.
void network_disk(Json& v) {
  if (Json* source = at(v, "iscsi")) put_text(*source, "iscsiInterface", "default");
  if (Json* source = at(v, "rbd")) {
    put_text(*source, "pool", "rbd");
    put_text(*source, "user", "admin");
    put_text(*source, "keyring", "/etc/ceph/keyring");
  }
  if (Json* source = at(v, "azureDisk")) {
    put_text(*source, "cachingMode", "ReadWrite");
    put_text(*source, "kind", "Shared");
    put_text(*source, "fsType", "ext4");
    put(*source, "readOnly", false);
  }
  if (Json* source = at(v, "scaleIO")) {
    put_text(*source, "storageMode", "ThinProvisioned");
    put_text(*source, "fsType", "xfs");
  }
}

void volume(Json& v) {
  if (v.size() == 1 && v.contains("name")) v["emptyDir"] = Json::object();
  for (const char* key : {"configMap", "secret", "downwardAPI", "projected"})
    if (Json* source = at(v, key)) put(*source, "defaultMode", 420);
  if (Json* source = at(v, "downwardAPI")) downward_items(*source);
  if (Json* source = at(v, "hostPath")) put(*source, "type", "");
  if (Json* projected = at(v, "projected"))
    each(*projected, "sources", [](Json& s) {
      if (Json* token = at(s, "serviceAccountToken")) put_number(*token, "expirationSeconds", 3600);
      if (Json* down = at(s, "downwardAPI")) downward_items(*down);
    });
  network_disk(v);
  if (Json* ephemeral = at(v, "ephemeral"))
    if (Json* claim = at(*ephemeral, "volumeClaimTemplate"))
      if (Json* spec = at(*claim, "spec")) put_text(*spec, "volumeMode", "Filesystem");
  if (Json* image = at(v, "image"))
    put_text(*image, "pullPolicy", is_latest(json::str(*image, "reference")) ? "Always" : "IfNotPresent");
}

// Host ports are the container's ports on the host network.
void host_ports(Json& c) {
  each(c, "ports", [](Json& p) {
    if (json::integer(p, "hostPort") == 0) p["hostPort"] = json::integer(p, "containerPort");
  });
}

void template_of(Json& spec) {
  if (Json* pod_template = at(spec, "template"))
    if (Json* pod_spec = at(*pod_template, "spec")) set_pod_spec_defaults(*pod_spec);
}

void pod(Json& object) {
  Json& spec = make(object, "spec");
  put(spec, "enableServiceLinks", true);
  set_pod_spec_defaults(spec);
  // Only in pods themselves, not in templates.
  for (const char* list : {"containers", "initContainers"})
    each(spec, list, [&](Json& c) {
      if (Json* resources = at(c, "resources")) requests_from_limits(*resources);
      if (json::boolean(spec, "hostNetwork")) host_ports(c);
    });
  if (Json* resources = at(spec, "resources")) requests_from_limits(*resources);
  Json& status = make(object, "status");
  put_text(status, "phase", "Pending");
}

void service(Json& object) {
  Json& spec = make(object, "spec");
  put_text(spec, "sessionAffinity", "None");
  put_text(spec, "type", "ClusterIP");
  std::string type = json::str(spec, "type"), affinity = json::str(spec, "sessionAffinity");
  if (affinity == "None") spec.erase("sessionAffinityConfig");
  if (affinity == "ClientIP") put(make(make(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10800);
  each(spec, "ports", [](Json& p) {
    put_text(p, "protocol", "TCP");
    const Json& target = json::find(p, "targetPort");
    if (target.is_null() || target == 0 || target == "") p["targetPort"] = json::integer(p, "port");
  });
  if (type == "NodePort" || type == "LoadBalancer") put_text(spec, "externalTrafficPolicy", "Cluster");
  if (type != "ExternalName") put_text(spec, "internalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") put(spec, "allocateLoadBalancerNodePorts", true);
}

// Labels and selector of a ReplicationController are its template's where it has none of its own.
void replication_controller(Json& object) {
  Json& spec = make(object, "spec");
  Json labels = json::find(spec, {"template", "metadata", "labels"});
  if (labels.is_object() && !labels.empty()) {
    if (json::object_or_empty(json::find(spec, "selector")).empty()) spec["selector"] = labels;
    Json& meta = make(object, "metadata");
    if (json::object_or_empty(json::find(meta, "labels")).empty()) meta["labels"] = labels;
  }
  put(spec, "replicas", 1);
  template_of(spec);
}

void deployment(Json& object) {
  Json& spec = make(object, "spec");
  put(spec, "replicas", 1);
  Json& strategy = make(spec, "strategy");
  put_text(strategy, "type", "RollingUpdate");
  if (json::str(strategy, "type") == "RollingUpdate") {
    Json& rolling = make(strategy, "rollingUpdate");
    put(rolling, "maxUnavailable", "25%");
    put(rolling, "maxSurge", "25%");
  }
  put(spec, "revisionHistoryLimit", 10);
  put(spec, "progressDeadlineSeconds", 600);
  template_of(spec);
}

void claim_spec(Json& spec) { put_text(spec, "volumeMode", "Filesystem"); }

void stateful_set(Json& object) {
  Json& spec = make(object, "spec");
  put_text(spec, "podManagementPolicy", "OrderedReady");
  Json& strategy = make(spec, "updateStrategy");
  if (json::str(strategy, "type").empty()) {
    strategy["type"] = "RollingUpdate";
    put(make(strategy, "rollingUpdate"), "partition", 0);
  } else if (json::str(strategy, "type") == "RollingUpdate") {
    if (Json* rolling = at(strategy, "rollingUpdate")) put(*rolling, "partition", 0);
  }
  Json& retention = make(spec, "persistentVolumeClaimRetentionPolicy");
  put_text(retention, "whenDeleted", "Retain");
  put_text(retention, "whenScaled", "Retain");
  put(spec, "replicas", 1);
  put(spec, "revisionHistoryLimit", 10);
  template_of(spec);
  each(spec, "volumeClaimTemplates", [](Json& claim) {
    put_text(claim, "apiVersion", "v1");
    put_text(claim, "kind", "PersistentVolumeClaim");
    claim_spec(make(claim, "spec"));
    put_text(make(claim, "status"), "phase", "Pending");
  });
}

void daemon_set(Json& object) {
  Json& spec = make(object, "spec");
  Json& strategy = make(spec, "updateStrategy");
  put_text(strategy, "type", "RollingUpdate");
  if (json::str(strategy, "type") == "RollingUpdate") {
    Json& rolling = make(strategy, "rollingUpdate");
    put(rolling, "maxUnavailable", 1);
    put(rolling, "maxSurge", 0);
  }
  put(spec, "revisionHistoryLimit", 10);
  template_of(spec);
}

void job_spec(Json& spec) {
  if (json::find(spec, "completions").is_null() && json::find(spec, "parallelism").is_null()) {
    spec["completions"] = 1;
    spec["parallelism"] = 1;
  }
  put(spec, "parallelism", 1);
  put(spec, "backoffLimit", spec.contains("backoffLimitPerIndex") ? INT32_MAX : 6);
  put_text(spec, "completionMode", "NonIndexed");
  put(spec, "suspend", false);
  put_text(spec, "podReplacementPolicy", spec.contains("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
  if (Json* policy = at(spec, "podFailurePolicy"))
    each(*policy, "rules", [](Json& rule) {
      each(rule, "onPodConditions", [](Json& c) { put_text(c, "status", "True"); });
    });
  template_of(spec);
}

void cron_job(Json& object) {
  Json& spec = make(object, "spec");
  put_text(spec, "concurrencyPolicy", "Allow");
  put(spec, "suspend", false);
  put(spec, "successfulJobsHistoryLimit", 3);
  put(spec, "failedJobsHistoryLimit", 1);
  Json& inner = make(make(spec, "jobTemplate"), "spec");
  // In a CronJob the template keeps what a Job would get on creation.
  template_of(inner);
}

void volume_source_of_pv(Json& spec) {
  if (Json* source = at(spec, "hostPath")) put(*source, "type", "");
  network_disk(spec);
}

void role_refs(Json& object) {
  if (Json* ref = at(object, "roleRef")) put_text(*ref, "apiGroup", "rbac.authorization.k8s.io");
  each(object, "subjects", [](Json& s) {
    std::string kind = json::str(s, "kind");
    if (kind == "User" || kind == "Group") put_text(s, "apiGroup", "rbac.authorization.k8s.io");
  });
}

void ingress(Json& object) {
  if (Json* spec = at(object, "spec"))
    each(*spec, "rules", [](Json& rule) {
      if (Json* http = at(rule, "http"))
        each(*http, "paths", [](Json& path) { put_text(path, "pathType", "ImplementationSpecific"); });
    });
}

void network_policy(Json& object) {
  Json& spec = make(object, "spec");
  for (const char* direction : {"ingress", "egress"})
    each(spec, direction, [](Json& rule) { each(rule, "ports", [](Json& p) { put_text(p, "protocol", "TCP"); }); });
  if (json::array_or_empty(json::find(spec, "policyTypes")).empty()) {
    spec["policyTypes"] = Json::array({"Ingress"});
    if (!json::array_or_empty(json::find(spec, "egress")).empty()) spec["policyTypes"].push_back("Egress");
  }
}

void autoscaler(Json& object) {
  Json& spec = make(object, "spec");
  put(spec, "minReplicas", 1);
  if (object.value("apiVersion", "") == "autoscaling/v2" && json::array_or_empty(json::find(spec, "metrics")).empty())
    spec["metrics"] = Json::array({{{"type", "Resource"},
                                    {"resource", {{"name", "cpu"}, {"target", {{"type", "Utilization"}, {"averageUtilization", 80}}}}}}});
}

void webhooks(Json& object) {
  each(object, "webhooks", [&](Json& w) {
    put_text(w, "failurePolicy", "Fail");
    put_text(w, "matchPolicy", "Equivalent");
    put(w, "namespaceSelector", Json::object());
    put(w, "objectSelector", Json::object());
    put(w, "timeoutSeconds", 10);
    if (json::str(object, "kind") == "MutatingWebhookConfiguration") put_text(w, "reinvocationPolicy", "Never");
    each(w, "rules", [](Json& rule) { put_text(rule, "scope", "*"); });
    if (Json* config = at(w, "clientConfig"))
      if (Json* target = at(*config, "service")) put(*target, "port", 443);
  });
}

void custom_resource_definition(Json& object) {
  Json& spec = make(object, "spec");
  Json& names = make(spec, "names");
  std::string kind = json::str(names, "kind");
  put_text(names, "singular", to_lower(kind));
  if (!kind.empty()) put_text(names, "listKind", kind + "List");
  put_text(make(spec, "conversion"), "strategy", "None");
}

void limit_range(Json& object) {
  Json* spec = at(object, "spec");
  if (spec == nullptr) return;
  // A limit's defaults follow from its bounds: max -> default -> defaultRequest, min -> defaultRequest.
  each(*spec, "limits", [](Json& limit) {
    if (json::str(limit, "type") != "Container") return;
    auto copy = [&](const char* from, const char* to) {
      for (const auto& [name, amount] : json::object_or_empty(json::find(limit, from)).items())
        if (!json::object_or_empty(json::find(limit, to)).contains(name)) make(limit, to)[name] = amount;
    };
    copy("max", "default");
    copy("default", "defaultRequest");
    copy("min", "defaultRequest");
  });
}

struct Row {
  std::string_view group;
  std::string_view kind;
  void (*apply)(Json&);
};

constexpr Row kRows[] = {
    {"", "Pod", pod},
    {"", "Service", service},
    {"", "ReplicationController", replication_controller},
    {"apps", "Deployment", deployment},
    {"apps", "ReplicaSet",
     [](Json& o) {
       Json& spec = make(o, "spec");
       put(spec, "replicas", 1);
       template_of(spec);
     }},
    {"apps", "StatefulSet", stateful_set},
    {"apps", "DaemonSet", daemon_set},
    {"", "PodTemplate", [](Json& o) { template_of(o); }},
    {"batch", "Job", [](Json& o) { job_spec(make(o, "spec")); }},
    {"batch", "CronJob", cron_job},
    {"", "Secret", [](Json& o) { put_text(o, "type", "Opaque"); }},
    {"", "Namespace",
     [](Json& o) {
       put_text(make(o, "status"), "phase", "Active");
       // Every namespace can be selected by its name.
       if (std::string name = json::str(o, {"metadata", "name"}); !name.empty())
         make(make(o, "metadata"), "labels")["kubernetes.io/metadata.name"] = name;
     }},
    {"", "Node",
     [](Json& o) {
       Json& status = make(o, "status");
       if (const Json& capacity = json::find(status, "capacity"); capacity.is_object() && !status.contains("allocatable"))
         status["allocatable"] = Json(capacity);
     }},
    {"", "Endpoints",
     [](Json& o) {
       each(o, "subsets", [](Json& s) { each(s, "ports", [](Json& p) { put_text(p, "protocol", "TCP"); }); });
     }},
    {"discovery.k8s.io", "EndpointSlice",
     [](Json& o) {
       each(o, "ports", [](Json& p) {
         put(p, "name", "");
         put_text(p, "protocol", "TCP");
       });
     }},
    {"", "PersistentVolume",
     [](Json& o) {
       put_text(make(o, "status"), "phase", "Pending");
       Json& spec = make(o, "spec");
       put_text(spec, "persistentVolumeReclaimPolicy", "Retain");
       put_text(spec, "volumeMode", "Filesystem");
       volume_source_of_pv(spec);
     }},
    {"", "PersistentVolumeClaim",
     [](Json& o) {
       put_text(make(o, "status"), "phase", "Pending");
       claim_spec(make(o, "spec"));
     }},
    {"storage.k8s.io", "StorageClass",
     [](Json& o) {
       put_text(o, "reclaimPolicy", "Delete");
       put_text(o, "volumeBindingMode", "Immediate");
     }},
    {"storage.k8s.io", "CSIDriver",
     [](Json& o) {
       Json& spec = make(o, "spec");
       put(spec, "attachRequired", true);
       put(spec, "podInfoOnMount", false);
       put(spec, "storageCapacity", false);
       put(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
       put(spec, "requiresRepublish", false);
       put(spec, "seLinuxMount", false);
       if (json::array_or_empty(json::find(spec, "volumeLifecycleModes")).empty())
         spec["volumeLifecycleModes"] = Json::array({"Persistent"});
     }},
    {"", "LimitRange", limit_range},
    {"networking.k8s.io", "Ingress", ingress},
    {"networking.k8s.io", "NetworkPolicy", network_policy},
    {"networking.k8s.io", "IngressClass",
     [](Json& o) {
       if (Json* spec = at(o, "spec"))
         if (Json* parameters = at(*spec, "parameters")) put_text(*parameters, "scope", "Cluster");
     }},
    {"autoscaling", "HorizontalPodAutoscaler", autoscaler},
    {"rbac.authorization.k8s.io", "RoleBinding", role_refs},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", role_refs},
    {"scheduling.k8s.io", "PriorityClass", [](Json& o) { put_text(o, "preemptionPolicy", "PreemptLowerPriority"); }},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", webhooks},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration", webhooks},
    {"apiextensions.k8s.io", "CustomResourceDefinition", custom_resource_definition},
    {"certificates.k8s.io", "CertificateSigningRequest",
     [](Json& o) {
       Json& spec = make(o, "spec");
       if (json::array_or_empty(json::find(spec, "usages")).empty())
         spec["usages"] = Json::array({"digital signature", "key encipherment"});
     }},
    {"authentication.k8s.io", "TokenRequest", [](Json& o) { put(make(o, "spec"), "expirationSeconds", 3600); }},
};

}  // namespace

void set_pod_spec_defaults(Json& spec) {
  put_text(spec, "dnsPolicy", "ClusterFirst");
  put_text(spec, "restartPolicy", "Always");
  put(spec, "securityContext", Json::object());
  put(spec, "terminationGracePeriodSeconds", 30);
  put_text(spec, "schedulerName", "default-scheduler");
  // Both names of one field; the newer one wins.
  if (std::string name = json::str(spec, "serviceAccountName", json::str(spec, "serviceAccount")); !name.empty()) {
    spec["serviceAccountName"] = name;
    spec["serviceAccount"] = name;
  }
  each(spec, "containers", container);
  each(spec, "initContainers", container);
  each(spec, "ephemeralContainers", container);
  each(spec, "volumes", volume);
}

void set_defaults(const Resource& resource, Json& object) {
  if (resource.custom || !object.is_object()) return;
  for (const Row& row : kRows)
    if (resource.is(row.group, row.kind)) row.apply(object);
}

}  // namespace skerry::api
