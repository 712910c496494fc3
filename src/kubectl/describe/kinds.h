// The describers of the built-in kinds.
#pragma once

#include "base/result.h"
#include "kubectl/describe/subject.h"
#include "kubectl/describe/writer.h"

namespace skerry::kubectl {

using Describer = Status (*)(const Subject&, Writer&);

// Null: shown field by field, by describe_fields().
Describer describer_of(std::string_view group, std::string_view kind);
Status describe_fields(const Subject& subject, Writer& w);

// config.cc
Status describe_config_map(const Subject& subject, Writer& w);
Status describe_secret(const Subject& subject, Writer& w);
Status describe_service_account(const Subject& subject, Writer& w);
Status describe_priority_class(const Subject& subject, Writer& w);
// quota.cc
Status describe_limit_range(const Subject& subject, Writer& w);
Status describe_resource_quota(const Subject& subject, Writer& w);
Status describe_namespace(const Subject& subject, Writer& w);
// pod.cc
Status describe_pod(const Subject& subject, Writer& w);
// workloads.cc
Status describe_replication_controller(const Subject& subject, Writer& w);
Status describe_replica_set(const Subject& subject, Writer& w);
Status describe_deployment(const Subject& subject, Writer& w);
Status describe_stateful_set(const Subject& subject, Writer& w);
Status describe_daemon_set(const Subject& subject, Writer& w);
// batch.cc
Status describe_job(const Subject& subject, Writer& w);
Status describe_cron_job(const Subject& subject, Writer& w);
// autoscaler.cc
Status describe_autoscaler(const Subject& subject, Writer& w);
// node.cc
Status describe_node(const Subject& subject, Writer& w);
// network.cc
Status describe_service(const Subject& subject, Writer& w);
Status describe_endpoints(const Subject& subject, Writer& w);
Status describe_endpoint_slice(const Subject& subject, Writer& w);
Status describe_service_cidr(const Subject& subject, Writer& w);
Status describe_ip_address(const Subject& subject, Writer& w);
// ingress.cc
Status describe_ingress(const Subject& subject, Writer& w);
Status describe_ingress_class(const Subject& subject, Writer& w);
// policy.cc
Status describe_network_policy(const Subject& subject, Writer& w);
Status describe_disruption_budget(const Subject& subject, Writer& w);
// rbac.cc
Status describe_role(const Subject& subject, Writer& w);
Status describe_role_binding(const Subject& subject, Writer& w);
// storage.cc
Status describe_volume(const Subject& subject, Writer& w);
Status describe_volume_claim(const Subject& subject, Writer& w);
Status describe_storage_class(const Subject& subject, Writer& w);
Status describe_volume_attributes_class(const Subject& subject, Writer& w);
Status describe_csi_node(const Subject& subject, Writer& w);
// certificate.cc
Status describe_certificate_request(const Subject& subject, Writer& w);

}  // namespace skerry::kubectl
