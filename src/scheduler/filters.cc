// The default filters, in Kubernetes' order; the reasons are worded as Kubernetes words them.
#include "api/node_affinity.h"
#include "api/toleration.h"
#include "scheduler/algorithm.h"
#include "scheduler/topology.h"

namespace skerry::scheduler {
namespace {

using Reasons = std::vector<std::string>;

class NodeUnschedulable final : public Filter {
 public:
  std::string_view name() const override { return "NodeUnschedulable"; }
  Reasons check(const Attempt& a, const NodeInfo& n) override {
    if (!n.node->unschedulable) return {};
    static const Json kTaint = {{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}};
    if (api::any_tolerates(json::find(a.pod.spec, "tolerations"), kTaint)) return {};
    return {"node(s) were unschedulable"};
  }
};

class TaintToleration final : public Filter {
 public:
  std::string_view name() const override { return "TaintToleration"; }
  Reasons check(const Attempt& a, const NodeInfo& n) override {
    const Json* taint = api::untolerated_taint(n.node->taints, json::find(a.pod.spec, "tolerations"), {"NoSchedule", "NoExecute"});
    if (taint == nullptr) return {};
    return {"node(s) had untolerated taint {" + json::str(*taint, "key") + ": " + json::str(*taint, "value") + "}"};
  }
};

class NodeAffinity final : public Filter {
 public:
  std::string_view name() const override { return "NodeAffinity"; }
  void prepare(const Attempt& a) override { pod_ = {{"spec", a.pod.spec}}; }
  Reasons check(const Attempt&, const NodeInfo& n) override {
    if (api::pod_matches_node(pod_, n.node->identity)) return {};
    return {"node(s) didn't match Pod's node affinity/selector"};
  }

 private:
  Json pod_;
};

class NodePorts final : public Filter {
 public:
  std::string_view name() const override { return "NodePorts"; }
  Reasons check(const Attempt& a, const NodeInfo& n) override {
    for (auto& want : a.pod.ports)
      for (auto& [key, pod] : n.pods)
        for (auto& have : pod->ports)
          if (want.clashes(have)) return {"node(s) didn't have free ports for the requested pod ports"};
    return {};
  }
};

class NodeResourcesFit final : public Filter {
 public:
  std::string_view name() const override { return "NodeResourcesFit"; }
  Reasons check(const Attempt& a, const NodeInfo& n) override {
    Reasons out;
    auto allocatable = [&](const std::string& r) {
      auto it = n.node->allocatable.find(r);
      return it == n.node->allocatable.end() ? int64_t{0} : it->second;
    };
    if (static_cast<int64_t>(n.pods.size()) + 1 > allocatable("pods")) out.emplace_back("Too many pods");
    for (auto& [resource, want] : a.pod.requests) {
      if (want == 0) continue;
      auto used = n.requested.find(resource);
      if (want > allocatable(resource) - (used == n.requested.end() ? 0 : used->second)) out.push_back("Insufficient " + resource);
    }
    return out;
  }
};

class PodTopologySpread final : public Filter {
 public:
  std::string_view name() const override { return "PodTopologySpread"; }
  void prepare(const Attempt& a) override { constraints_ = count_spread(a, true); }
  Reasons check(const Attempt&, const NodeInfo& n) override {
    for (auto& c : constraints_) {
      auto* domain = domain_of(n, c.topology_key);
      if (domain == nullptr) return {"node(s) didn't match pod topology spread constraints (missing required label)"};
      auto it = c.matching.find(*domain);
      int64_t here = (it == c.matching.end() ? 0 : it->second) + (c.self_matches ? 1 : 0);
      if (here - c.minimum() > c.max_skew) return {"node(s) didn't match pod topology spread constraints"};
    }
    return {};
  }

 private:
  std::vector<SpreadConstraint> constraints_;
};

class InterPodAffinity final : public Filter {
 public:
  std::string_view name() const override { return "InterPodAffinity"; }

  void prepare(const Attempt& a) override {
    affinity_ = required_terms(a.pod, "podAffinity");
    anti_ = required_terms(a.pod, "podAntiAffinity");
    affinity_domains_.assign(affinity_.size(), {});
    anti_domains_.assign(anti_.size(), {});
    forbidden_.clear();
    any_match_ = false;
    for (const NodeInfo* node : a.snapshot.nodes)
      for (auto& [key, pod] : node->pods) {
        bool all = !affinity_.empty();
        for (auto& t : affinity_) all = all && t.matches(*pod);
        if (all) {
          any_match_ = true;
          for (size_t i = 0; i < affinity_.size(); ++i)
            if (auto* d = domain_of(*node, affinity_[i].topology_key)) affinity_domains_[i].insert(*d);
        }
        for (size_t i = 0; i < anti_.size(); ++i)
          if (anti_[i].matches(*pod))
            if (auto* d = domain_of(*node, anti_[i].topology_key)) anti_domains_[i].insert(*d);
        // Existing pods may refuse this one.
        if (pod->spec.contains("affinity"))
          for (auto& t : required_terms(*pod, "podAntiAffinity"))
            if (t.matches(a.pod))
              if (auto* d = domain_of(*node, t.topology_key)) forbidden_.emplace(t.topology_key, *d);
      }
    // The first pod of a group that wants its own kind may go anywhere.
    first_of_group_ = !affinity_.empty() && !any_match_;
    for (auto& t : affinity_) first_of_group_ = first_of_group_ && t.matches(a.pod);
  }

  Reasons check(const Attempt&, const NodeInfo& n) override {
    for (size_t i = 0; i < affinity_.size(); ++i) {
      auto* d = domain_of(n, affinity_[i].topology_key);
      if (d == nullptr || (!first_of_group_ && !affinity_domains_[i].contains(*d))) return {"node(s) didn't match pod affinity rules"};
    }
    for (size_t i = 0; i < anti_.size(); ++i) {
      auto* d = domain_of(n, anti_[i].topology_key);
      if (d != nullptr && anti_domains_[i].contains(*d)) return {"node(s) didn't match pod anti-affinity rules"};
    }
    for (auto& [key, domain] : forbidden_) {
      auto* d = domain_of(n, key);
      if (d != nullptr && *d == domain) return {"node(s) didn't satisfy existing pods anti-affinity rules"};
    }
    return {};
  }

 private:
  std::vector<AffinityTerm> affinity_, anti_;
  std::vector<std::set<std::string>> affinity_domains_, anti_domains_;
  std::set<std::pair<std::string, std::string>> forbidden_;  // topology key, domain
  bool any_match_ = false, first_of_group_ = false;
};

}  // namespace

std::vector<std::unique_ptr<Filter>> default_filters() {
  std::vector<std::unique_ptr<Filter>> out;
  out.push_back(std::make_unique<NodeUnschedulable>());
  out.push_back(std::make_unique<TaintToleration>());
  out.push_back(std::make_unique<NodeAffinity>());
  out.push_back(std::make_unique<NodePorts>());
  out.push_back(std::make_unique<NodeResourcesFit>());
  out.push_back(std::make_unique<PodTopologySpread>());
  out.push_back(std::make_unique<InterPodAffinity>());
  return out;
}

}  // namespace skerry::scheduler
