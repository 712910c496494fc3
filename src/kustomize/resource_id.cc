#include <algorithm>
#include <array>

#include "base/strings.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {
namespace {

struct Scoped {
  std::string_view api_version;
  std::string_view kind;
};

// Cluster-scoped kinds of Kubernetes 1.21, the schema inside kustomize.
constexpr Scoped kClusterScoped[] = {
    {"admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"},
    {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"},
    {"admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"},
    {"admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"},
    {"apiextensions.k8s.io/v1", "CustomResourceDefinition"},
    {"apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"},
    {"apiregistration.k8s.io/v1", "APIService"},
    {"apiregistration.k8s.io/v1beta1", "APIService"},
    {"authentication.k8s.io/v1", "TokenReview"},
    {"authentication.k8s.io/v1beta1", "TokenReview"},
    {"authorization.k8s.io/v1", "SelfSubjectAccessReview"},
    {"authorization.k8s.io/v1", "SelfSubjectRulesReview"},
    {"authorization.k8s.io/v1", "SubjectAccessReview"},
    {"authorization.k8s.io/v1beta1", "SelfSubjectAccessReview"},
    {"authorization.k8s.io/v1beta1", "SelfSubjectRulesReview"},
    {"authorization.k8s.io/v1beta1", "SubjectAccessReview"},
    {"certificates.k8s.io/v1", "CertificateSigningRequest"},
    {"certificates.k8s.io/v1beta1", "CertificateSigningRequest"},
    {"flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"},
    {"flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration"},
    {"internal.apiserver.k8s.io/v1alpha1", "StorageVersion"},
    {"networking.k8s.io/v1", "IngressClass"},
    {"networking.k8s.io/v1beta1", "IngressClass"},
    {"node.k8s.io/v1", "RuntimeClass"},
    {"node.k8s.io/v1alpha1", "RuntimeClass"},
    {"node.k8s.io/v1beta1", "RuntimeClass"},
    {"policy/v1beta1", "PodSecurityPolicy"},
    {"rbac.authorization.k8s.io/v1", "ClusterRole"},
    {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding"},
    {"rbac.authorization.k8s.io/v1alpha1", "ClusterRole"},
    {"rbac.authorization.k8s.io/v1alpha1", "ClusterRoleBinding"},
    {"rbac.authorization.k8s.io/v1beta1", "ClusterRole"},
    {"rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"},
    {"scheduling.k8s.io/v1", "PriorityClass"},
    {"scheduling.k8s.io/v1alpha1", "PriorityClass"},
    {"scheduling.k8s.io/v1beta1", "PriorityClass"},
    {"storage.k8s.io/v1", "CSIDriver"},
    {"storage.k8s.io/v1", "CSINode"},
    {"storage.k8s.io/v1", "StorageClass"},
    {"storage.k8s.io/v1", "VolumeAttachment"},
    {"storage.k8s.io/v1alpha1", "VolumeAttachment"},
    {"storage.k8s.io/v1beta1", "CSIDriver"},
    {"storage.k8s.io/v1beta1", "CSINode"},
    {"storage.k8s.io/v1beta1", "StorageClass"},
    {"storage.k8s.io/v1beta1", "VolumeAttachment"},
    {"v1", "ComponentStatus"},
    {"v1", "Namespace"},
    {"v1", "Node"},
    {"v1", "PersistentVolume"},
};

constexpr std::string_view kFirst[] = {
    "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy",
    "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service",
    "LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob",
    "PodDisruptionBudget"};
constexpr std::string_view kLast[] = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"};

int rank(std::string_view kind) {
  auto first = std::find(std::begin(kFirst), std::end(kFirst), kind);
  if (first != std::end(kFirst)) return static_cast<int>(first - std::begin(kFirst)) - static_cast<int>(std::size(kFirst));
  auto last = std::find(std::begin(kLast), std::end(kLast), kind);
  return last != std::end(kLast) ? static_cast<int>(last - std::begin(kLast)) + 1 : 0;
}

std::string or_else(const std::string& text, std::string_view fallback) { return text.empty() ? std::string(fallback) : text; }

}  // namespace

std::string Gvk::text() const { return or_else(kind, "[noKind]") + "." + or_else(version, "[noVer]") + "." + or_else(group, "[noGrp]"); }

bool Gvk::selected_by(const Gvk& s) const {
  return (s.group.empty() || s.group == group) && (s.version.empty() || s.version == version) && (s.kind.empty() || s.kind == kind);
}

Gvk parse_api_version(std::string_view api_version) {
  Gvk out;
  size_t slash = api_version.find('/');
  if (slash != std::string_view::npos) {
    out.group = std::string(api_version.substr(0, slash));
    out.version = std::string(api_version.substr(slash + 1));
  } else {
    out.version = std::string(api_version);
  }
  return out;
}

Gvk gvk_of(const Node& object) {
  Gvk out = parse_api_version(object.text({"apiVersion"}));
  out.kind = object.text({"kind"});
  return out;
}

bool is_cluster_scoped(const Gvk& gvk) {
  std::string api_version = gvk.api_version();
  return std::any_of(std::begin(kClusterScoped), std::end(kClusterScoped), [&](const Scoped& s) { return s.kind == gvk.kind && s.api_version == api_version; });
}

bool legacy_less(const Gvk& a, const Gvk& b) {
  int ra = rank(a.kind), rb = rank(b.kind);
  if (ra != rb) return ra < rb;
  return sort_key(a) < sort_key(b);
}

std::string sort_key(const Gvk& g) { return or_else(g.group, "~G") + "_" + or_else(g.version, "~V") + "_" + or_else(g.kind, "~K"); }

std::string ResId::effective_namespace() const {
  if (is_cluster_scoped(gvk)) return "_non_namespaceable_";
  return or_else(ns, "default");
}

bool ResId::selected_by(const ResId& s) const {
  return (s.name.empty() || s.name == name) && (s.ns.empty() || s.effective_namespace() == effective_namespace()) && gvk.selected_by(s.gvk);
}

std::string ResId::text() const { return gvk.text() + "/" + or_else(name, "[noName]") + "." + or_else(ns, "[noNs]"); }

}  // namespace skerry::kustomize
