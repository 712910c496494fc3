#include "controllers/pod_gc.h"

#include <algorithm>
#include <map>

#include "api/pod.h"
#include "base/log.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

// A node that goes may be one that is just being registered anew.
constexpr auto kNodeGrace = seconds(40);
constexpr std::string_view kNode = "node:", kPod = "pod:";
const Key kTerminated = "terminated";

}  // namespace

std::vector<std::string> pod_node_index(const api::Object& pod) {
  std::string node = json::str(pod.json(), {"spec", "nodeName"});
  if (node.empty()) return {};
  return {std::move(node)};
}

PodGc::PodGc(Context& context, size_t most_terminated)
    : Part(context, "pod-garbage-collector"), most_terminated_(most_terminated) {
  cache(api::kPods).add_index("node", pod_node_index);
  cache(api::kNodes).add_handler([this](auto& before, auto& after) {
    if (!after) queue_.enqueue_after(std::string(kNode) + before->meta().name, kNodeGrace);
  });
  cache(api::kPods).add_handler([this](auto& before, auto& after) {
    if (!after) return;
    if (after->meta().deleting && !(before && before->meta().deleting))
      queue_.enqueue(std::string(kPod) + after->key());
    // At the start, and for pods bound to a node that went meanwhile.
    if (!before) {
      auto nodes = pod_node_index(*after);
      if (!nodes.empty() && !cache(api::kNodes).get(nodes[0]))
        queue_.enqueue_after(std::string(kNode) + nodes[0], kNodeGrace);
      if (most_terminated_ > 0) queue_.enqueue_after(kTerminated, seconds(20));
    }
  });
}

Result<Outcome> PodGc::reconcile(const Key& key) {
  if (key == kTerminated) {
    TRY(collect_terminated());
    return Outcome{};
  }
  if (key.starts_with(kNode)) return collect_node(key.substr(kNode.size()));
  api::ObjectPtr pod = cache(api::kPods).get(key.substr(kPod.size()));
  if (!pod || !pod->meta().deleting) return Outcome{};
  if (json::str(pod->json(), {"spec", "nodeName"}).empty())
    TRY(force_delete(pod, "PodGC: pod was never scheduled"));
  return Outcome{};
}

Result<Outcome> PodGc::collect_node(const std::string& node) {
  auto pods = cache(api::kPods).by_index("node", node);
  if (pods.empty() || cache(api::kNodes).get(node)) return Outcome{};
  auto live = client().get(api::kNodes, "", node);
  if (live) return Outcome{};
  if (!live.error().is(Reason::kNotFound)) return live.error();
  LOG_INFO("pod-garbage-collector", "node " << node << " is gone: removing its " << pods.size() << " pods");
  for (auto& pod : pods) TRY(force_delete(pod, "PodGC: node no longer exists"));
  return Outcome{};
}

Status PodGc::collect_terminated() {
  auto pods = cache(api::kPods).all();
  if (pods.size() <= most_terminated_) return {};
  std::vector<std::pair<int64_t, api::ObjectPtr>> ended;
  for (auto& pod : pods) {
    Json value = pod->json();
    if (api::is_pod_terminal(value) && !pod->meta().deleting)
      ended.emplace_back(time_s(value, {"metadata", "creationTimestamp"}).value_or(0), pod);
  }
  if (ended.size() <= most_terminated_) return {};
  std::sort(ended.begin(), ended.end(), [](auto& a, auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < ended.size() - most_terminated_; ++i) TRY(force_delete(ended[i].second, ""));
  return {};
}

Status PodGc::force_delete(const api::ObjectPtr& pod, const std::string& message) {
  const api::Meta& meta = pod->meta();
  Json value = pod->json();
  if (!message.empty() && !api::is_pod_terminal(value)) {
    value["status"]["phase"] = "Failed";
    set_condition(value["status"]["conditions"], "DisruptionTarget", "True", "DeletionByPodGC", message, now_text());
    Json patch = {{"metadata", {{"uid", meta.uid}}}, {"status", value["status"]}};
    auto patched = client().patch(api::kPods, meta.ns, meta.name, api::PatchType::kMerge, std::move(patch), "status");
    if (!patched && !patched.error().is(Reason::kNotFound) && !patched.error().is(Reason::kConflict))
      return patched.error();
  }
  api::Options options;
  options.grace_period_s = 0;
  options.precondition_uid = meta.uid;
  return ignore_not_found(client().remove(api::kPods, meta.ns, meta.name, std::move(options)));
}

}  // namespace skerry::controllers
