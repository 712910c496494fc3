#include "controllers/deployment_controller.h"

#include <algorithm>

#include "api/pod.h"
#include "base/log.h"
#include "base/strings.h"
#include "controllers/claim.h"
#include "controllers/deployment_status.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
constexpr std::string_view kHistory = "deployment.kubernetes.io/revision-history";
constexpr std::string_view kDesired = "deployment.kubernetes.io/desired-replicas";
constexpr std::string_view kMax = "deployment.kubernetes.io/max-replicas";
constexpr std::string_view kHashLabel = "pod-template-hash";
constexpr size_t kLongestHistory = 2000;

// Annotations that say something about one object and not about what it makes.
bool is_copied(std::string_view key) {
  return key != "kubectl.kubernetes.io/last-applied-configuration" && key != kRevision && key != kHistory &&
         key != kDesired && key != kMax && key != "deprecated.deployment.rollback.to";
}

Json& annotations_of(Json& object) {
  Json& a = object["metadata"]["annotations"];
  if (!a.is_object()) a = Json::object();
  return a;
}

bool set_annotation(Json& object, std::string_view key, const std::string& value) {
  if (annotation(object, key) == value) return false;
  annotations_of(object)[std::string(key)] = value;
  return true;
}

}  // namespace

DeploymentController::DeploymentController(Context& context)
    : Part(context, "deployment-controller"), events_(context.client, context.executor, "deployment-controller") {
  enqueue_all_of(api::kDeployments);
  cache(api::kReplicaSets).add_handler([this](auto& before, auto& after) { on_replica_set(before, after); });
  cache(api::kPods).add_handler([this](auto& before, auto& after) {
    if (!after) on_pod_gone(before);
  });
}

void DeploymentController::on_replica_set(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  for (auto* rs : {&before, &after}) {
    if (!*rs) continue;
    const api::Meta& meta = (*rs)->meta();
    if (auto* c = meta.controller()) {
      if (c->kind == "Deployment") queue_.enqueue(api::make_key(meta.ns, c->name));
    } else if (rs == &after && !meta.deleting) {
      // An orphan: some Deployment may adopt it.
      for (auto& d : cache(api::kDeployments).in_namespace(meta.ns)) queue_.enqueue(d->key());
    }
  }
}

// Recreate waits until the last old pod is gone, which no ReplicaSet tells.
void DeploymentController::on_pod_gone(const api::ObjectPtr& pod) {
  const api::OwnerReference* c = pod->meta().controller();
  if (!c || c->kind != "ReplicaSet") return;
  api::ObjectPtr rs = cache(api::kReplicaSets).get(api::make_key(pod->meta().ns, c->name));
  if (!rs) return;
  if (auto* d = rs->meta().controller(); d && d->kind == "Deployment")
    queue_.enqueue(api::make_key(pod->meta().ns, d->name));
}

struct DeploymentController::Rollout {
  DeploymentController& c;
  const api::ObjectPtr object;
  const api::Meta& meta;
  Json deployment;
  DeploymentFacts facts;
  std::vector<ReplicaSetFacts> all;
  std::vector<Json> failures;
  int current = -1;  // index in all of the ReplicaSet of the present template

  Rollout(DeploymentController& controller, api::ObjectPtr o)
      : c(controller), object(std::move(o)), meta(object->meta()), deployment(object->json()),
        facts(deployment_facts(deployment)) {}

  client::ObjectReference reference() const { return client::reference_to(api::kDeployments, "Deployment", *object); }
  ReplicaSetFacts* new_set() { return current < 0 ? nullptr : &all[static_cast<size_t>(current)]; }
  std::vector<size_t> old_indexes() const {
    std::vector<size_t> old;
    for (size_t i = 0; i < all.size(); ++i)
      if (static_cast<int>(i) != current) old.push_back(i);
    return old;
  }
  DeploymentView view() { return {deployment, facts, all, new_set(), failures}; }

  Status load(const std::vector<api::ObjectPtr>& owned);
  Status find_or_create(bool create);
  Status create_new_set(int64_t revision);
  bool fill_annotations(Json& rs, int64_t revision, bool exists) const;
  Status note_revision(const std::string& revision);
  Result<bool> scale(size_t index, int64_t size);
  Result<bool> scale_many(const std::vector<size_t>& indexes, const Sizes& sizes);
  Status write_status(Json status);
  Result<Outcome> finish(Json status);

  bool is_scaling() const;
  Status resize();
  Result<Outcome> roll();
  Result<Outcome> recreate();
  bool old_pods_left();
  Status trim_history();
};

Result<Outcome> DeploymentController::reconcile(const Key& key) {
  api::ObjectPtr object = cache(api::kDeployments).get(key);
  if (!object) return Outcome{};
  Rollout r(*this, object);
  api::LabelSelector selector = TRY(api::LabelSelector::from_json(json::find(r.deployment, {"spec", "selector"})));
  if (selector.empty()) {
    events_.record(r.reference(), "Warning", "SelectingAll",
                   "This deployment is selecting all pods. A non-empty selector is required.");
    return Outcome{};
  }
  auto owned = TRY(claim(client(), {api::kDeployments, "Deployment", *object, selector}, api::kReplicaSets,
                         cache(api::kReplicaSets).in_namespace(r.meta.ns)));
  TRY(r.load(owned));
  if (r.meta.deleting) {
    TRY(r.find_or_create(false));
    return r.finish(base_status(r.view(), now_text()));
  }
  if (auto status = paused_status(r.deployment, now_text())) TRY(r.write_status(std::move(*status)));
  if (json::boolean(r.deployment, {"spec", "paused"})) {
    TRY(r.find_or_create(false));
    TRY(r.resize());
    TRY(r.trim_history());
    return r.finish(base_status(r.view(), now_text()));
  }
  if (r.is_scaling()) {
    TRY(r.find_or_create(false));
    TRY(r.resize());
    return r.finish(base_status(r.view(), now_text()));
  }
  return r.facts.rolling ? r.roll() : r.recreate();
}

Status DeploymentController::Rollout::load(const std::vector<api::ObjectPtr>& owned) {
  const Json& pod_template = json::find(deployment, {"spec", "template"});
  std::vector<size_t> same;
  for (auto& rs : owned) {
    Json value = rs->json();
    all.push_back(replica_set_facts(rs, value));
    for (auto& cond : json::array_or_empty(json::find(value, {"status", "conditions"})))
      if (json::str(cond, "type") == "ReplicaFailure") failures.push_back(cond);
    if (same_template(json::find(value, {"spec", "template"}), pod_template)) same.push_back(all.size() - 1);
  }
  // Should several have the template, the oldest counts.
  for (size_t i : same)
    if (current < 0 || all[i].created < new_set()->created) current = static_cast<int>(i);
  return {};
}

bool DeploymentController::Rollout::is_scaling() const {
  return std::any_of(all.begin(), all.end(), [&](const ReplicaSetFacts& rs) {
    return rs.replicas > 0 && rs.desired >= 0 && rs.desired != facts.replicas;
  });
}

Status DeploymentController::Rollout::find_or_create(bool create) {
  int64_t newest = 0;
  for (size_t i : old_indexes()) newest = std::max(newest, all[i].revision);
  const int64_t revision = newest + 1;
  if (!new_set()) return create ? create_new_set(revision) : Status();

  ReplicaSetFacts& rs = *new_set();
  Json value = rs.object->json();
  const int64_t min_ready = json::integer(deployment, {"spec", "minReadySeconds"});
  bool changed = fill_annotations(value, revision, true);
  if (json::integer(value, {"spec", "minReadySeconds"}) != min_ready) {
    value["spec"]["minReadySeconds"] = min_ready;
    changed = true;
  }
  if (changed) {
    rs.object = TRY(c.client().update(api::kReplicaSets, meta.ns, std::move(value)));
    rs = replica_set_facts(rs.object, rs.object->json());
  }
  TRY(note_revision(std::to_string(rs.revision)));
  Json status = json::object_or_empty(json::find(deployment, "status"));
  bool has_progressing = false;
  for (auto& cond : json::array_or_empty(json::find(status, "conditions")))
    has_progressing |= json::str(cond, "type") == "Progressing";
  if (!has_progressing && has_progress_deadline(deployment)) {
    set_deployment_condition(status, "Progressing", "True", "FoundNewReplicaSet",
                             "Found new replica set " + in_quotes(rs.name), c.now_text());
    TRY(write_status(std::move(status)));
  }
  return {};
}

bool DeploymentController::Rollout::fill_annotations(Json& rs, int64_t revision, bool exists) const {
  bool changed = false;
  for (auto& [key, value] : json::object_or_empty(json::find(deployment, {"metadata", "annotations"})).items())
    if (is_copied(key) && value.is_string()) changed |= set_annotation(rs, key, value.get<std::string>());
  const std::string old = annotation(rs, kRevision);
  const int64_t old_revision = parse_int(old).value_or(0);
  if (old_revision < revision) {
    set_annotation(rs, kRevision, std::to_string(revision));
    changed = true;
    if (!old.empty() && exists) {
      std::string history = annotation(rs, kHistory);
      history = history.empty() ? old : history + "," + old;
      while (history.size() > kLongestHistory && history.find(',') != std::string::npos)
        history.erase(0, history.find(',') + 1);
      set_annotation(rs, kHistory, history);
    }
  }
  if (!exists) {
    set_annotation(rs, kDesired, std::to_string(facts.replicas));
    set_annotation(rs, kMax, std::to_string(facts.replicas + facts.surge));
  }
  return changed;
}

Status DeploymentController::Rollout::create_new_set(int64_t revision) {
  const int64_t collisions = json::integer(deployment, {"status", "collisionCount"});
  Json pod_template = json::find(deployment, {"spec", "template"});
  const std::string hash = template_hash(pod_template, collisions);
  pod_template["metadata"]["labels"][std::string(kHashLabel)] = hash;
  Json selector = json::find(deployment, {"spec", "selector"});
  selector["matchLabels"][std::string(kHashLabel)] = hash;
  Json rs = {{"apiVersion", "apps/v1"},
             {"kind", "ReplicaSet"},
             {"metadata",
              {{"name", meta.name + "-" + hash},
               {"namespace", meta.ns},
               {"labels", pod_template["metadata"]["labels"]},
               {"ownerReferences", Json::array({controller_reference("apps/v1", "Deployment", meta)})}}},
             {"spec",
              {{"selector", std::move(selector)},
               {"template", pod_template},
               {"minReadySeconds", json::integer(deployment, {"spec", "minReadySeconds"})}}}};
  const int64_t size = new_replica_set_size(facts, all, 0);
  rs["spec"]["replicas"] = size;
  fill_annotations(rs, revision, false);
  const std::string name = json::str(rs, {"metadata", "name"});

  auto created = c.client().create(api::kReplicaSets, meta.ns, std::move(rs));
  bool existed = false;
  if (!created && created.error().is(Reason::kAlreadyExists)) {
    api::ObjectPtr found = TRY(c.client().get(api::kReplicaSets, meta.ns, name));
    const api::OwnerReference* owner = found->meta().controller();
    if (owner && owner->uid == meta.uid &&
        same_template(json::find(found->json(), {"spec", "template"}), pod_template)) {
      created = found;  // ours, made a moment ago
      existed = true;
    } else {
      Json status = json::object_or_empty(json::find(deployment, "status"));
      status["collisionCount"] = collisions + 1;
      TRY(write_status(std::move(status)));
      return Error(Reason::kConflict, "hash collision of ReplicaSet " + name);
    }
  }
  if (!created) {
    if (is_namespace_terminating(created.error())) return Error(Reason::kConflict, created.error().message);
    const std::string message = "Failed to create new replica set " + in_quotes(name) + ": " + created.error().message;
    if (has_progress_deadline(deployment)) {
      Json status = json::object_or_empty(json::find(deployment, "status"));
      set_deployment_condition(status, "Progressing", "False", "ReplicaSetCreateError", message, c.now_text());
      (void)write_status(std::move(status)).has_value();
    }
    c.events_.record(reference(), "Warning", "ReplicaSetCreateError", message);
    return created.error();
  }
  if (!existed && size > 0)
    c.events_.record(reference(), "Normal", "ScalingReplicaSet",
                     "Scaled up replica set " + name + " from 0 to " + std::to_string(size));
  all.push_back(replica_set_facts(*created, (*created)->json()));
  current = static_cast<int>(all.size()) - 1;
  TRY(note_revision(std::to_string(revision)));
  if (!existed && has_progress_deadline(deployment)) {
    Json status = json::object_or_empty(json::find(deployment, "status"));
    set_deployment_condition(status, "Progressing", "True", "NewReplicaSetCreated",
                             "Created new replica set " + in_quotes(name), c.now_text());
    TRY(write_status(std::move(status)));
  }
  return {};
}

Status DeploymentController::Rollout::note_revision(const std::string& revision) {
  if (annotation(deployment, kRevision) == revision) return {};
  Json patch = {{"metadata", {{"annotations", {{std::string(kRevision), revision}}}}}};
  api::ObjectPtr patched =
      TRY(c.client().patch(api::kDeployments, meta.ns, meta.name, api::PatchType::kMerge, std::move(patch)));
  if (patched->meta().uid != meta.uid) return Error(Reason::kConflict, "the Deployment was replaced");
  // Somebody else's change in between must be seen first.
  if (patched->meta().generation != meta.generation) return Error(Reason::kConflict, "the Deployment has changed");
  deployment["metadata"] = patched->json()["metadata"];
  return {};
}

Result<bool> DeploymentController::Rollout::scale(size_t index, int64_t size) {
  ReplicaSetFacts& rs = all[index];
  Json value = rs.object->json();
  bool changed = set_annotation(value, kDesired, std::to_string(facts.replicas));
  changed |= set_annotation(value, kMax, std::to_string(facts.replicas + facts.surge));
  const int64_t before = rs.replicas;
  if (before == size && !changed) return false;
  value["spec"]["replicas"] = size;
  rs.object = TRY(c.client().update(api::kReplicaSets, meta.ns, std::move(value)));
  rs.replicas = size;
  rs.desired = facts.replicas;
  if (before == size) return false;
  c.events_.record(reference(), "Normal", "ScalingReplicaSet",
                   std::string("Scaled ") + (size > before ? "up" : "down") + " replica set " + rs.name + " from " +
                       std::to_string(before) + " to " + std::to_string(size));
  return true;
}

Result<bool> DeploymentController::Rollout::scale_many(const std::vector<size_t>& indexes, const Sizes& sizes) {
  bool any = false;
  for (size_t i = 0; i < indexes.size(); ++i)
    if (all[indexes[i]].replicas != sizes[i]) any |= TRY(scale(indexes[i], sizes[i]));
  return any;
}

// A new size, or a pause: the ReplicaSets keep their shares and no rollout goes on.
Status DeploymentController::Rollout::resize() {
  std::vector<size_t> active;
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].replicas > 0) active.push_back(i);
  int only = -1;
  if (active.size() == 1) only = static_cast<int>(active[0]);
  else if (active.empty()) {
    only = current;
    for (size_t i = 0; current < 0 && i < all.size(); ++i)
      if (only < 0 || all[i].created > all[static_cast<size_t>(only)].created) only = static_cast<int>(i);
    if (only < 0) return {};
  }
  if (only >= 0) {
    if (all[static_cast<size_t>(only)].replicas != facts.replicas) TRY(scale(static_cast<size_t>(only), facts.replicas));
    return {};
  }
  const ReplicaSetFacts* now = new_set();
  const bool saturated = now && now->desired == facts.replicas && now->replicas == facts.replicas &&
                         now->available == facts.replicas;
  if (saturated) {
    for (size_t i : old_indexes())
      if (all[i].replicas > 0) TRY(scale(i, 0));
    return {};
  }
  if (!facts.rolling) return {};
  std::vector<ReplicaSetFacts> sets;
  for (size_t i : active) sets.push_back(all[i]);
  const Sizes sizes = scale_in_proportion(facts, sets);
  for (size_t i = 0; i < active.size(); ++i) TRY(scale(active[i], sizes[i]));
  return {};
}

Result<Outcome> DeploymentController::Rollout::roll() {
  TRY(find_or_create(true));
  const int64_t size = new_replica_set_size(facts, all, new_set()->replicas);
  bool changed = false;
  if (size != new_set()->replicas) changed = TRY(scale(static_cast<size_t>(current), size));
  if (!changed) {
    std::vector<ReplicaSetFacts> old;
    const auto indexes = old_indexes();
    for (size_t i : indexes) old.push_back(all[i]);
    changed = TRY(scale_many(indexes, shrink_old(facts, old, *new_set())));
  }
  if (!changed && is_complete(deployment, json::find(deployment, "status"))) TRY(trim_history());
  return finish(rollout_status(view(), c.now_text(), c.now_s()));
}

Result<Outcome> DeploymentController::Rollout::recreate() {
  TRY(find_or_create(false));
  bool changed = false;
  for (size_t i : old_indexes())
    if (all[i].replicas > 0) changed |= TRY(scale(i, 0));
  if (changed || old_pods_left()) return finish(rollout_status(view(), c.now_text(), c.now_s()));
  if (!new_set()) TRY(find_or_create(true));
  if (new_set()->replicas != facts.replicas) TRY(scale(static_cast<size_t>(current), facts.replicas));
  if (is_complete(deployment, json::find(deployment, "status"))) TRY(trim_history());
  return finish(rollout_status(view(), c.now_text(), c.now_s()));
}

bool DeploymentController::Rollout::old_pods_left() {
  const auto old = old_indexes();
  for (auto& pod : c.cache(api::kPods).in_namespace(meta.ns)) {
    const api::OwnerReference* owner = pod->meta().controller();
    if (!owner) continue;
    for (size_t i : old)
      if (all[i].uid == owner->uid && !api::is_pod_terminal(pod->json())) return true;
  }
  return false;
}

Status DeploymentController::Rollout::trim_history() {
  const Json& limit = json::find(deployment, {"spec", "revisionHistoryLimit"});
  if (!limit.is_number_integer()) return {};
  std::vector<ReplicaSetFacts> old;
  for (size_t i : old_indexes()) old.push_back(all[i]);
  for (size_t i : beyond_history(old, limit.get<int64_t>()))
    TRY(ignore_not_found(c.client().remove(api::kReplicaSets, meta.ns, old[i].name)));
  return {};
}

Status DeploymentController::Rollout::write_status(Json status) {
  if (json::find(deployment, "status") == status) return {};
  Json wanted = deployment;
  wanted["status"] = std::move(status);
  auto updated = c.client().update_status(api::kDeployments, meta.ns, std::move(wanted));
  if (!updated) return updated.error();
  deployment = (*updated)->json();
  return {};
}

Result<Outcome> DeploymentController::Rollout::finish(Json status) {
  const auto wait = seconds_to_deadline(deployment, status, c.now_s());
  TRY(ignore_not_found(write_status(std::move(status))));
  return Outcome{seconds(wait.value_or(0))};
}

}  // namespace skerry::controllers
