// Gvr: which collection a request addresses: group, version, plural resource name.
//
// The well-known ones are constants below, so that controllers name them without a lookup.
#pragma once

#include <string>
#include <string_view>

namespace skerry::api {

struct Gvr {
  std::string group;    // "" for core
  std::string version;  // "v1"
  std::string resource; // "pods"

  bool operator==(const Gvr&) const = default;
  auto operator<=>(const Gvr&) const = default;
  // "v1" or "apps/v1".
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "pods" or "deployments.apps", as messages name it.
  std::string group_resource() const { return group.empty() ? resource : resource + "." + group; }
};

inline const Gvr kPods{"", "v1", "pods"};
inline const Gvr kNodes{"", "v1", "nodes"};
inline const Gvr kNamespaces{"", "v1", "namespaces"};
inline const Gvr kServices{"", "v1", "services"};
inline const Gvr kEndpoints{"", "v1", "endpoints"};
inline const Gvr kConfigMaps{"", "v1", "configmaps"};
inline const Gvr kSecrets{"", "v1", "secrets"};
inline const Gvr kServiceAccounts{"", "v1", "serviceaccounts"};
inline const Gvr kEvents{"", "v1", "events"};
inline const Gvr kReplicationControllers{"", "v1", "replicationcontrollers"};
inline const Gvr kPersistentVolumes{"", "v1", "persistentvolumes"};
inline const Gvr kPersistentVolumeClaims{"", "v1", "persistentvolumeclaims"};
inline const Gvr kResourceQuotas{"", "v1", "resourcequotas"};
inline const Gvr kLimitRanges{"", "v1", "limitranges"};
inline const Gvr kDeployments{"apps", "v1", "deployments"};
inline const Gvr kReplicaSets{"apps", "v1", "replicasets"};
inline const Gvr kStatefulSets{"apps", "v1", "statefulsets"};
inline const Gvr kDaemonSets{"apps", "v1", "daemonsets"};
inline const Gvr kJobs{"batch", "v1", "jobs"};
inline const Gvr kCronJobs{"batch", "v1", "cronjobs"};
inline const Gvr kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices"};
inline const Gvr kLeases{"coordination.k8s.io", "v1", "leases"};
inline const Gvr kRoles{"rbac.authorization.k8s.io", "v1", "roles"};
inline const Gvr kRoleBindings{"rbac.authorization.k8s.io", "v1", "rolebindings"};
inline const Gvr kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles"};
inline const Gvr kClusterRoleBindings{"rbac.authorization.k8s.io", "v1", "clusterrolebindings"};
inline const Gvr kPodDisruptionBudgets{"policy", "v1", "poddisruptionbudgets"};
inline const Gvr kPriorityClasses{"scheduling.k8s.io", "v1", "priorityclasses"};
inline const Gvr kRuntimeClasses{"node.k8s.io", "v1", "runtimeclasses"};

}  // namespace skerry::api
