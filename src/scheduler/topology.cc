#include "scheduler/topology.h"

#include <algorithm>

#include "api/node_affinity.h"
#include "api/toleration.h"

namespace skerry::scheduler {
namespace {

AffinityTerm parse_term(const PodView& pod, const Json& term) {
  AffinityTerm out;
  auto selector = api::LabelSelector::from_json(json::find(term, "labelSelector"));
  if (selector) out.selector = *selector;
  out.topology_key = json::str(term, "topologyKey");
  for (const auto& ns : json::array_or_empty(json::find(term, "namespaces")))
    if (ns.is_string()) out.namespaces.insert(ns.get<std::string>());
  const Json& ns_selector = json::find(term, "namespaceSelector");
  // An empty selector means every namespace. Selecting namespaces by label needs the namespaces themselves.
  if (ns_selector.is_object() && ns_selector.empty()) out.all_namespaces = true;
  if (out.namespaces.empty() && !ns_selector.is_object()) out.namespaces.insert(pod.ns);
  return out;
}

}  // namespace

int64_t SpreadConstraint::minimum() const {
  if (matching.empty() || static_cast<int64_t>(matching.size()) < min_domains) return 0;
  int64_t least = INT64_MAX;
  for (auto& [domain, n] : matching) least = std::min(least, n);
  return least;
}

std::vector<SpreadConstraint> count_spread(const Attempt& attempt, bool hard) {
  std::vector<SpreadConstraint> out;
  const PodView& pod = attempt.pod;
  for (const auto& c : json::array_or_empty(json::find(pod.spec, "topologySpreadConstraints"))) {
    SpreadConstraint s;
    s.hard = json::str(c, "whenUnsatisfiable") == "DoNotSchedule";
    if (s.hard != hard) continue;
    s.topology_key = json::str(c, "topologyKey");
    s.max_skew = json::integer(c, "maxSkew", 1);
    s.min_domains = json::integer(c, "minDomains", 0);
    s.honor_affinity = json::str(c, "nodeAffinityPolicy", "Honor") == "Honor";
    s.honor_taints = json::str(c, "nodeTaintsPolicy", "Ignore") == "Honor";
    auto selector = api::LabelSelector::from_json(json::find(c, "labelSelector"));
    if (!selector) continue;
    std::vector<std::pair<std::string, std::string>> same;  // matchLabelKeys
    for (const auto& key : json::array_or_empty(json::find(c, "matchLabelKeys")))
      if (key.is_string())
        if (auto* v = api::find_label(pod.labels, key.get<std::string>())) same.emplace_back(key.get<std::string>(), *v);
    auto matches = [&](const PodView& p) {
      if (p.ns != pod.ns || p.deleting || !selector->matches(p.labels)) return false;
      for (auto& [k, v] : same) {
        auto* have = api::find_label(p.labels, k);
        if (have == nullptr || *have != v) return false;
      }
      return true;
    };
    s.self_matches = selector->matches(pod.labels);
    Json wrapped = {{"spec", pod.spec}};
    for (const NodeInfo* node : attempt.snapshot.nodes) {
      auto* domain = domain_of(*node, s.topology_key);
      if (domain == nullptr) continue;
      if (s.honor_affinity && !api::pod_matches_node(wrapped, node->node->identity)) continue;
      if (s.honor_taints && api::untolerated_taint(node->node->taints, json::find(pod.spec, "tolerations"), {"NoSchedule", "NoExecute"}) != nullptr) continue;
      int64_t& n = s.matching[*domain];
      for (auto& [key, p] : node->pods)
        if (matches(*p)) ++n;
    }
    out.push_back(std::move(s));
  }
  return out;
}

bool AffinityTerm::matches(const PodView& pod) const {
  return (all_namespaces || namespaces.contains(pod.ns)) && selector.matches(pod.labels);
}

std::vector<AffinityTerm> required_terms(const PodView& pod, std::string_view path) {
  std::vector<AffinityTerm> out;
  for (const auto& t : json::array_or_empty(json::find(pod.spec, {"affinity", path, "requiredDuringSchedulingIgnoredDuringExecution"})))
    out.push_back(parse_term(pod, t));
  return out;
}

std::vector<AffinityTerm> preferred_terms(const PodView& pod, std::string_view path) {
  std::vector<AffinityTerm> out;
  for (const auto& t : json::array_or_empty(json::find(pod.spec, {"affinity", path, "preferredDuringSchedulingIgnoredDuringExecution"}))) {
    out.push_back(parse_term(pod, json::find(t, "podAffinityTerm")));
    out.back().weight = json::integer(t, "weight");
  }
  return out;
}

}  // namespace skerry::scheduler
