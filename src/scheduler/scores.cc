// The default scores, with Kubernetes' weights.
#include <algorithm>
#include <cmath>

#include "api/node_affinity.h"
#include "api/toleration.h"
#include "scheduler/algorithm.h"
#include "scheduler/topology.h"

namespace skerry::scheduler {
namespace {

double fraction(int64_t used, int64_t of) { return of <= 0 ? 1.0 : std::min(1.0, static_cast<double>(used) / static_cast<double>(of)); }
int64_t capacity(const NodeInfo& n, const char* resource) {
  auto it = n.node->allocatable.find(resource);
  return it == n.node->allocatable.end() ? 0 : it->second;
}

// LeastAllocated: more free cpu and memory is better.
class LeastAllocated final : public Score {
 public:
  std::string_view name() const override { return "NodeResourcesFit"; }
  int weight() const override { return 1; }
  double score(const Attempt& a, const NodeInfo& n) override {
    double cpu = 1 - fraction(n.scoring_cpu + a.pod.scoring_cpu, capacity(n, "cpu"));
    double memory = 1 - fraction(n.scoring_memory + a.pod.scoring_memory, capacity(n, "memory"));
    return 100 * (cpu + memory) / 2;
  }
};

class BalancedAllocation final : public Score {
 public:
  std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }
  int weight() const override { return 1; }
  double score(const Attempt& a, const NodeInfo& n) override {
    double cpu = fraction(n.scoring_cpu + a.pod.scoring_cpu, capacity(n, "cpu"));
    double memory = fraction(n.scoring_memory + a.pod.scoring_memory, capacity(n, "memory"));
    return 100 * (1 - std::abs(cpu - memory) / 2);
  }
};

class ImageLocality final : public Score {
 public:
  std::string_view name() const override { return "ImageLocality"; }
  int weight() const override { return 1; }
  double score(const Attempt& a, const NodeInfo& n) override {
    if (a.pod.images.empty()) return 0;
    auto here = std::count_if(a.pod.images.begin(), a.pod.images.end(), [&](auto& i) { return n.node->images.contains(i); });
    return 100.0 * static_cast<double>(here) / static_cast<double>(a.pod.images.size());
  }
};

class PreferNoTaint final : public Score {
 public:
  std::string_view name() const override { return "TaintToleration"; }
  int weight() const override { return 3; }
  bool normalised() const override { return false; }
  bool reversed() const override { return true; }
  double score(const Attempt& a, const NodeInfo& n) override {
    double bad = 0;
    for (const auto& taint : json::array_or_empty(n.node->taints))
      if (json::str(taint, "effect") == "PreferNoSchedule" && !api::any_tolerates(json::find(a.pod.spec, "tolerations"), taint)) ++bad;
    return bad;
  }
};

class PreferredNodeAffinity final : public Score {
 public:
  std::string_view name() const override { return "NodeAffinity"; }
  int weight() const override { return 2; }
  bool normalised() const override { return false; }
  double score(const Attempt& a, const NodeInfo& n) override {
    double sum = 0;
    for (const auto& p : json::array_or_empty(json::find(a.pod.spec, {"affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"})))
      if (api::matches_node_term(json::find(p, "preference"), n.node->identity)) sum += static_cast<double>(json::integer(p, "weight"));
    return sum;
  }
};

// ScheduleAnyway constraints, or, where a pod has none, spreading over nodes of pods with the same controller.
class Spread final : public Score {
 public:
  std::string_view name() const override { return "PodTopologySpread"; }
  int weight() const override { return 2; }
  bool normalised() const override { return false; }
  bool reversed() const override { return true; }
  void prepare(const Attempt& a) override {
    soft_ = count_spread(a, false);
    explicit_ = a.pod.spec.contains("topologySpreadConstraints");
  }
  double score(const Attempt& a, const NodeInfo& n) override {
    double sum = 0;
    if (explicit_) {
      for (auto& c : soft_) {
        auto* d = domain_of(n, c.topology_key);
        if (d != nullptr && c.matching.contains(*d)) sum += static_cast<double>(c.matching.at(*d));
      }
      return sum;
    }
    const std::string* uid = nullptr;
    for (auto& o : a.pod.owners)
      if (o.controller) uid = &o.uid;
    if (uid == nullptr) return 0;
    for (auto& [key, pod] : n.pods)
      for (auto& o : pod->owners)
        if (o.controller && o.uid == *uid && !pod->deleting) ++sum;
    return sum;
  }

 private:
  std::vector<SpreadConstraint> soft_;
  bool explicit_ = false;
};

class PreferredPodAffinity final : public Score {
 public:
  std::string_view name() const override { return "InterPodAffinity"; }
  int weight() const override { return 2; }
  bool normalised() const override { return false; }
  void prepare(const Attempt& a) override {
    weights_.clear();
    auto like = preferred_terms(a.pod, "podAffinity");
    auto dislike = preferred_terms(a.pod, "podAntiAffinity");
    if (like.empty() && dislike.empty()) return;
    for (const NodeInfo* node : a.snapshot.nodes)
      for (auto& [key, pod] : node->pods) {
        for (auto& t : like) add(t, *node, *pod, t.weight);
        for (auto& t : dislike) add(t, *node, *pod, -t.weight);
      }
    lowest_ = 0;
    for (const NodeInfo* node : a.snapshot.nodes) lowest_ = std::min(lowest_, sum(*node));
  }
  double score(const Attempt&, const NodeInfo& n) override { return weights_.empty() ? 0 : sum(n) - lowest_; }

 private:
  void add(const AffinityTerm& t, const NodeInfo& node, const PodView& pod, int64_t weight) {
    if (!t.matches(pod)) return;
    if (auto* d = domain_of(node, t.topology_key)) weights_[{t.topology_key, *d}] += static_cast<double>(weight);
  }
  double sum(const NodeInfo& n) const {
    double total = 0;
    for (auto& [where, w] : weights_) {
      auto* d = domain_of(n, where.first);
      if (d != nullptr && *d == where.second) total += w;
    }
    return total;
  }
  std::map<std::pair<std::string, std::string>, double> weights_;
  double lowest_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<Score>> default_scores() {
  std::vector<std::unique_ptr<Score>> out;
  out.push_back(std::make_unique<PreferNoTaint>());
  out.push_back(std::make_unique<PreferredNodeAffinity>());
  out.push_back(std::make_unique<LeastAllocated>());
  out.push_back(std::make_unique<Spread>());
  out.push_back(std::make_unique<PreferredPodAffinity>());
  out.push_back(std::make_unique<BalancedAllocation>());
  out.push_back(std::make_unique<ImageLocality>());
  return out;
}

}  // namespace skerry::scheduler
