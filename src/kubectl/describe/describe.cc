#include "kubectl/describe/describe.h"

#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

struct Kind {
  std::string_view group;
  std::string_view name;
  Describer describer;
};

constexpr Kind kKinds[] = {
    {"", "ConfigMap", describe_config_map},
    {"", "Endpoints", describe_endpoints},
    {"", "LimitRange", describe_limit_range},
    {"", "Namespace", describe_namespace},
    {"", "Node", describe_node},
    {"", "PersistentVolume", describe_volume},
    {"", "PersistentVolumeClaim", describe_volume_claim},
    {"", "Pod", describe_pod},
    {"", "ReplicationController", describe_replication_controller},
    {"", "ResourceQuota", describe_resource_quota},
    {"", "Secret", describe_secret},
    {"", "Service", describe_service},
    {"", "ServiceAccount", describe_service_account},
    {"apps", "DaemonSet", describe_daemon_set},
    {"apps", "Deployment", describe_deployment},
    {"apps", "ReplicaSet", describe_replica_set},
    {"apps", "StatefulSet", describe_stateful_set},
    {"autoscaling", "HorizontalPodAutoscaler", describe_autoscaler},
    {"batch", "CronJob", describe_cron_job},
    {"batch", "Job", describe_job},
    {"certificates.k8s.io", "CertificateSigningRequest", describe_certificate_request},
    {"discovery.k8s.io", "EndpointSlice", describe_endpoint_slice},
    {"networking.k8s.io", "IPAddress", describe_ip_address},
    {"networking.k8s.io", "Ingress", describe_ingress},
    {"networking.k8s.io", "IngressClass", describe_ingress_class},
    {"networking.k8s.io", "NetworkPolicy", describe_network_policy},
    {"networking.k8s.io", "ServiceCIDR", describe_service_cidr},
    {"policy", "PodDisruptionBudget", describe_disruption_budget},
    {"rbac.authorization.k8s.io", "ClusterRole", describe_role},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", describe_role_binding},
    {"rbac.authorization.k8s.io", "Role", describe_role},
    {"rbac.authorization.k8s.io", "RoleBinding", describe_role_binding},
    {"scheduling.k8s.io", "PriorityClass", describe_priority_class},
    {"storage.k8s.io", "CSINode", describe_csi_node},
    {"storage.k8s.io", "StorageClass", describe_storage_class},
    {"storage.k8s.io", "VolumeAttributesClass", describe_volume_attributes_class},
};

}  // namespace

Describer describer_of(std::string_view group, std::string_view kind) {
  for (const Kind& row : kKinds)
    if (row.group == group && row.name == kind) return row.describer;
  return nullptr;
}

Result<std::string> describe(Session& session, const Item& item, const DescribeOptions& options) {
  Objects* objects = TRY(session.objects());
  const Subject subject{*objects, item.mapping, item.object, options, SystemClock().now()};
  Describer describer = describer_of(item.mapping.group, item.mapping.kind);
  Writer w;
  TRY((describer ? describer : describe_fields)(subject, w));
  return w.take();
}

}  // namespace skerry::kubectl
