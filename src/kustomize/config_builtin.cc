// The built-in table of kustomize 5.8, written shorter: many kinds hold a pod's template, at different paths.
#include "kustomize/config.h"

#include <string>

namespace skerry::kustomize {
namespace {

constexpr const char* kApps = "apps";
constexpr const char* kBatch = "batch";
constexpr const char* kRbac = "rbac.authorization.k8s.io";
constexpr const char* kAdmission = "admissionregistration.k8s.io";
constexpr const char* kNetworking = "networking.k8s.io";

// Where the pod's spec stands in objects of a kind.
struct Holder {
  const char* kind;
  const char* version;
  const char* pod_spec;
};

constexpr Holder kWorkloads[] = {
    {"Pod", "v1", "spec/"},
    {"PodTemplate", "", "template/spec/"},
    {"Deployment", "", "spec/template/spec/"},
    {"ReplicaSet", "", "spec/template/spec/"},
    {"DaemonSet", "", "spec/template/spec/"},
    {"StatefulSet", "", "spec/template/spec/"},
    {"Job", "", "spec/template/spec/"},
    {"CronJob", "", "spec/jobTemplate/spec/template/spec/"},
};
// References to accounts, claims and priorities know another set.
constexpr Holder kOtherWorkloads[] = {
    {"Pod", "", "spec/"},
    {"StatefulSet", "", "spec/template/spec/"},
    {"Deployment", "", "spec/template/spec/"},
    {"ReplicationController", "", "spec/template/spec/"},
    {"CronJob", "", "spec/jobTemplate/spec/template/spec/"},
    {"Job", "", "spec/template/spec/"},
    {"DaemonSet", "", "spec/template/spec/"},
};

using Specs = std::vector<FieldSpec>;

template <size_t N>
void in_pods(Specs& out, const Holder (&holders)[N], std::initializer_list<const char*> paths) {
  for (const auto& h : holders)
    for (const char* path : paths) out.push_back({{"", h.version, h.kind}, std::string(h.pod_spec) + path, false});
}

Specs metadata_labels() {
  return {{{}, "metadata/labels", true},
          {{"", "v1", "ReplicationController"}, "spec/template/metadata/labels", true},
          {{"", "", "Deployment"}, "spec/template/metadata/labels", true},
          {{"", "", "ReplicaSet"}, "spec/template/metadata/labels", true},
          {{"", "", "DaemonSet"}, "spec/template/metadata/labels", true},
          {{kApps, "", "StatefulSet"}, "spec/template/metadata/labels", true},
          {{kApps, "", "StatefulSet"}, "spec/volumeClaimTemplates[]/metadata/labels", true},
          {{kBatch, "", "Job"}, "spec/template/metadata/labels", true},
          {{kBatch, "", "CronJob"}, "spec/jobTemplate/metadata/labels", true},
          {{kBatch, "", "CronJob"}, "spec/jobTemplate/spec/template/metadata/labels", true}};
}

Specs common_label_specs() {
  Specs out = {{{"", "v1", "Service"}, "spec/selector", true},
               {{"", "v1", "ReplicationController"}, "spec/selector", true},
               {{"", "", "Deployment"}, "spec/selector/matchLabels", true},
               {{"", "", "ReplicaSet"}, "spec/selector/matchLabels", true},
               {{"", "", "DaemonSet"}, "spec/selector/matchLabels", true},
               {{kApps, "", "StatefulSet"}, "spec/selector/matchLabels", true},
               {{kBatch, "", "Job"}, "spec/selector/matchLabels", false},
               {{kBatch, "", "CronJob"}, "spec/jobTemplate/spec/selector/matchLabels", false},
               {{"policy", "", "PodDisruptionBudget"}, "spec/selector/matchLabels", false},
               {{kNetworking, "", "NetworkPolicy"}, "spec/podSelector/matchLabels", false},
               {{kNetworking, "", "NetworkPolicy"}, "spec/ingress/from/podSelector/matchLabels", false},
               {{kNetworking, "", "NetworkPolicy"}, "spec/egress/to/podSelector/matchLabels", false}};
  for (const char* kind : {"Deployment", "StatefulSet"}) {
    for (const char* affinity : {"podAffinity", "podAntiAffinity"}) {
      std::string at = std::string("spec/template/spec/affinity/") + affinity;
      out.push_back({{kApps, "", kind}, at + "/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels", false});
      out.push_back({{kApps, "", kind}, at + "/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false});
    }
    out.push_back({{kApps, "", kind}, "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", false});
  }
  for (auto& spec : metadata_labels()) out.push_back(std::move(spec));
  return out;
}

Specs annotation_specs() {
  return {{{}, "metadata/annotations", true},
          {{"", "v1", "ReplicationController"}, "spec/template/metadata/annotations", true},
          {{"", "", "Deployment"}, "spec/template/metadata/annotations", true},
          {{"", "", "ReplicaSet"}, "spec/template/metadata/annotations", true},
          {{"", "", "DaemonSet"}, "spec/template/metadata/annotations", true},
          {{"", "", "StatefulSet"}, "spec/template/metadata/annotations", true},
          {{kBatch, "", "Job"}, "spec/template/metadata/annotations", true},
          {{kBatch, "", "CronJob"}, "spec/jobTemplate/metadata/annotations", true},
          {{kBatch, "", "CronJob"}, "spec/jobTemplate/spec/template/metadata/annotations", true}};
}

NameReference config_maps() {
  NameReference out{{"", "v1", "ConfigMap"}, {}};
  in_pods(out.referrers, kWorkloads,
          {"volumes/configMap/name", "containers/env/valueFrom/configMapKeyRef/name", "initContainers/env/valueFrom/configMapKeyRef/name",
           "containers/envFrom/configMapRef/name", "initContainers/envFrom/configMapRef/name", "volumes/projected/sources/configMap/name"});
  out.referrers.push_back({{"", "", "Node"}, "spec/configSource/configMap", false});
  out.referrers.push_back({{"", "", "Role"}, "rules/resourceNames", false});
  out.referrers.push_back({{"", "", "ClusterRole"}, "rules/resourceNames", false});
  out.referrers.push_back({{"", "", "Ingress"}, "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", false});
  return out;
}

NameReference secrets() {
  NameReference out{{"", "v1", "Secret"}, {}};
  in_pods(out.referrers, kWorkloads,
          {"volumes/secret/secretName", "containers/env/valueFrom/secretKeyRef/name", "initContainers/env/valueFrom/secretKeyRef/name",
           "containers/envFrom/secretRef/name", "initContainers/envFrom/secretRef/name", "imagePullSecrets/name", "volumes/projected/sources/secret/name"});
  const FieldSpec others[] = {
      {{"", "", "Ingress"}, "spec/tls/secretName", false},
      {{"", "", "Ingress"}, "metadata/annotations/ingress.kubernetes.io\\/auth-secret", false},
      {{"", "", "Ingress"}, "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", false},
      {{"", "", "Ingress"}, "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret", false},
      {{"", "", "ServiceAccount"}, "imagePullSecrets/name", false},
      {{"", "", "StorageClass"}, "parameters/secretName", false},
      {{"", "", "StorageClass"}, "parameters/adminSecretName", false},
      {{"", "", "StorageClass"}, "parameters/userSecretName", false},
      {{"", "", "StorageClass"}, "parameters/secretRef", false},
      {{"", "", "Role"}, "rules/resourceNames", false},
      {{"", "", "ClusterRole"}, "rules/resourceNames", false},
      {{"serving.knative.dev", "v1", "Service"}, "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
      {{"", "", "PersistentVolume"}, "spec/azureFile/secretName", false},
  };
  out.referrers.insert(out.referrers.end(), std::begin(others), std::end(others));
  return out;
}

NameReference from_pods(Gvk target, Specs others, const char* path) {
  NameReference out{std::move(target), std::move(others)};
  in_pods(out.referrers, kOtherWorkloads, {path});
  return out;
}

std::vector<NameReference> reference_table() {
  std::vector<NameReference> out;
  for (const char* kind : {"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"})
    out.push_back({{"", "", kind}, {{{"", "", "HorizontalPodAutoscaler"}, "spec/scaleTargetRef/name", false}}});
  out.push_back(config_maps());
  out.push_back(secrets());
  out.push_back({{"", "v1", "Service"},
                 {{{kApps, "", "StatefulSet"}, "spec/serviceName", false},
                  {{"", "", "Ingress"}, "spec/rules/http/paths/backend/serviceName", false},
                  {{"", "", "Ingress"}, "spec/backend/serviceName", false},
                  {{"", "", "Ingress"}, "spec/rules/http/paths/backend/service/name", false},
                  {{"", "", "Ingress"}, "spec/defaultBackend/service/name", false},
                  {{"apiregistration.k8s.io", "", "APIService"}, "spec/service/name", false},
                  {{kAdmission, "", "ValidatingWebhookConfiguration"}, "webhooks/clientConfig/service", false},
                  {{kAdmission, "", "MutatingWebhookConfiguration"}, "webhooks/clientConfig/service", false}}});
  out.push_back({{kRbac, "", "Role"}, {{{kRbac, "", "RoleBinding"}, "roleRef/name", false}}});
  out.push_back({{kRbac, "", "ClusterRole"}, {{{kRbac, "", "RoleBinding"}, "roleRef/name", false}, {{kRbac, "", "ClusterRoleBinding"}, "roleRef/name", false}}});
  out.push_back(from_pods({"", "v1", "ServiceAccount"},
                          {{{kRbac, "", "RoleBinding"}, "subjects", false}, {{kRbac, "", "ClusterRoleBinding"}, "subjects", false}}, "serviceAccountName"));
  out.push_back(from_pods({"", "v1", "PersistentVolumeClaim"}, {}, "volumes/persistentVolumeClaim/claimName"));
  out.push_back({{"", "v1", "PersistentVolume"}, {{{"", "", "PersistentVolumeClaim"}, "spec/volumeName", false}, {{"", "", "ClusterRole"}, "rules/resourceNames", false}}});
  out.push_back({{"storage.k8s.io", "v1", "StorageClass"},
                 {{{"", "", "PersistentVolume"}, "spec/storageClassName", false},
                  {{"", "", "PersistentVolumeClaim"}, "spec/storageClassName", false},
                  {{"", "", "StatefulSet"}, "spec/volumeClaimTemplates/spec/storageClassName", false}}});
  out.push_back(from_pods({"scheduling.k8s.io", "v1", "PriorityClass"}, {}, "priorityClassName"));
  // The group is wrong in kustomize too (it has the version in it), so this reference is never followed.
  out.push_back({{"networking.k8s.io/v1", "v1", "IngressClass"}, {{{"", "", "Ingress"}, "spec/ingressClassName", false}}});
  out.push_back({{kAdmission, "", "ValidatingAdmissionPolicy"}, {{{kAdmission, "", "ValidatingAdmissionPolicyBinding"}, "spec/policyName", false}}});
  return out;
}

Specs var_specs() {
  Specs out;
  for (const auto& h : kWorkloads) {
    std::string kind = h.kind;
    if (kind == "PodTemplate") continue;
    for (const char* containers : {"containers/", "initContainers/"})
      for (const char* field : {"args", "command", "env/value", "volumeMounts/mountPath"}) out.push_back({{"", "", kind}, std::string(h.pod_spec) + containers + field, false});
    if (kind == "CronJob") out.push_back({{"", "", kind}, "spec/jobTemplate/spec/template/volumes/nfs/server", false});
    else if (kind != "StatefulSet") out.push_back({{"", "", kind}, std::string(h.pod_spec) + "volumes/nfs/server", false});
  }
  const FieldSpec others[] = {
      {{"", "", "Deployment"}, "spec/template/metadata/annotations", false},
      {{"", "", "Ingress"}, "spec/rules/host", false},
      {{"", "", "Ingress"}, "spec/tls/hosts", false},
      {{"", "", "Ingress"}, "spec/tls/secretName", false},
      {{"", "", "Service"}, "spec/ports/port", false},
      {{"", "", "Service"}, "spec/ports/targetPort", false},
      {{"", "", "StatefulSet"}, "spec/volumeClaimTemplates/spec/nfs/server", false},
      {{"", "", "PersistentVolume"}, "spec/nfs/server", false},
      {{}, "metadata/labels", false},
      {{}, "metadata/annotations", false},
  };
  out.insert(out.end(), std::begin(others), std::end(others));
  return out;
}

}  // namespace

TransformerConfig TransformerConfig::builtin() {
  TransformerConfig out;
  out.name_prefix = {{{}, "metadata/name", false}};
  out.name_suffix = out.name_prefix;
  out.name_space = {{{"", "", "Namespace"}, "metadata/name", true},
                    {{"apiregistration.k8s.io", "", "APIService"}, "spec/service/namespace", true},
                    {{"apiextensions.k8s.io", "", "CustomResourceDefinition"}, "spec/conversion/webhook/clientConfig/service/namespace", false}};
  out.common_labels = common_label_specs();
  out.template_labels = metadata_labels();
  out.common_annotations = annotation_specs();
  out.name_references = reference_table();
  out.var_references = var_specs();
  for (const char* at : {"spec/", "spec/template/spec/"})
    for (const char* path : {"containers[]/image", "initContainers[]/image", "volumes[]/image/reference"}) out.images.push_back({{}, std::string(at) + path, true});
  for (const char* kind : {"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"}) out.replicas.push_back({{"", "", kind}, "spec/replicas", true});
  return out;
}

}  // namespace skerry::kustomize
