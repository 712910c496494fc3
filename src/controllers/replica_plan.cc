#include "controllers/replica_plan.h"

#include <algorithm>
#include <map>

#include "api/pod.h"
#include "api/selector.h"
#include "base/strings.h"
#include "controllers/object_util.h"

namespace skerry::controllers {

PodFacts pod_facts(const Json& pod, int64_t min_ready_s, int64_t now_s, const Json& template_labels) {
  PodFacts f;
  f.name = json::str(pod, {"metadata", "name"});
  f.uid = json::str(pod, {"metadata", "uid"});
  f.node = json::str(pod, {"spec", "nodeName"});
  const std::string phase = json::str(pod, {"status", "phase"});
  f.phase = phase == "Running"   ? PodFacts::Phase::kRunning
            : phase == "Unknown" ? PodFacts::Phase::kUnknown
                                 : PodFacts::Phase::kPending;
  f.ready = api::is_pod_ready(pod);
  f.available = api::is_pod_available(pod, min_ready_s, now_s);
  if (f.ready) f.ready_since = time_s(api::find_condition(pod, "Ready"), {"lastTransitionTime"}).value_or(0);
  f.created = time_s(pod, {"metadata", "creationTimestamp"}).value_or(0);
  for (auto list : {"containerStatuses", "initContainerStatuses"})
    for (auto& c : json::array_or_empty(json::find(pod, {"status", list})))
      f.restarts = std::max(f.restarts, json::integer(c, "restartCount"));
  f.deletion_cost = parse_int(annotation(pod, "controller.kubernetes.io/pod-deletion-cost")).value_or(0);
  f.labeled = true;
  for (auto& [key, value] : json::object_or_empty(template_labels).items())
    if (json::find(pod, {"metadata", "labels", key}) != value) f.labeled = false;
  return f;
}

std::vector<PodFacts> choose_deletions(std::vector<PodFacts> pods, size_t count) {
  if (count >= pods.size()) return pods;
  // Pods that share a node are more dispensable there.
  std::map<std::string, int> on_node;
  for (auto& p : pods)
    if (!p.node.empty()) ++on_node[p.node];
  auto rank = [&](const PodFacts& p) { return p.node.empty() ? 0 : on_node[p.node]; };
  std::stable_sort(pods.begin(), pods.end(), [&](const PodFacts& a, const PodFacts& b) {
    if (a.node.empty() != b.node.empty()) return a.node.empty();
    if (a.phase != b.phase) return a.phase < b.phase;
    if (a.ready != b.ready) return !a.ready;
    if (a.deletion_cost != b.deletion_cost) return a.deletion_cost < b.deletion_cost;
    if (int x = rank(a), y = rank(b); x != y) return x > y;
    if (a.ready && a.ready_since != b.ready_since) return a.ready_since == 0 || (b.ready_since != 0 && a.ready_since > b.ready_since);
    if (a.restarts != b.restarts) return a.restarts > b.restarts;
    if (a.created != b.created) return a.created == 0 || (b.created != 0 && a.created > b.created);
    return a.uid < b.uid;
  });
  pods.resize(count);
  return pods;
}

ReplicaCounts count_replicas(const std::vector<PodFacts>& active, int64_t min_ready_s, int64_t now_s) {
  ReplicaCounts n;
  n.replicas = static_cast<int64_t>(active.size());
  for (auto& p : active) {
    n.fully_labeled += p.labeled;
    n.ready += p.ready;
    n.available += p.available;
    if (p.ready && !p.available) {
      int64_t left = std::max<int64_t>(1, p.ready_since + min_ready_s - now_s);
      n.next_available_s = n.next_available_s == 0 ? left : std::min(n.next_available_s, left);
    }
  }
  return n;
}

}  // namespace skerry::controllers
