#include "controllers/deployment_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "api/quantity.h"
#include "base/strings.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr std::string_view kHashLabel = "pod-template-hash";

int64_t sum(const std::vector<ReplicaSetFacts>& sets, int64_t ReplicaSetFacts::*field) {
  return std::accumulate(sets.begin(), sets.end(), int64_t{0},
                         [&](int64_t n, const ReplicaSetFacts& rs) { return n + rs.*field; });
}

int64_t number_annotation(const Json& object, std::string_view key, int64_t fallback) {
  return parse_int(annotation(object, key)).value_or(fallback);
}

std::vector<size_t> by(const std::vector<ReplicaSetFacts>& sets, auto less) {
  std::vector<size_t> order(sets.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return less(sets[a], sets[b]); });
  return order;
}

bool older(const ReplicaSetFacts& a, const ReplicaSetFacts& b) {
  return a.created != b.created ? a.created < b.created : a.name < b.name;
}

// How much a ReplicaSet would grow (or shrink, negative) if the whole Deployment grew evenly.
int64_t even_share(const DeploymentFacts& d, const ReplicaSetFacts& rs) {
  if (d.replicas == 0) return -rs.replicas;
  int64_t before = rs.max >= 0 ? rs.max : d.status_replicas;
  if (before <= 0) before = d.replicas;
  double size = static_cast<double>(rs.replicas) * static_cast<double>(d.replicas + d.surge) / static_cast<double>(before);
  return std::llround(size) - rs.replicas;
}

Json comparable(Json t) {
  if (auto m = t.find("metadata"); m != t.end() && m->is_object()) {
    m->erase("creationTimestamp");
    if (auto l = m->find("labels"); l != m->end() && l->is_object()) l->erase(std::string(kHashLabel));
  }
  return t;
}

}  // namespace

ReplicaSetFacts replica_set_facts(const api::ObjectPtr& object, const Json& value) {
  ReplicaSetFacts f;
  f.object = object;
  f.name = object->meta().name;
  f.uid = object->meta().uid;
  f.deleting = object->meta().deleting;
  f.replicas = json::integer(value, {"spec", "replicas"}, 1);
  f.actual = json::integer(value, {"status", "replicas"});
  f.ready = json::integer(value, {"status", "readyReplicas"});
  f.available = json::integer(value, {"status", "availableReplicas"});
  f.created = time_s(value, {"metadata", "creationTimestamp"}).value_or(0);
  f.revision = number_annotation(value, "deployment.kubernetes.io/revision", 0);
  f.desired = number_annotation(value, "deployment.kubernetes.io/desired-replicas", -1);
  f.max = number_annotation(value, "deployment.kubernetes.io/max-replicas", -1);
  f.observed = json::integer(value, {"status", "observedGeneration"}) >= object->meta().generation;
  return f;
}

DeploymentFacts deployment_facts(const Json& deployment) {
  DeploymentFacts d;
  d.replicas = json::integer(deployment, {"spec", "replicas"}, 1);
  d.status_replicas = json::integer(deployment, {"status", "replicas"});
  d.rolling = json::str(deployment, {"spec", "strategy", "type"}, "RollingUpdate") != "Recreate";
  if (!d.rolling) return d;
  const Json& rolling = json::find(deployment, {"spec", "strategy", "rollingUpdate"});
  const Json quarter = "25%";
  auto resolve = [&](std::string_view field, bool up) {
    const Json& v = json::find(rolling, field);
    return api::scaled_value(v.is_null() ? quarter : v, d.replicas, up).value_or(0);
  };
  d.surge = resolve("maxSurge", true);
  d.unavailable = resolve("maxUnavailable", false);
  if (d.surge == 0 && d.unavailable == 0) d.unavailable = 1;
  d.unavailable = std::min(d.unavailable, d.replicas);
  return d;
}

int64_t new_replica_set_size(const DeploymentFacts& d, const std::vector<ReplicaSetFacts>& all, int64_t current) {
  if (!d.rolling) return d.replicas;
  if (current >= d.replicas) return d.replicas;
  const int64_t room = d.replicas + d.surge - sum(all, &ReplicaSetFacts::replicas);
  if (room <= 0) return current;
  return current + std::min(room, d.replicas - current);
}

Sizes shrink_old(const DeploymentFacts& d, const std::vector<ReplicaSetFacts>& old, const ReplicaSetFacts& current) {
  Sizes sizes;
  for (auto& rs : old) sizes.push_back(rs.replicas);
  const int64_t total = sum(old, &ReplicaSetFacts::replicas);
  if (total == 0) return sizes;
  const int64_t min_available = d.replicas - d.unavailable;
  int64_t most = total + current.replicas - min_available - (current.replicas - current.available);
  if (most <= 0) return sizes;
  const auto order = by(old, older);
  // Replicas that are not available serve nobody: removing them can never hurt.
  for (size_t i : order) {
    int64_t n = std::min({most, sizes[i], old[i].replicas - old[i].available});
    if (n <= 0) continue;
    sizes[i] -= n;
    most -= n;
  }
  int64_t spare = sum(old, &ReplicaSetFacts::available) + current.available - min_available;
  for (size_t i : order) {
    if (spare <= 0) break;
    int64_t n = std::min(sizes[i], spare);
    sizes[i] -= n;
    spare -= n;
  }
  return sizes;
}

Sizes scale_in_proportion(const DeploymentFacts& d, const std::vector<ReplicaSetFacts>& active) {
  const int64_t allowed = d.replicas > 0 ? d.replicas + d.surge : 0;
  const int64_t to_add = allowed - sum(active, &ReplicaSetFacts::replicas);
  // Of equals, a newer one grows first and an older one shrinks first.
  const auto order = by(active, [&](const ReplicaSetFacts& a, const ReplicaSetFacts& b) {
    if (a.replicas != b.replicas) return a.replicas > b.replicas;
    return to_add > 0 ? older(b, a) : older(a, b);
  });
  Sizes sizes;
  for (auto& rs : active) sizes.push_back(rs.replicas);
  int64_t added = 0;
  for (size_t i : order) {
    if (to_add == 0 || active[i].replicas == 0 || to_add == added) continue;
    const int64_t left = to_add - added, share = even_share(d, active[i]);
    const int64_t n = to_add > 0 ? std::min(share, left) : std::max(share, left);
    sizes[i] = std::max<int64_t>(0, sizes[i] + n);
    added += n;
  }
  if (to_add != 0 && !order.empty()) {
    int64_t& largest = sizes[order.front()];
    largest = std::max<int64_t>(0, largest + to_add - added);
  }
  return sizes;
}

std::vector<size_t> beyond_history(const std::vector<ReplicaSetFacts>& old, int64_t limit) {
  std::vector<size_t> alive;
  for (size_t i : by(old, [](auto& a, auto& b) { return a.revision < b.revision; }))
    if (!old[i].deleting) alive.push_back(i);
  std::vector<size_t> gone;
  const int64_t excess = static_cast<int64_t>(alive.size()) - limit;
  for (int64_t i = 0; i < excess; ++i) {
    const ReplicaSetFacts& rs = old[alive[static_cast<size_t>(i)]];
    if (rs.actual == 0 && rs.replicas == 0 && rs.observed) gone.push_back(alive[static_cast<size_t>(i)]);
  }
  return gone;
}

bool same_template(const Json& a, const Json& b) { return comparable(a) == comparable(b); }

std::string template_hash(const Json& pod_template, int64_t collision_count) {
  std::string text = json::dump(comparable(pod_template));
  if (collision_count > 0) text += "#" + std::to_string(collision_count);
  return safe_hash(text);
}

}  // namespace skerry::controllers
