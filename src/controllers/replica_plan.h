// What a ReplicaSet or ReplicationController decides: which pods to delete first, and its status. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/object.h"
#include "json/json.h"

namespace skerry::controllers {

// What matters of one pod.
struct PodFacts {
  std::string name, uid, node;
  enum class Phase : uint8_t { kPending, kUnknown, kRunning } phase = Phase::kPending;
  bool ready = false;
  bool available = false;   // ready for minReadySeconds
  bool labeled = false;     // has all labels of the template
  int64_t ready_since = 0;  // Unix seconds; 0: unknown
  int64_t created = 0;
  int64_t restarts = 0;  // of the container restarted most
  int64_t deletion_cost = 0;
};
PodFacts pod_facts(const Json& pod, int64_t min_ready_s, int64_t now_s, const Json& template_labels);

// The `count` pods to delete, the most dispensable first.
std::vector<PodFacts> choose_deletions(std::vector<PodFacts> pods, size_t count);

struct ReplicaCounts {
  int64_t replicas = 0, fully_labeled = 0, ready = 0, available = 0;
  // Seconds until the next ready pod becomes available; 0: none waits.
  int64_t next_available_s = 0;
};
ReplicaCounts count_replicas(const std::vector<PodFacts>& active, int64_t min_ready_s, int64_t now_s);

}  // namespace skerry::controllers
