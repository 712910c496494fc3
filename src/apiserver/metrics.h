// Metrics: counts and durations of requests, as Prometheus text.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <tuple>

#include "base/guarded.h"
#include "registry/registry.h"

namespace skerry::apiserver {

struct RequestLabels {
  std::string verb, group, version, resource, subresource, scope;
  bool dry_run = false;
  auto operator<=>(const RequestLabels&) const = default;
};

class Metrics {
 public:
  void count(const RequestLabels& labels, int code, double seconds);
  std::string text() const;

  std::atomic<int> reading{0}, writing{0}, watching{0}, streaming{0};
  std::atomic<uint64_t> rejected{0};

 private:
  static constexpr std::array<double, 14> kBuckets = {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 4, 10, 30};
  struct Histogram {
    std::array<uint64_t, kBuckets.size()> buckets{};
    uint64_t count = 0;
    double sum = 0;
  };
  struct Data {
    std::map<std::pair<RequestLabels, int>, uint64_t> totals;
    std::map<RequestLabels, Histogram> durations;
  };
  mutable Guarded<Data> data_;
};

// process_* of this process, from /proc.
std::string process_metrics();
// apiserver_storage_objects per resource.
std::string storage_metrics(const registry::Registry& registry, const api::Catalog& catalog);

}  // namespace skerry::apiserver
