// The tables of `kubectl top`, from objects of metrics.k8s.io. Pure.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"

namespace skerry::kubectl {

struct TopOptions {
  std::string sort_by{};  // "cpu", "memory", or empty: by name
  bool no_headers = false;
  bool show_swap = false;
  bool show_capacity = false;    // nodes: per cent of capacity, not of what is allocatable
  bool with_namespace = false;   // pods
  bool containers = false;       // pods
  bool sum = false;              // pods
};

// `metrics`: NodeMetrics; `nodes`: Nodes. Nodes without metrics come last.
std::string top_nodes(std::vector<Json> metrics, const std::vector<Json>& nodes, const TopOptions& options);
// `metrics`: PodMetrics.
std::string top_pods(std::vector<Json> metrics, const TopOptions& options);

}  // namespace skerry::kubectl
