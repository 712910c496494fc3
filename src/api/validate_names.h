// Small rules that many kinds share. For src/api's own use, and for clients that check before they send.
#pragma once

#include <string>
#include <string_view>

#include "api/field_errors.h"
#include "api/validation.h"

namespace skerry::api {

// What is wrong with a name, in Kubernetes' words; empty if nothing.
std::string dns_label_problem(std::string_view name);
std::string dns_subdomain_problem(std::string_view name);
std::string dns1035_problem(std::string_view name);
std::string path_segment_problem(std::string_view name);
std::string qualified_name_problem(std::string_view name);
std::string label_value_problem(std::string_view value);
std::string port_name_problem(std::string_view name);     // IANA service name
std::string port_number_problem(int64_t port);
std::string env_name_problem(std::string_view name);
std::string config_key_problem(std::string_view key);      // keys of ConfigMaps and Secrets
bool is_ip(std::string_view text);
bool is_ipv4(std::string_view text);

// Adds `problem` as an Invalid error unless it is empty.
void check(FieldErrors& errors, std::string_view field, const Json& value, const std::string& problem);

void validate_labels(FieldErrors& errors, std::string_view field, const Json& labels);
void validate_annotations(FieldErrors& errors, std::string_view field, const Json& annotations);
// metav1.LabelSelector.
void validate_label_selector(FieldErrors& errors, std::string_view field, const Json& selector);
void validate_non_negative(FieldErrors& errors, std::string_view field, const Json& value);
// One of `allowed`, else NotSupported (Required if missing and `required`).
void validate_choice(FieldErrors& errors, std::string_view field, const Json& value,
                     const std::vector<std::string_view>& allowed, bool required);
// `value` must equal `old`: "field is immutable".
void validate_immutable(FieldErrors& errors, std::string_view field, const Json& value, const Json& old);
// A count or a percentage that is not negative.
void validate_count_or_percent(FieldErrors& errors, std::string_view field, const Json& value);

// Per kind; `old` null on create.
void validate_pod(FieldErrors& errors, const Json& object, const Json* old);
// `more_volumes`: names that containers may mount beside the pod's own volumes (a StatefulSet's claim templates).
void validate_pod_spec(FieldErrors& errors, std::string_view path, const Json& spec, const std::vector<std::string>& more_volumes = {});
void validate_pod_template(FieldErrors& errors, std::string_view path, const Json& pod_template, const std::vector<std::string>& more_volumes = {});
void validate_pod_status_update(FieldErrors& errors, const Json& object, const Json& old);
void validate_ephemeral_containers_update(FieldErrors& errors, const Json& object, const Json& old);
void validate_resources(FieldErrors& errors, std::string_view path, const Json& resources);
void validate_deployment(FieldErrors& errors, const Json& object, const Json* old);
void validate_replica_set(FieldErrors& errors, const Json& object, const Json* old);
void validate_replication_controller(FieldErrors& errors, const Json& object, const Json* old);
void validate_stateful_set(FieldErrors& errors, const Json& object, const Json* old);
void validate_daemon_set(FieldErrors& errors, const Json& object, const Json* old);
void validate_job(FieldErrors& errors, const Json& object, const Json* old);
void validate_cron_job(FieldErrors& errors, const Json& object, const Json* old);
void validate_pod_template_kind(FieldErrors& errors, const Json& object, const Json* old);
void validate_controller_revision(FieldErrors& errors, const Json& object, const Json* old);
void validate_disruption_budget(FieldErrors& errors, const Json& object, const Json* old);
void validate_autoscaler(FieldErrors& errors, const Json& object, const Json* old);
void validate_service(FieldErrors& errors, const Json& object, const Json* old);
void validate_endpoints(FieldErrors& errors, const Json& object, const Json* old);
void validate_endpoint_slice(FieldErrors& errors, const Json& object, const Json* old);
void validate_ingress(FieldErrors& errors, const Json& object, const Json* old);
void validate_network_policy(FieldErrors& errors, const Json& object, const Json* old);
void validate_config_map(FieldErrors& errors, const Json& object, const Json* old);
void validate_secret(FieldErrors& errors, const Json& object, const Json* old);
void validate_namespace(FieldErrors& errors, const Json& object, const Json* old);
void validate_node(FieldErrors& errors, const Json& object, const Json* old);
void validate_lease(FieldErrors& errors, const Json& object, const Json* old);
void validate_resource_quota(FieldErrors& errors, const Json& object, const Json* old);
void validate_limit_range(FieldErrors& errors, const Json& object, const Json* old);
void validate_priority_class(FieldErrors& errors, const Json& object, const Json* old);
void validate_storage_class(FieldErrors& errors, const Json& object, const Json* old);
void validate_claim(FieldErrors& errors, const Json& object, const Json* old);
void validate_persistent_volume(FieldErrors& errors, const Json& object, const Json* old);
void validate_signing_request(FieldErrors& errors, const Json& object, const Json* old);
void validate_event(FieldErrors& errors, const Json& object, const Json* old);
void validate_runtime_class(FieldErrors& errors, const Json& object, const Json* old);
void validate_role(FieldErrors& errors, const Json& object, const Json* old);
void validate_role_binding(FieldErrors& errors, const Json& object, const Json* old);
void validate_custom_resource_definition(FieldErrors& errors, const Json& object, const Json* old);
void validate_binding(FieldErrors& errors, const Json& object, const Json* old);
void validate_token_request(FieldErrors& errors, const Json& object, const Json* old);

}  // namespace skerry::api
