#include "api/gvr.h"

namespace skerry::api {

// Made in this one place: an inline variable would be made, or found made, by the start-up code of every file that sees it.
#define SKERRY_FIRST __attribute__((init_priority(101)))

SKERRY_FIRST const Gvr kPods{"", "v1", "pods"};
SKERRY_FIRST const Gvr kNodes{"", "v1", "nodes"};
SKERRY_FIRST const Gvr kNamespaces{"", "v1", "namespaces"};
SKERRY_FIRST const Gvr kServices{"", "v1", "services"};
SKERRY_FIRST const Gvr kEndpoints{"", "v1", "endpoints"};
SKERRY_FIRST const Gvr kConfigMaps{"", "v1", "configmaps"};
SKERRY_FIRST const Gvr kSecrets{"", "v1", "secrets"};
SKERRY_FIRST const Gvr kServiceAccounts{"", "v1", "serviceaccounts"};
SKERRY_FIRST const Gvr kEvents{"", "v1", "events"};
SKERRY_FIRST const Gvr kReplicationControllers{"", "v1", "replicationcontrollers"};
SKERRY_FIRST const Gvr kPersistentVolumes{"", "v1", "persistentvolumes"};
SKERRY_FIRST const Gvr kPersistentVolumeClaims{"", "v1", "persistentvolumeclaims"};
SKERRY_FIRST const Gvr kResourceQuotas{"", "v1", "resourcequotas"};
SKERRY_FIRST const Gvr kLimitRanges{"", "v1", "limitranges"};
SKERRY_FIRST const Gvr kDeployments{"apps", "v1", "deployments"};
SKERRY_FIRST const Gvr kReplicaSets{"apps", "v1", "replicasets"};
SKERRY_FIRST const Gvr kStatefulSets{"apps", "v1", "statefulsets"};
SKERRY_FIRST const Gvr kDaemonSets{"apps", "v1", "daemonsets"};
SKERRY_FIRST const Gvr kJobs{"batch", "v1", "jobs"};
SKERRY_FIRST const Gvr kCronJobs{"batch", "v1", "cronjobs"};
SKERRY_FIRST const Gvr kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices"};
SKERRY_FIRST const Gvr kLeases{"coordination.k8s.io", "v1", "leases"};
SKERRY_FIRST const Gvr kRoles{"rbac.authorization.k8s.io", "v1", "roles"};
SKERRY_FIRST const Gvr kRoleBindings{"rbac.authorization.k8s.io", "v1", "rolebindings"};
SKERRY_FIRST const Gvr kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles"};
SKERRY_FIRST const Gvr kClusterRoleBindings{"rbac.authorization.k8s.io", "v1", "clusterrolebindings"};
SKERRY_FIRST const Gvr kPodDisruptionBudgets{"policy", "v1", "poddisruptionbudgets"};
SKERRY_FIRST const Gvr kPriorityClasses{"scheduling.k8s.io", "v1", "priorityclasses"};
SKERRY_FIRST const Gvr kRuntimeClasses{"node.k8s.io", "v1", "runtimeclasses"};

#undef SKERRY_FIRST

}  // namespace skerry::api
