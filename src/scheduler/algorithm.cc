#include "scheduler/algorithm.h"

#include <algorithm>
#include <map>

namespace skerry::scheduler {

Algorithm::Algorithm(Random& random) : random_(random), filters_(default_filters()), scores_(default_scores()) {}

Decision Algorithm::decide(const PodView& pod, const Snapshot& snapshot) {
  if (snapshot.nodes.empty()) return {"", "no nodes available to schedule pods"};
  Attempt attempt{pod, snapshot};
  for (auto& f : filters_) f->prepare(attempt);

  std::vector<const NodeInfo*> feasible;
  std::map<std::string, int> reasons;
  for (const NodeInfo* node : snapshot.nodes) {
    bool fits = true;
    for (auto& f : filters_) {
      auto why = f->check(attempt, *node);
      if (why.empty()) continue;
      for (auto& r : why) ++reasons[r];
      fits = false;
      break;
    }
    if (fits) feasible.push_back(node);
  }
  if (feasible.empty()) {
    std::vector<std::string> parts;
    for (auto& [reason, count] : reasons) parts.push_back(std::to_string(count) + " " + reason);
    std::sort(parts.begin(), parts.end());
    std::string list;
    for (auto& p : parts) list += (list.empty() ? "" : ", ") + p;
    return {"", "0/" + std::to_string(snapshot.nodes.size()) + " nodes are available: " + list + "."};
  }
  if (feasible.size() == 1) return {feasible[0]->node->name, ""};

  std::vector<double> total(feasible.size(), 0);
  for (auto& s : scores_) {
    s->prepare(attempt);
    std::vector<double> raw;
    for (const NodeInfo* node : feasible) raw.push_back(s->score(attempt, *node));
    if (!s->normalised()) {
      double top = *std::max_element(raw.begin(), raw.end());
      for (double& r : raw) {
        r = top > 0 ? r * 100 / top : 0;
        if (s->reversed()) r = 100 - r;
      }
    }
    for (size_t i = 0; i < raw.size(); ++i) total[i] += raw[i] * s->weight();
  }
  double best = *std::max_element(total.begin(), total.end());
  std::vector<size_t> winners;
  for (size_t i = 0; i < total.size(); ++i)
    if (total[i] >= best - 1e-9) winners.push_back(i);
  return {feasible[winners[random_.below(winners.size())]]->node->name, ""};
}

}  // namespace skerry::scheduler
