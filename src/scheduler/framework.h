// The scheduling framework: what a filter and a score see, and what they answer.
//
// One scheduling attempt is pure: a PodSpecView and a Snapshot go in, a node name or reasons come out
// (scheduler/algorithm.h). Plugins keep no state between attempts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "json/json.h"

namespace skerry::scheduler {

// Amounts by resource name: cpu in millicores, everything else in whole units (bytes, pieces).
using ResourceMap = std::map<std::string, int64_t>;

struct HostPort {
  std::string ip, protocol;
  int port = 0;
  // 0.0.0.0 clashes with every address of the same port and protocol.
  bool clashes(const HostPort& other) const;
};

// A pod, parsed once for as long as the scheduler knows it.
struct PodView {
  std::string key, uid, ns, name, node;
  api::Labels labels;
  ResourceMap requests;  // with "cpu" and "memory", init containers and overhead counted as Kubernetes does
  int64_t scoring_cpu = 0, scoring_memory = 0;  // with the defaults for containers that ask nothing: 100m, 200 MB
  std::vector<HostPort> ports;
  int64_t priority = 0;
  bool deleting = false;
  Json spec;  // {nodeSelector, affinity, tolerations, topologySpreadConstraints, nodeName}
  std::vector<std::string> images;
  std::vector<api::OwnerReference> owners;
};
std::shared_ptr<const PodView> parse_pod(const api::Object& object);

struct NodeView {
  std::string name;
  api::Labels labels;
  Json identity;            // {metadata: {name, labels}}: what node selector terms look at
  ResourceMap allocatable;  // with "pods"
  Json taints;
  bool unschedulable = false;
  std::set<std::string> images;
};
std::shared_ptr<const NodeView> parse_node(const api::Object& object);

// A node with what is placed on it.
struct NodeInfo {
  std::shared_ptr<const NodeView> node;
  std::map<std::string, std::shared_ptr<const PodView>> pods;  // by key
  ResourceMap requested;
  int64_t scoring_cpu = 0, scoring_memory = 0;

  void add(const std::shared_ptr<const PodView>& pod);
  void remove(const std::string& pod_key);
};

struct Snapshot {
  std::vector<const NodeInfo*> nodes;  // sorted by name
};

// What plugins compute once per attempt and share.
struct Attempt {
  const PodView& pod;
  const Snapshot& snapshot;
};

class Filter {
 public:
  virtual ~Filter() = default;
  virtual std::string_view name() const = 0;
  // Looks at the whole snapshot once per attempt; may keep what it finds until the next prepare().
  virtual void prepare(const Attempt&) {}
  // Empty: the node will do. Otherwise why not, as Kubernetes words it ("Insufficient cpu").
  virtual std::vector<std::string> check(const Attempt& attempt, const NodeInfo& node) = 0;
};

class Score {
 public:
  virtual ~Score() = default;
  virtual std::string_view name() const = 0;
  virtual int weight() const = 0;
  virtual void prepare(const Attempt&) {}
  // Any scale; normalised over the feasible nodes to 0..100 unless normalised() says it is already.
  virtual double score(const Attempt& attempt, const NodeInfo& node) = 0;
  virtual bool normalised() const { return true; }
  // With normalised() false: a smaller raw score is better.
  virtual bool reversed() const { return false; }
};

}  // namespace skerry::scheduler
