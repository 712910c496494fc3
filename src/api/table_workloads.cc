// Tables of apps, batch, policy and autoscaling kinds.
#include "api/pod.h"
#include "api/table.h"
#include "api/table_rows.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

constexpr Column kName = {"Name", "string", "name"};
constexpr Column kContainers = {"Containers", "string", "", 1};
constexpr Column kImages = {"Images", "string", "", 1};
constexpr Column kSelector = {"Selector", "string", "", 1};

int64_t status_number(const Json& o, const char* key) { return json::integer(o, {"status", key}); }

void add_pod_columns(const Json& o, Json& cells, bool selector = true) {
  const Json& spec = json::find(o, {"spec", "template", "spec"});
  cells.push_back(container_names(spec));
  cells.push_back(container_images(spec));
  if (selector) cells.push_back(selector_text(json::find(o, {"spec", "selector"})));
}

std::string ratio(int64_t a, int64_t b) { return std::to_string(a) + "/" + std::to_string(b); }

constexpr Column kDeployment[] = {kName, {"Ready"}, {"Up-to-date", "string"}, {"Available", "string"}, {"Age"}, kContainers, kImages, kSelector};
void deployment(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), ratio(status_number(o, "readyReplicas"), json::integer(o, {"spec", "replicas"})), status_number(o, "updatedReplicas"),
           status_number(o, "availableReplicas"), age_of(o, now)};
  add_pod_columns(o, cells);
}

constexpr Column kReplicaSet[] = {kName, {"Desired", "integer"}, {"Current", "integer"}, {"Ready", "integer"}, {"Age"}, kContainers, kImages, kSelector};
void replica_set(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), json::integer(o, {"spec", "replicas"}), status_number(o, "replicas"), status_number(o, "readyReplicas"), age_of(o, now)};
  add_pod_columns(o, cells);
}

constexpr Column kStatefulSet[] = {kName, {"Ready"}, {"Age"}, kContainers, kImages};
void stateful_set(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), ratio(status_number(o, "readyReplicas"), json::integer(o, {"spec", "replicas"})), age_of(o, now)};
  add_pod_columns(o, cells, false);
}

constexpr Column kDaemonSet[] = {kName, {"Desired", "integer"}, {"Current", "integer"}, {"Ready", "integer"}, {"Up-to-date", "integer"},
                                 {"Available", "integer"}, {"Node Selector"}, {"Age"}, kContainers, kImages, kSelector};
void daemon_set(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), status_number(o, "desiredNumberScheduled"), status_number(o, "currentNumberScheduled"), status_number(o, "numberReady"),
           status_number(o, "updatedNumberScheduled"), status_number(o, "numberAvailable"),
           labels_text(json::find(o, {"spec", "template", "spec", "nodeSelector"})), age_of(o, now)};
  add_pod_columns(o, cells);
}

constexpr Column kJob[] = {kName, {"Status"}, {"Completions"}, {"Duration"}, {"Age"}, kContainers, kImages, kSelector};
void job(const Json& o, WallTime now, Json& cells) {
  std::string status = condition_is_true(o, "Complete")        ? "Complete"
                       : condition_is_true(o, "Failed")         ? "Failed"
                       : is_pod_deleting(o)                     ? "Terminating"
                       : condition_is_true(o, "Suspended")      ? "Suspended"
                       : condition_is_true(o, "FailureTarget")  ? "FailureTarget"
                       : condition_is_true(o, "SuccessCriteriaMet") ? "SuccessCriteriaMet"
                                                                : "Running";
  const Json& completions = json::find(o, {"spec", "completions"});
  int64_t parallelism = json::integer(o, {"spec", "parallelism"}, 1);
  std::string done = completions.is_number() ? ratio(status_number(o, "succeeded"), completions.get<int64_t>())
                     : parallelism > 1       ? ratio(status_number(o, "succeeded"), 1) + " of " + std::to_string(parallelism)
                                             : ratio(status_number(o, "succeeded"), 1);
  auto start = parse_rfc3339(json::str(o, {"status", "startTime"})), end = parse_rfc3339(json::str(o, {"status", "completionTime"}));
  cells = {name_of(o), status, done, start ? human_duration((end ? *end : now) - *start) : "", age_of(o, now)};
  add_pod_columns(o, cells);
}

constexpr Column kCronJob[] = {kName, {"Schedule"}, {"Timezone"}, {"Suspend", "boolean"}, {"Active", "integer"}, {"Last Schedule"}, {"Age"},
                               kContainers, kImages, kSelector};
void cron_job(const Json& o, WallTime now, Json& cells) {
  const Json& last = json::find(o, {"status", "lastScheduleTime"});
  const Json& job_template = json::find(o, {"spec", "jobTemplate"});
  cells = {name_of(o), json::str(o, {"spec", "schedule"}), or_none(json::str(o, {"spec", "timeZone"})),
           json::boolean(o, {"spec", "suspend"}) ? "True" : "False", json::array_or_empty(json::find(o, {"status", "active"})).size(),
           last.is_string() ? age_since(last, now) : "<none>", age_of(o, now)};
  add_pod_columns(job_template, cells);
}

constexpr Column kBudget[] = {kName, {"Min Available"}, {"Max Unavailable"}, {"Allowed Disruptions", "integer"}, {"Age"}};
void disruption_budget(const Json& o, WallTime now, Json& cells) {
  auto text = [&](const char* key) -> std::string {
    const Json& v = json::find(o, {"spec", key});
    return v.is_null() ? "N/A" : v.is_string() ? v.get<std::string>() : v.dump();
  };
  cells = {name_of(o), text("minAvailable"), text("maxUnavailable"), status_number(o, "disruptionsAllowed"), age_of(o, now)};
}

constexpr Column kAutoscaler[] = {kName, {"Reference"}, {"Targets"}, {"MinPods"}, {"MaxPods"}, {"Replicas"}, {"Age"}};
void autoscaler(const Json& o, WallTime now, Json& cells) {
  std::vector<std::string> targets;
  for (const auto& m : json::array_or_empty(json::find(o, {"spec", "metrics"})))
    if (const Json& r = json::find(m, "resource"); r.is_object()) {
      std::string name = json::str(r, "name"), now_text = "<unknown>";
      for (const auto& current : json::array_or_empty(json::find(o, {"status", "currentMetrics"})))
        if (json::str(current, {"resource", "name"}) == name)
          if (const Json& u = json::find(current, {"resource", "current", "averageUtilization"}); u.is_number()) now_text = u.dump() + "%";
      const Json& want = json::find(r, {"target", "averageUtilization"});
      targets.push_back(name + ": " + now_text + "/" + (want.is_number() ? want.dump() + "%" : json::str(r, {"target", "averageValue"}, "<auto>")));
    }
  const Json& least = json::find(o, {"spec", "minReplicas"});
  cells = {name_of(o), json::str(o, {"spec", "scaleTargetRef", "kind"}) + "/" + json::str(o, {"spec", "scaleTargetRef", "name"}),
           targets.empty() ? "<none>" : join(targets, ", "), least.is_number() ? least.dump() : "<unset>",
           json::integer(o, {"spec", "maxReplicas"}), status_number(o, "currentReplicas"), age_of(o, now)};
}

constexpr Column kRevision[] = {kName, {"Controller"}, {"Revision", "integer"}, {"Age"}};
void revision(const Json& o, WallTime now, Json& cells) {
  std::string owner = "<none>";
  for (const auto& ref : json::array_or_empty(json::find(o, {"metadata", "ownerReferences"})))
    if (json::boolean(ref, "controller")) {
      std::string group = json::str(ref, "apiVersion");
      size_t slash = group.find('/');
      owner = to_lower(json::str(ref, "kind")) + (slash == std::string::npos ? "" : "." + group.substr(0, slash)) + "/" + json::str(ref, "name");
    }
  cells = {name_of(o), owner, json::integer(o, "revision"), age_of(o, now)};
}

constexpr TableKind kKinds[] = {
    {"apps", "Deployment", kDeployment, deployment},
    {"apps", "ReplicaSet", kReplicaSet, replica_set},
    {"apps", "StatefulSet", kStatefulSet, stateful_set},
    {"apps", "DaemonSet", kDaemonSet, daemon_set},
    {"apps", "ControllerRevision", kRevision, revision},
    {"batch", "Job", kJob, job},
    {"batch", "CronJob", kCronJob, cron_job},
    {"policy", "PodDisruptionBudget", kBudget, disruption_budget},
    {"autoscaling", "HorizontalPodAutoscaler", kAutoscaler, autoscaler},
};

}  // namespace

std::span<const TableKind> workload_table_kinds() { return kKinds; }

}  // namespace skerry::api
