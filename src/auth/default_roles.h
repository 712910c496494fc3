// Kubernetes' default cluster roles and bindings, as data, and the aggregation of cluster roles.
#pragma once

#include <optional>
#include <vector>

#include "api/object.h"
#include "json/json.h"

namespace skerry::auth {

std::vector<Json> default_cluster_roles();
std::vector<Json> default_cluster_role_bindings();
// In kube-system and kube-public.
std::vector<Json> default_roles();
std::vector<Json> default_role_bindings();

// What reconciling at start makes of `existing` (null: absent): missing rules and subjects are added, nothing is
// taken away. Empty if it is right already or has the annotation rbac.authorization.kubernetes.io/autoupdate: "false".
std::optional<Json> reconcile_default(const Json& wanted, const Json& existing);

// The rules an aggregating cluster role should have, given all cluster roles; empty optional: it does not aggregate
// or has them already.
std::optional<Json> aggregate(const Json& role, const std::vector<api::ObjectPtr>& all);

}  // namespace skerry::auth
