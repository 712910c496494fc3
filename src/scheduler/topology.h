// Spreading and inter-pod affinity: what both the filters and the scores need to count over the whole snapshot.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/selector.h"
#include "scheduler/framework.h"

namespace skerry::scheduler {

// One topologySpreadConstraint with its counts.
struct SpreadConstraint {
  std::string topology_key;
  int64_t max_skew = 1;
  int64_t min_domains = 0;
  bool hard = false;  // DoNotSchedule
  bool self_matches = false;
  bool honor_affinity = true, honor_taints = false;
  std::map<std::string, int64_t> matching;  // domain -> matching pods, over eligible nodes
  int64_t minimum() const;                  // 0 while there are fewer domains than min_domains
};
std::vector<SpreadConstraint> count_spread(const Attempt& attempt, bool hard);

// One term of inter-pod (anti-)affinity.
struct AffinityTerm {
  api::LabelSelector selector;
  std::set<std::string> namespaces;
  bool all_namespaces = false;
  std::string topology_key;
  int64_t weight = 0;
  bool matches(const PodView& pod) const;
};
// `path`: "podAffinity" or "podAntiAffinity".
std::vector<AffinityTerm> required_terms(const PodView& pod, std::string_view path);
std::vector<AffinityTerm> preferred_terms(const PodView& pod, std::string_view path);

// The node's value of a label, or null.
inline const std::string* domain_of(const NodeInfo& node, const std::string& key) { return api::find_label(node.node->labels, key); }

}  // namespace skerry::scheduler
