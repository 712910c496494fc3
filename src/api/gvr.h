// Gvr: which collection a request addresses: group, version, plural resource name.
//
// The well-known ones are constants below, so that controllers name them without a lookup. They are made once, before any
// other object of static storage, so that tables may refer to them.
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

extern const Gvr kPods;
extern const Gvr kNodes;
extern const Gvr kNamespaces;
extern const Gvr kServices;
extern const Gvr kEndpoints;
extern const Gvr kConfigMaps;
extern const Gvr kSecrets;
extern const Gvr kServiceAccounts;
extern const Gvr kEvents;
extern const Gvr kReplicationControllers;
extern const Gvr kPersistentVolumes;
extern const Gvr kPersistentVolumeClaims;
extern const Gvr kResourceQuotas;
extern const Gvr kLimitRanges;
extern const Gvr kDeployments;
extern const Gvr kReplicaSets;
extern const Gvr kStatefulSets;
extern const Gvr kDaemonSets;
extern const Gvr kJobs;
extern const Gvr kCronJobs;
extern const Gvr kEndpointSlices;
extern const Gvr kLeases;
extern const Gvr kRoles;
extern const Gvr kRoleBindings;
extern const Gvr kClusterRoles;
extern const Gvr kClusterRoleBindings;
extern const Gvr kPodDisruptionBudgets;
extern const Gvr kPriorityClasses;
extern const Gvr kRuntimeClasses;

}  // namespace skerry::api
