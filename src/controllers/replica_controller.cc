#include "controllers/replica_controller.h"

#include "api/pod.h"
#include "base/log.h"
#include "controllers/claim.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr int64_t kBurst = 500;
// A creation that the cache has not shown by now never will (the watch was lost together with the pod).
constexpr auto kGiveUpWaiting = std::chrono::minutes(5);

}  // namespace

ReplicaKind replica_set_kind() { return {api::kReplicaSets, "ReplicaSet", "replicaset-controller", false}; }
ReplicaKind replication_controller_kind() {
  return {api::kReplicationControllers, "ReplicationController", "replication-controller", true};
}

ReplicaController::ReplicaController(Context& context, ReplicaKind kind)
    : Part(context, kind.component, 2),
      kind_(std::move(kind)),
      events_(context.client, context.executor, kind_.component),
      pods_(context.client, events_) {
  enqueue_all_of(kind_.gvr);
  cache(api::kPods).add_handler([this](auto& before, auto& after) { on_pod(before, after); });
}

void ReplicaController::on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  bool owned = false;
  const std::string group = kind_.gvr.api_version();
  for (auto* pod : {&before, &after}) {
    if (!*pod) continue;
    const api::OwnerReference* c = (*pod)->meta().controller();
    if (!c) continue;
    owned = pod == &after || owned;
    if (c->kind == kind_.kind && c->api_version == group) queue_.enqueue(api::make_key((*pod)->meta().ns, c->name));
  }
  if (owned || !after || after->meta().deleting) return;
  // An orphan: whoever selects it may adopt it.
  if (before && !before->meta().controller() && before->meta().labels == after->meta().labels) return;
  for (auto& object : cache(kind_.gvr).in_namespace(after->meta().ns))
    if (selector_of(object->json()).matches(after->meta().labels)) queue_.enqueue(object->key());
}

api::LabelSelector ReplicaController::selector_of(const Json& object) const {
  const Json& selector = json::find(object, {"spec", "selector"});
  if (kind_.map_selector) return api::LabelSelector::from_map(selector);
  auto parsed = api::LabelSelector::from_json(selector);
  return parsed ? *parsed : api::LabelSelector::from_map(nullptr);
}

bool ReplicaController::cache_shows_creations(const Key& key) {
  const int64_t shown = cache(api::kPods).revision();
  std::lock_guard l(mutex_);
  auto it = done_.find(key);
  if (it == done_.end() || it->second.created_revision <= shown) return true;
  return clock().mono() - it->second.created_at > kGiveUpWaiting;
}

Result<Outcome> ReplicaController::reconcile(const Key& key) {
  // Asked before the pods are read: what it promises is then in what is read.
  const bool current = cache_shows_creations(key);
  api::ObjectPtr object = cache(kind_.gvr).get(key);
  if (!object) {
    std::lock_guard l(mutex_);
    done_.erase(key);
    return Outcome{};
  }
  const api::Meta& meta = object->meta();
  Json value = object->json();
  const api::LabelSelector selector = selector_of(value);
  auto mine = TRY(claim(client(), {kind_.gvr, kind_.kind, *object, selector}, api::kPods,
                        cache(api::kPods).in_namespace(meta.ns)));

  std::set<std::string> deleted;
  {
    std::lock_guard l(mutex_);
    if (auto it = done_.find(key); it != done_.end()) {
      std::set<std::string> still;
      for (auto& pod : mine)
        if (it->second.deleted_uids.contains(pod->meta().uid) && !pod->meta().deleting) still.insert(pod->meta().uid);
      it->second.deleted_uids = still;
      deleted = std::move(still);
    }
  }
  const int64_t min_ready = json::integer(value, {"spec", "minReadySeconds"});
  const Json& template_labels = json::find(value, {"spec", "template", "metadata", "labels"});
  std::vector<PodFacts> active;
  for (auto& pod : mine) {
    if (pod->meta().deleting || deleted.contains(pod->meta().uid)) continue;
    Json p = pod->json();
    if (api::is_pod_active(p)) active.push_back(pod_facts(p, min_ready, now_s(), template_labels));
  }

  const int64_t wanted = json::integer(value, {"spec", "replicas"}, 1);
  Status managed;
  if (current && !meta.deleting) managed = manage(key, value, meta, active, wanted);
  ReplicaCounts counts = count_replicas(active, min_ready, now_s());
  TRY(write_status(std::move(value), counts, managed, wanted - counts.replicas));
  if (!managed) return managed.error();
  return Outcome{seconds(counts.next_available_s)};
}

Status ReplicaController::manage(const Key& key, const Json& object, const api::Meta& meta,
                                 const std::vector<PodFacts>& active, int64_t wanted) {
  const int64_t have = static_cast<int64_t>(active.size());
  if (have == wanted) return {};
  client::ObjectReference about{kind_.gvr.api_version(), kind_.kind, meta.ns, meta.name, meta.uid,
                                std::to_string(meta.revision), ""};
  if (have < wanted) {
    const Json pod = pod_from_template(json::find(object, {"spec", "template"}), meta,
                                       controller_reference(about.api_version, kind_.kind, meta));
    auto result = slow_start(std::min(wanted - have, kBurst), [&]() -> Status {
      auto created = pods_.create(meta.ns, pod, about);
      if (!created) return is_namespace_terminating(created.error()) ? Status() : Status(created.error());
      std::lock_guard l(mutex_);
      Done& done = done_[key];
      done.created_revision = std::max(done.created_revision, (*created)->meta().revision);
      done.created_at = clock().mono();
      return {};
    });
    // The creations' events wake this key again, also those that came while it ran.
    return result.status;
  }
  Status first;
  for (auto& pod : choose_deletions(active, static_cast<size_t>(std::min(have - wanted, kBurst)))) {
    {
      std::lock_guard l(mutex_);
      done_[key].deleted_uids.insert(pod.uid);
    }
    Status s = pods_.remove(meta.ns, pod.name, pod.uid, about);
    if (s) continue;
    std::lock_guard l(mutex_);
    done_[key].deleted_uids.erase(pod.uid);
    if (first) first = std::move(s);
  }
  return first;
}

Status ReplicaController::write_status(Json object, const ReplicaCounts& n, const Status& managed, int64_t missing) {
  const Json old = json::object_or_empty(json::find(object, "status"));
  Json status = {{"replicas", n.replicas}, {"observedGeneration", json::integer(object, {"metadata", "generation"})}};
  if (n.fully_labeled) status["fullyLabeledReplicas"] = n.fully_labeled;
  if (n.ready) status["readyReplicas"] = n.ready;
  if (n.available) status["availableReplicas"] = n.available;
  Json conditions = json::array_or_empty(json::find(old, "conditions"));
  if (!managed) {
    set_condition(conditions, "ReplicaFailure", "True", missing > 0 ? "FailedCreate" : "FailedDelete",
                  managed.error().message, now_text());
  } else {
    remove_condition(conditions, "ReplicaFailure");
  }
  if (!conditions.empty()) status["conditions"] = std::move(conditions);
  auto same = [&](const char* field) { return json::integer(old, field) == json::integer(status, field); };
  if (same("replicas") && same("observedGeneration") && same("fullyLabeledReplicas") && same("readyReplicas") &&
      same("availableReplicas") &&
      json::array_or_empty(json::find(old, "conditions")) == json::array_or_empty(json::find(status, "conditions")))
    return {};
  const std::string ns = json::str(object, {"metadata", "namespace"});
  object["status"] = std::move(status);
  auto updated = client().update_status(kind_.gvr, ns, std::move(object));
  if (!updated && !updated.error().is(Reason::kNotFound)) return updated.error();
  return {};
}

}  // namespace skerry::controllers
