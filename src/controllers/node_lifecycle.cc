#include "controllers/node_lifecycle.h"

#include <algorithm>

#include "api/pod.h"
#include "base/log.h"
#include "controllers/node_plan.h"
#include "controllers/object_util.h"
#include "controllers/pod_gc.h"

namespace skerry::controllers {
namespace {

constexpr const char* kLeaseNamespace = "kube-node-lease";

bool has_no_execute(const Json& taints) {
  for (auto& t : json::array_or_empty(taints))
    if (json::str(t, "effect") == "NoExecute") return true;
  return false;
}

}  // namespace

NodeLifecycle::NodeLifecycle(Context& context, NodeLifecycleOptions options)
    : Part(context, "node-controller"),
      options_(options),
      began_s_(now_s()),
      node_events_(context.client, context.executor, "node-controller"),
      taint_events_(context.client, context.executor, "taint-eviction-controller") {
  enqueue_all_of(api::kNodes);
  cache(api::kLeases).add_handler([this](auto&, auto& after) {
    if (after && after->meta().ns == kLeaseNamespace) on_lease(after);
  });
  cache(api::kPods).add_index("node", pod_node_index);
  cache(api::kPods).add_handler([this](auto& before, auto& after) { on_pod(before, after); });
}

void NodeLifecycle::on_lease(const api::ObjectPtr& after) {
  bool silent;
  {
    std::lock_guard l(mutex_);
    Seen& seen = seen_[after->meta().name];
    seen.heartbeat = clock().mono();
    silent = seen.ready == "Unknown";
  }
  if (silent) queue_.enqueue(after->meta().name);
}

void NodeLifecycle::on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  if (!after || after->meta().deleting) return;
  bool any;
  {
    std::lock_guard l(mutex_);
    any = std::any_of(seen_.begin(), seen_.end(), [](auto& s) { return s.second.executes || s.second.ready == "Unknown"; });
  }
  if (!any) return;  // the usual case: no need to look into the pod
  auto nodes = pod_node_index(*after);
  if (nodes.empty()) return;
  std::lock_guard l(mutex_);
  auto it = seen_.find(nodes[0]);
  if (it != seen_.end() && (it->second.executes || (it->second.ready == "Unknown" && !before))) queue_.enqueue(nodes[0]);
}

bool NodeLifecycle::note(const std::string& node, const std::string& ready, bool executes) {
  bool some = false, flipped;
  {
    std::lock_guard l(mutex_);
    Seen& seen = seen_[node];
    seen.ready = ready;
    seen.executes = executes;
    for (auto& [name, s] : seen_) some |= s.ready == "True";
    flipped = some != some_ready_;
    some_ready_ = some;
  }
  if (flipped)
    for (auto& other : cache(api::kNodes).all())
      if (other->meta().name != node) queue_.enqueue(other->meta().name);
  return some;
}

Result<Outcome> NodeLifecycle::reconcile(const Key& name) {
  api::ObjectPtr object = cache(api::kNodes).get(name);
  if (!object) {
    std::string uid;
    {
      std::lock_guard l(mutex_);
      if (auto it = seen_.find(name); it != seen_.end()) {
        uid = it->second.uid;
        seen_.erase(it);
      }
    }
    if (!uid.empty()) tell(name, uid, "RemovingNode", "Removing Node " + name + " from Controller");
    return Outcome{};
  }
  Json node = object->json();
  const MonoTime now = clock().mono();
  std::string ready = node_ready(node);
  MonoTime deadline;
  bool was_ready, registered;
  {
    std::lock_guard l(mutex_);
    Seen& seen = seen_[name];
    registered = seen.uid.empty();
    seen.uid = object->meta().uid;
    if (seen.heartbeat == MonoTime{}) seen.heartbeat = now;  // known since now
    deadline = seen.heartbeat + (ready.empty() ? options_.startup_grace : options_.grace);
    was_ready = seen.ready == "True";
  }
  if (const auto created = parse_rfc3339(json::str(node, {"metadata", "creationTimestamp"}));
      registered && created && std::chrono::duration_cast<seconds>(created->time_since_epoch()).count() >= began_s_)
    tell(name, object->meta().uid, "RegisteredNode", "Registered Node " + name + " in Controller");
  const bool silent = now >= deadline;
  if (silent && set_silent(node, now_text())) {
    LOG_WARN("node-controller", "node " << name << " has stopped reporting");
    node = TRY(client().update_status(api::kNodes, "", std::move(node)))->json();
    ready = node_ready(node);
  }
  const bool some_ready = note(name, ready, has_no_execute(json::find(node, {"spec", "taints"})));
  if (was_ready && ready != "True")
    node_events_.record(client::reference_to(api::kNodes, "Node", *object), "Normal", "NodeNotReady",
                        "Node " + name + " status is now: NodeNotReady");

  Json taints = wanted_taints(node, some_ready, now_text());
  if (taints != json::array_or_empty(json::find(node, {"spec", "taints"}))) {
    node["spec"]["taints"] = taints;
    node = TRY(client().update(api::kNodes, "", std::move(node)))->json();
  }
  note(name, ready, has_no_execute(taints));
  if (ready == "Unknown" || (was_ready && ready == "False")) TRY(mark_pods_not_ready(name));
  const int64_t next = has_no_execute(taints) ? TRY(evict(name, taints)) : 0;

  milliseconds wait{0};
  if (!silent) wait = std::chrono::ceil<milliseconds>(deadline - now) + milliseconds(1);
  if (next > 0) wait = wait.count() == 0 ? seconds(next) : std::min<milliseconds>(wait, seconds(next));
  return Outcome{wait};
}

void NodeLifecycle::tell(const std::string& node, const std::string& uid, const std::string& reason, const std::string& message) {
  const client::ObjectReference about{.api_version = "v1", .kind = "Node", .ns = "", .name = node, .uid = uid, .resource_version = "", .field_path = ""};
  node_events_.record(about, "Normal", reason, "Node " + node + " event: " + message);
}

Status NodeLifecycle::mark_pods_not_ready(const std::string& node) {
  for (auto& pod : cache(api::kPods).by_index("node", node)) {
    Json value = pod->json();
    if (!api::is_pod_ready(value)) continue;
    Json condition = {{"type", "Ready"}, {"status", "False"}, {"lastTransitionTime", now_text()}};
    Json patch = {{"metadata", {{"uid", pod->meta().uid}}}, {"status", {{"conditions", Json::array({condition})}}}};
    auto patched = client().patch(api::kPods, pod->meta().ns, pod->meta().name, api::PatchType::kStrategic,
                                  std::move(patch), "status");
    if (!patched && !patched.error().is(Reason::kNotFound) && !patched.error().is(Reason::kConflict))
      return patched.error();
    if (patched)
      node_events_.record(client::reference_to(api::kPods, "Pod", *pod), "Warning", "NodeNotReady", "Node is not ready");
  }
  return {};
}

Result<int64_t> NodeLifecycle::evict(const std::string& node, const Json& taints) {
  int64_t next = 0;
  for (auto& pod : cache(api::kPods).by_index("node", node)) {
    if (pod->meta().deleting) continue;
    Json value = pod->json();
    auto due = eviction_in_s(taints, value, now_s());
    if (!due) continue;
    if (*due > 0) {
      next = next == 0 ? *due : std::min(next, *due);
      continue;
    }
    const api::Meta& meta = pod->meta();
    taint_events_.record(client::reference_to(api::kPods, "Pod", *pod), "Normal", "TaintManagerEviction",
                         "Marking for deletion Pod " + meta.ns + "/" + meta.name);
    Json condition = {{"type", "DisruptionTarget"},
                      {"status", "True"},
                      {"reason", "DeletionByTaintManager"},
                      {"message", "Taint manager: deleting due to NoExecute taint"},
                      {"lastTransitionTime", now_text()}};
    Json patch = {{"metadata", {{"uid", meta.uid}}}, {"status", {{"conditions", Json::array({condition})}}}};
    auto patched = client().patch(api::kPods, meta.ns, meta.name, api::PatchType::kStrategic, std::move(patch), "status");
    if (!patched && !patched.error().is(Reason::kNotFound) && !patched.error().is(Reason::kConflict))
      return patched.error();
    api::Options options;
    options.precondition_uid = meta.uid;
    TRY(ignore_not_found(client().remove(api::kPods, meta.ns, meta.name, std::move(options))));
  }
  return next;
}

}  // namespace skerry::controllers
