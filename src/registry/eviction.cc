// POST pods/<name>/eviction: a deletion that asks the PodDisruptionBudgets first.
#include "api/pod.h"
#include "api/selector.h"
#include "base/strings.h"
#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

constexpr int kMaxAttempts = 20;

Error too_many(std::string cause, int retry_after_s) {
  Error error(Reason::kTooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.");
  error.retry_after_s = retry_after_s;
  return with_cause(std::move(error), "DisruptionBudget", std::move(cause), "");
}

// Pods that no budget protects.
bool is_unprotected(const Json& pod) {
  std::string phase = json::str(pod, {"status", "phase"});
  return api::is_pod_terminal(pod) || api::is_pod_deleting(pod) || phase == "Pending";
}

// Not ready: evicting it may be allowed without using up the budget.
bool allowed_unhealthy(const Json& pod, const Json& budget) {
  if (json::str(pod, {"status", "phase"}) != "Running" || api::is_pod_ready(pod)) return false;
  if (json::str(budget, {"spec", "unhealthyPodEvictionPolicy"}) == "AlwaysAllow") return true;
  int64_t current = json::integer(budget, {"status", "currentHealthy"}), desired = json::integer(budget, {"status", "desiredHealthy"});
  return current >= desired && desired > 0;
}

}  // namespace

Result<api::Response> Registry::Impl::evict(Call& call) {
  Json eviction = std::move(call.request.body);
  const std::string name = call.request.name;
  if (std::string given = json::str(eviction, {"metadata", "name"}); !given.empty() && given != name)
    return bad_request("name in URL does not match name in Eviction object");
  TRY(admit(call, api::Verb::kCreate, &eviction, nullptr));

  // The deletion's options stand in the body.
  api::Request deletion = call.request;
  deletion.verb = api::Verb::kDelete;
  deletion.subresource.clear();
  const Json& asked = json::find(eviction, "deleteOptions");
  if (asked.is_object()) {
    api::Options& o = deletion.options;
    if (json::find(asked, "gracePeriodSeconds").is_number_integer()) o.grace_period_s = json::integer(asked, "gracePeriodSeconds");
    o.propagation_policy = json::str(asked, "propagationPolicy");
    o.precondition_uid = json::str(asked, {"preconditions", "uid"});
    o.precondition_revision = json::str(asked, {"preconditions", "resourceVersion"});
    if (!json::array_or_empty(json::find(asked, "dryRun")).empty()) o.dry_run = true;
  }
  const bool dry_run = deletion.options.dry_run;

  auto pod_object = call.collection.find(call.key());
  if (!pod_object) return not_found(call.row, name);
  Json pod = pod_object->json();
  if (!is_unprotected(pod)) {
    std::vector<api::ObjectPtr> budgets;
    Collection& all = collection("poddisruptionbudgets.policy");
    for (auto& budget : all.slice(call.request.ns, "", 0, nullptr, 0).items) {
      auto selector = api::LabelSelector::from_json(json::find(budget->json(), {"spec", "selector"}));
      if (selector && selector->matches(pod_object->meta().labels)) budgets.push_back(budget);
    }
    if (budgets.size() > 1)
      return internal_error("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
    for (int attempt = 0; budgets.size() == 1; ++attempt) {
      auto current = all.find(budgets[0]->key());
      if (!current) break;
      Json budget = current->json();
      if (allowed_unhealthy(pod, budget)) break;
      const std::string budget_name = current->meta().name;
      if (json::integer(budget, {"status", "observedGeneration"}) < current->meta().generation)
        return too_many("The disruption budget " + budget_name + " is still being processed by the server.", 10);
      int64_t allowed = json::integer(budget, {"status", "disruptionsAllowed"});
      if (allowed < 0) return forbidden(*call.row_ptr, name, "pdb disruptions allowed is negative");
      if (allowed == 0)
        return too_many("The disruption budget " + budget_name + " needs " +
                            std::to_string(json::integer(budget, {"status", "desiredHealthy"})) + " healthy pods and has " +
                            std::to_string(json::integer(budget, {"status", "currentHealthy"})) + " currently",
                        0);
      if (dry_run) break;
      budget["status"]["disruptionsAllowed"] = allowed - 1;
      budget["status"]["disruptedPods"][name] = now();
      auto done = commit_put(all, current->key(), current->meta().revision, budget, false);
      if (done) break;
      if (!done.error().is(Reason::kConflict)) return done.error();
      if (attempt == kMaxAttempts) return too_many("The disruption budget " + budget_name + " is being changed by others.", 10);
    }
  }

  // Says why the pod went, for whoever counts its failures.
  for (int attempt = 0; !dry_run && attempt < kMaxAttempts; ++attempt) {
    auto current = call.collection.find(call.key());
    if (!current) break;
    Json now_pod = current->json();
    if (api::condition_is_true(now_pod, "DisruptionTarget") || api::is_pod_terminal(now_pod)) break;
    Json& conditions = now_pod["status"]["conditions"];
    if (!conditions.is_array()) conditions = Json::array();
    conditions.push_back({{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", "EvictionByEvictionAPI"},
                          {"message", "Eviction API: evicting"}, {"lastProbeTime", nullptr}, {"lastTransitionTime", now()}});
    if (!deletion.options.precondition_revision.empty()) break;
    auto done = commit_put(call.collection, call.key(), current->meta().revision, now_pod, false);
    if (done || !done.error().is(Reason::kConflict)) break;
  }
  const Hooks none;  // admission has seen the eviction
  Call removal{call.row_ptr, call.row, call.stored, call.strategy, call.collection, deletion, none, call.validation, {}};
  TRY(remove_object(removal, call.key()));
  return object_response(api::Object::from_json(api::success_status_json({})), 201);
}

}  // namespace skerry::registry
