// Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and what is near them.
#include "api/selector.h"
#include "api/validate_names.h"

namespace skerry::api {
namespace {

// A selector must be there, select something, and select the template's pods.
void validate_selector_and_template(FieldErrors& errors, const Json& spec, const std::vector<std::string>& more_volumes = {}) {
  const Json& selector = json::find(spec, "selector");
  const Json& pod_template = json::find(spec, "template");
  if (!selector.is_object()) {
    errors.required("spec.selector");
  } else {
    validate_label_selector(errors, "spec.selector", selector);
    if (json::object_or_empty(json::find(selector, "matchLabels")).empty() && json::array_or_empty(json::find(selector, "matchExpressions")).empty())
      errors.invalid("spec.selector", selector, "empty selector is invalid for deployment");
  }
  const Json& labels = json::find(pod_template, {"metadata", "labels"});
  if (auto parsed = LabelSelector::from_json(selector); parsed && !parsed->matches_nothing() && !parsed->matches_json(labels))
    errors.invalid("spec.template.metadata.labels", json::object_or_empty(labels), "`selector` does not match template `labels`");
  validate_pod_template(errors, "spec.template", pod_template, more_volumes);
}

void require_restart_always(FieldErrors& errors, const Json& spec) {
  const Json& policy = json::find(spec, {"template", "spec", "restartPolicy"});
  if (policy.is_string() && policy != "Always") errors.not_supported("spec.template.spec.restartPolicy", policy, {"Always"});
}

void immutable_selector(FieldErrors& errors, const Json& object, const Json* old) {
  if (old != nullptr)
    validate_immutable(errors, "spec.selector", json::find(object, {"spec", "selector"}), json::find(*old, {"spec", "selector"}));
}

bool is_zero(const Json& count) { return count == 0 || count == "0%"; }

}  // namespace

void validate_deployment(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  validate_non_negative(errors, "spec.replicas", json::find(spec, "replicas"));
  validate_selector_and_template(errors, spec);
  require_restart_always(errors, spec);
  const Json& strategy = json::find(spec, "strategy");
  validate_choice(errors, "spec.strategy.type", json::find(strategy, "type"), {"Recreate", "RollingUpdate"}, true);
  const Json& rolling = json::find(strategy, "rollingUpdate");
  if (json::str(strategy, "type") == "Recreate" && rolling.is_object())
    errors.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
  if (rolling.is_object()) {
    validate_count_or_percent(errors, "spec.strategy.rollingUpdate.maxUnavailable", json::find(rolling, "maxUnavailable"));
    validate_count_or_percent(errors, "spec.strategy.rollingUpdate.maxSurge", json::find(rolling, "maxSurge"));
    if (is_zero(json::find(rolling, "maxUnavailable")) && is_zero(json::find(rolling, "maxSurge")))
      errors.invalid("spec.strategy.rollingUpdate.maxUnavailable", json::find(rolling, "maxUnavailable"), "may not be 0 when `maxSurge` is 0");
  }
  validate_non_negative(errors, "spec.minReadySeconds", json::find(spec, "minReadySeconds"));
  validate_non_negative(errors, "spec.revisionHistoryLimit", json::find(spec, "revisionHistoryLimit"));
  if (const Json& deadline = json::find(spec, "progressDeadlineSeconds"); deadline.is_number()) {
    validate_non_negative(errors, "spec.progressDeadlineSeconds", deadline);
    if (deadline <= json::integer(spec, "minReadySeconds"))
      errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
  }
  immutable_selector(errors, object, old);
}

void validate_replica_set(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  validate_non_negative(errors, "spec.replicas", json::find(spec, "replicas"));
  validate_non_negative(errors, "spec.minReadySeconds", json::find(spec, "minReadySeconds"));
  validate_selector_and_template(errors, spec);
  require_restart_always(errors, spec);
  immutable_selector(errors, object, old);
}

void validate_replication_controller(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  validate_non_negative(errors, "spec.minReadySeconds", json::find(spec, "minReadySeconds"));
  const Json& selector = json::object_or_empty(json::find(spec, "selector"));
  if (selector.empty()) errors.required("spec.selector");
  validate_labels(errors, "spec.selector", selector);
  validate_non_negative(errors, "spec.replicas", json::find(spec, "replicas"));
  const Json& pod_template = json::find(spec, "template");
  if (!pod_template.is_object()) return errors.required("spec.template");
  const Json& labels = json::find(pod_template, {"metadata", "labels"});
  if (!selector.empty() && !LabelSelector::from_map(selector).matches_json(labels))
    errors.invalid("spec.template.metadata.labels", json::object_or_empty(labels), "`selector` does not match template `labels`");
  validate_pod_template(errors, "spec.template", pod_template);
  require_restart_always(errors, spec);
}

void validate_stateful_set(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  validate_choice(errors, "spec.podManagementPolicy", json::find(spec, "podManagementPolicy"), {"OrderedReady", "Parallel"}, true);
  validate_choice(errors, "spec.updateStrategy.type", json::find(spec, {"updateStrategy", "type"}), {"OnDelete", "RollingUpdate"}, true);
  validate_non_negative(errors, "spec.updateStrategy.rollingUpdate.partition", json::find(spec, {"updateStrategy", "rollingUpdate", "partition"}));
  validate_non_negative(errors, "spec.replicas", json::find(spec, "replicas"));
  validate_non_negative(errors, "spec.minReadySeconds", json::find(spec, "minReadySeconds"));
  std::vector<std::string> claims;  // the pods get a volume of each
  for (auto& c : json::array_or_empty(json::find(spec, "volumeClaimTemplates"))) claims.push_back(json::str(c, {"metadata", "name"}));
  validate_selector_and_template(errors, spec, claims);
  require_restart_always(errors, spec);
  if (old == nullptr) return;
  Json now = spec, before = json::find(*old, "spec");
  for (const char* key : {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"}) {
    now.erase(key);
    if (before.is_object()) before.erase(key);
  }
  if (now != before)
    errors.forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
                             "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
}

void validate_daemon_set(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  validate_selector_and_template(errors, spec);
  require_restart_always(errors, spec);
  validate_choice(errors, "spec.updateStrategy.type", json::find(spec, {"updateStrategy", "type"}), {"OnDelete", "RollingUpdate"}, true);
  validate_non_negative(errors, "spec.minReadySeconds", json::find(spec, "minReadySeconds"));
  validate_non_negative(errors, "spec.revisionHistoryLimit", json::find(spec, "revisionHistoryLimit"));
  immutable_selector(errors, object, old);
}

namespace {

void validate_job_spec(FieldErrors& errors, std::string_view path, const Json& spec) {
  for (const char* key : {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"})
    validate_non_negative(errors, child(path, key), json::find(spec, key));
  validate_choice(errors, child(path, "completionMode"), json::find(spec, "completionMode"), {"Indexed", "NonIndexed"}, false);
  validate_pod_template(errors, child(path, "template"), json::find(spec, "template"));
  const Json& policy = json::find(spec, {"template", "spec", "restartPolicy"});
  if (policy != "OnFailure" && policy != "Never")
    errors.add("FieldValueRequired", child(path, "template.spec.restartPolicy"), "Required value: valid values: \"OnFailure\", \"Never\"");
}

}  // namespace

void validate_job(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  validate_job_spec(errors, "spec", spec);
  if (old == nullptr) return;
  const Json& before = json::find(*old, "spec");
  for (const char* key : {"completions", "selector", "completionMode"}) validate_immutable(errors, child("spec", key), json::find(spec, key), json::find(before, key));
  if (!json::boolean(before, "suspend")) validate_immutable(errors, "spec.template", json::find(spec, "template"), json::find(before, "template"));
}

void validate_cron_job(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  if (json::str(object, {"metadata", "name"}).size() > 52) errors.invalid("metadata.name", json::find(object, {"metadata", "name"}), "must be no more than 52 characters");
  if (json::str(spec, "schedule").empty()) errors.required("spec.schedule");
  validate_choice(errors, "spec.concurrencyPolicy", json::find(spec, "concurrencyPolicy"), {"Allow", "Forbid", "Replace"}, true);
  for (const char* key : {"startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"})
    validate_non_negative(errors, child("spec", key), json::find(spec, key));
  validate_job_spec(errors, "spec.jobTemplate.spec", json::find(spec, {"jobTemplate", "spec"}));
}

void validate_pod_template_kind(FieldErrors& errors, const Json& object, const Json*) {
  validate_pod_template(errors, "template", json::find(object, "template"));
}

void validate_controller_revision(FieldErrors& errors, const Json& object, const Json* old) {
  validate_non_negative(errors, "revision", json::find(object, "revision"));
  if (json::find(object, "data").is_null()) errors.required("data", "data is mandatory");
  if (old != nullptr) validate_immutable(errors, "data", json::find(object, "data"), json::find(*old, "data"));
}

void validate_disruption_budget(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  const Json& least = json::find(spec, "minAvailable");
  const Json& most = json::find(spec, "maxUnavailable");
  if (!least.is_null() && !most.is_null()) errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
  validate_count_or_percent(errors, "spec.minAvailable", least);
  validate_count_or_percent(errors, "spec.maxUnavailable", most);
  validate_label_selector(errors, "spec.selector", json::find(spec, "selector"));
  validate_choice(errors, "spec.unhealthyPodEvictionPolicy", json::find(spec, "unhealthyPodEvictionPolicy"), {"AlwaysAllow", "IfHealthyBudget"}, false);
}

void validate_autoscaler(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  int64_t least = json::integer(spec, "minReplicas", 1), most = json::integer(spec, "maxReplicas");
  if (least < 1) errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
  if (most < 1) errors.invalid("spec.maxReplicas", most, "must be greater than 0");
  else if (most < least) errors.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`");
  for (const char* key : {"kind", "name"})
    if (json::str(spec, {"scaleTargetRef", key}).empty()) errors.required(child("spec.scaleTargetRef", key));
}

}  // namespace skerry::api
