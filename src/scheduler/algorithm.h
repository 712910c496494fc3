// One scheduling decision: filter, score, choose. Pure; ties are broken by the given random generator.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "scheduler/framework.h"

namespace skerry::scheduler {

struct Decision {
  std::string node;     // empty: nowhere
  std::string message;  // why nowhere: "0/3 nodes are available: 2 Insufficient cpu, 1 node(s) were unschedulable."
};

class Algorithm {
 public:
  // With the default plugins in Kubernetes' order.
  explicit Algorithm(Random& random);
  Decision decide(const PodView& pod, const Snapshot& snapshot);

 private:
  Random& random_;
  std::vector<std::unique_ptr<Filter>> filters_;
  std::vector<std::unique_ptr<Score>> scores_;
};

// scheduler/filters.cc and scheduler/scores.cc.
std::vector<std::unique_ptr<Filter>> default_filters();
std::vector<std::unique_ptr<Score>> default_scores();

}  // namespace skerry::scheduler
