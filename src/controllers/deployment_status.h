// The status of a Deployment: counts and the conditions Available, Progressing and ReplicaFailure. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/deployment_plan.h"
#include "json/json.h"

namespace skerry::controllers {

struct DeploymentView {
  const Json& object;  // the Deployment
  const DeploymentFacts& facts;
  const std::vector<ReplicaSetFacts>& all;
  const ReplicaSetFacts* current;  // the ReplicaSet of the present template, or null
  const std::vector<Json>& failures;  // ReplicaFailure conditions of the ReplicaSets
};

bool has_progress_deadline(const Json& deployment);
// All replicas are of the present template and available, as the status tells.
bool is_complete(const Json& deployment, const Json& status);
// Has the Deployment stood still for longer than its progress deadline?
bool has_timed_out(const Json& deployment, const Json& status, int64_t now_s);

// Counts and the condition Available; the other conditions are those of now.
Json base_status(const DeploymentView& d, const std::string& now);
// The same with Progressing and ReplicaFailure, as a rollout goes on.
Json rollout_status(const DeploymentView& d, const std::string& now, int64_t now_s);
// Progressing for a paused or resumed Deployment; nothing if it says so already.
std::optional<Json> paused_status(const Json& deployment, const std::string& now);

// As Kubernetes sets them: nothing changes where status and reason stay; lastTransitionTime stays where the status stays.
void set_deployment_condition(Json& status, std::string_view type, std::string_view value, std::string_view reason,
                              const std::string& message, const std::string& now);

// Seconds until the progress deadline must be looked at again; nothing if it need not.
std::optional<int64_t> seconds_to_deadline(const Json& deployment, const Json& status, int64_t now_s);

}  // namespace skerry::controllers
