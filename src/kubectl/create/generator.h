// What the generators of `kubectl create` share: from flags to an object, from an object to the server.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/session.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

// --dry-run, --field-manager, --save-config, --validate and those of printing.
std::vector<Flag> generator_flags();

// The one word; the Error is kubectl's "exactly one NAME is required, got 2".
Result<std::string> one_name(Session& session);
// Error: required flag(s) "image", "x" not set.
Status require_flags(Session& session, std::initializer_list<std::string_view> names);

// Sends the object (or, with --dry-run=client, does not) and prints it. A namespaced object gets --namespace where given.
// `failure`: what kubectl puts before the server's refusal ("failed to create deployment: "), which then is an error of its own;
// empty: the server's error as it is.
Result<int> create_generated(Session& session, const Mapping& mapping, Json object, std::string_view failure);

// A number where it is one, else the text: ports and percentages.
Json number_or_text(std::string_view text);

// "key=value" pairs of a flag as an object, `what` names them in errors.
Result<Json> key_values(const std::vector<std::string>& pairs, std::string_view what);

// The commands, children of `create`.
extern const Command kCreateDeployment, kCreateJob, kCreateCronJob;
extern const Command kCreateConfigMap, kCreateSecret;
extern const Command kCreateService, kCreateIngress;
extern const Command kCreateRole, kCreateClusterRole, kCreateRoleBinding, kCreateClusterRoleBinding, kCreateServiceAccount, kCreateToken;
extern const Command kCreateNamespace, kCreateQuota, kCreatePodDisruptionBudget, kCreatePriorityClass;

}  // namespace skerry::kubectl
