#include "controllers/deployment_status.h"

#include <algorithm>
#include <limits>

#include "api/pod.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

const Json* find_in(const Json& status, std::string_view type) {
  for (auto& c : json::array_or_empty(json::find(status, "conditions")))
    if (json::str(c, "type") == type) return &c;
  return nullptr;
}

Json& conditions_of(Json& status) {
  Json& c = status["conditions"];
  if (!c.is_array()) c = Json::array();
  return c;
}

bool progresses(const Json& old, const Json& status) {
  auto n = [](const Json& s, const char* f) { return json::integer(s, f); };
  return n(status, "updatedReplicas") > n(old, "updatedReplicas") ||
         n(status, "replicas") - n(status, "updatedReplicas") < n(old, "replicas") - n(old, "updatedReplicas") ||
         n(status, "readyReplicas") > n(old, "readyReplicas") ||
         n(status, "availableReplicas") > n(old, "availableReplicas");
}

std::string about(const DeploymentView& d, const char* does) {
  if (d.current) return "ReplicaSet " + in_quotes(d.current->name) + " " + does;
  return "Deployment " + in_quotes(json::str(d.object, {"metadata", "name"})) + " " + does;
}

}  // namespace

bool has_progress_deadline(const Json& deployment) {
  const int64_t never = std::numeric_limits<int32_t>::max();
  return json::integer(deployment, {"spec", "progressDeadlineSeconds"}, never) != never;
}

bool is_complete(const Json& deployment, const Json& status) {
  const int64_t wanted = json::integer(deployment, {"spec", "replicas"}, 1);
  return json::integer(status, "updatedReplicas") == wanted && json::integer(status, "replicas") == wanted &&
         json::integer(status, "availableReplicas") == wanted &&
         json::integer(status, "observedGeneration") >= json::integer(deployment, {"metadata", "generation"});
}

bool has_timed_out(const Json& deployment, const Json& status, int64_t now_s) {
  if (!has_progress_deadline(deployment)) return false;
  const Json* progressing = find_in(status, "Progressing");
  if (!progressing) return false;
  const std::string reason = json::str(*progressing, "reason");
  if (reason == "NewReplicaSetAvailable") return false;
  if (reason == "ProgressDeadlineExceeded") return true;
  auto since = time_s(*progressing, {"lastUpdateTime"});
  return since && *since + json::integer(deployment, {"spec", "progressDeadlineSeconds"}) < now_s;
}

void set_deployment_condition(Json& status, std::string_view type, std::string_view value, std::string_view reason,
                              const std::string& message, const std::string& now) {
  std::string transition = now;
  if (const Json* old = find_in(status, type)) {
    if (json::str(*old, "status") == value) {
      if (json::str(*old, "reason") == reason) return;
      transition = json::str(*old, "lastTransitionTime", now);
    }
  }
  Json& conditions = conditions_of(status);
  remove_condition(conditions, type);
  conditions.push_back({{"type", type},
                        {"status", value},
                        {"reason", reason},
                        {"message", message},
                        {"lastUpdateTime", now},
                        {"lastTransitionTime", transition}});
}

Json base_status(const DeploymentView& d, const std::string& now) {
  int64_t replicas = 0, ready = 0, available = 0;
  for (auto& rs : d.all) {
    replicas += rs.actual;
    ready += rs.ready;
    available += rs.available;
  }
  Json status = Json::object();
  auto put = [&](const char* field, int64_t n) {
    if (n != 0) status[field] = n;
  };
  put("observedGeneration", json::integer(d.object, {"metadata", "generation"}));
  put("replicas", replicas);
  put("updatedReplicas", d.current ? d.current->actual : 0);
  put("readyReplicas", ready);
  put("availableReplicas", available);
  put("unavailableReplicas", std::max<int64_t>(0, replicas - available));
  const Json& old = json::find(d.object, "status");
  if (const Json& c = json::find(old, "collisionCount"); !c.is_null()) status["collisionCount"] = c;
  status["conditions"] = json::array_or_empty(json::find(old, "conditions"));
  if (available >= d.facts.replicas - d.facts.unavailable)
    set_deployment_condition(status, "Available", "True", "MinimumReplicasAvailable",
                             "Deployment has minimum availability.", now);
  else
    set_deployment_condition(status, "Available", "False", "MinimumReplicasUnavailable",
                             "Deployment does not have minimum availability.", now);
  return status;
}

Json rollout_status(const DeploymentView& d, const std::string& now, int64_t now_s) {
  Json status = base_status(d, now);
  const Json& old = json::find(d.object, "status");
  const Json* before = find_in(old, "Progressing");
  const bool deadline = has_progress_deadline(d.object);
  if (!deadline) remove_condition(conditions_of(status), "Progressing");
  const bool was_complete = before && json::str(*before, "reason") == "NewReplicaSetAvailable" &&
                            json::integer(status, "replicas") == json::integer(status, "updatedReplicas");
  if (deadline && !was_complete) {
    if (is_complete(d.object, status)) {
      set_deployment_condition(status, "Progressing", "True", "NewReplicaSetAvailable",
                               about(d, "has successfully progressed."), now);
    } else if (progresses(json::object_or_empty(old), status)) {
      // Always a new lastUpdateTime: the deadline counts from the last progress.
      std::string transition =
          before && json::str(*before, "status") == "True" ? json::str(*before, "lastTransitionTime", now) : now;
      Json& conditions = conditions_of(status);
      remove_condition(conditions, "Progressing");
      conditions.push_back({{"type", "Progressing"},
                            {"status", "True"},
                            {"reason", "ReplicaSetUpdated"},
                            {"message", about(d, "is progressing.")},
                            {"lastUpdateTime", now},
                            {"lastTransitionTime", transition}});
    } else if (has_timed_out(d.object, status, now_s)) {
      set_deployment_condition(status, "Progressing", "False", "ProgressDeadlineExceeded",
                               about(d, "has timed out progressing."), now);
    }
  }
  if (!d.failures.empty()) {
    const Json& f = d.failures.front();
    set_deployment_condition(status, "ReplicaFailure", json::str(f, "status", "True"), json::str(f, "reason"),
                             json::str(f, "message"), now);
  } else {
    remove_condition(conditions_of(status), "ReplicaFailure");
  }
  return status;
}

std::optional<Json> paused_status(const Json& deployment, const std::string& now) {
  if (!has_progress_deadline(deployment)) return std::nullopt;
  Json status = json::object_or_empty(json::find(deployment, "status"));
  const Json* progressing = find_in(status, "Progressing");
  const std::string reason = progressing ? json::str(*progressing, "reason") : "";
  if (reason == "ProgressDeadlineExceeded") return std::nullopt;
  const bool paused = json::boolean(deployment, {"spec", "paused"}), said = reason == "DeploymentPaused";
  if (paused == said) return std::nullopt;
  if (paused) set_deployment_condition(status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", now);
  else set_deployment_condition(status, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", now);
  return status;
}

std::optional<int64_t> seconds_to_deadline(const Json& deployment, const Json& status, int64_t now_s) {
  const Json* progressing = find_in(status, "Progressing");
  if (!progressing || !has_progress_deadline(deployment)) return std::nullopt;
  if (is_complete(deployment, status) || json::str(*progressing, "reason") == "ProgressDeadlineExceeded")
    return std::nullopt;
  auto since = time_s(*progressing, {"lastUpdateTime"});
  if (!since) return std::nullopt;
  return std::max<int64_t>(1, *since + json::integer(deployment, {"spec", "progressDeadlineSeconds"}) - now_s + 1);
}

}  // namespace skerry::controllers
