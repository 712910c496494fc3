// Nodes and pods for the scheduler's tests, written as YAML flow text.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "json/yaml.h"
#include "scheduler/algorithm.h"

namespace skerry::scheduler::test {

// Keys given are merged over defaults: 4 cpus, 8 GiB, 110 pods, and the label kubernetes.io/hostname.
inline std::shared_ptr<const NodeView> make_node(const std::string& name, const std::string& more = "{}") {
  Json node = *json::parse_yaml("{metadata: {name: \"" + name + "\", labels: {kubernetes.io/hostname: \"" + name + "\"" +
                                "}}, spec: {}, status: {allocatable: {cpu: \"4\", memory: 8Gi, pods: \"110\"}}}");
  node.merge_patch(*json::parse_yaml(more));
  return parse_node(*api::Object::from_json(node));
}

// `spec` is merged over one container without requests.
inline std::shared_ptr<const PodView> make_pod(const std::string& name, const std::string& spec = "{}", const std::string& metadata = "{}") {
  Json pod = *json::parse_yaml("{metadata: {name: \"" + name + "\", namespace: default, uid: u-" + name + "}, spec: {containers: [{name: c, image: app}]}}");
  pod["spec"].merge_patch(*json::parse_yaml(spec));
  pod["metadata"].merge_patch(*json::parse_yaml(metadata));
  return parse_pod(*api::Object::from_json(pod));
}

// Nodes in the order given, which is to be that of their names.
class World {
 public:
  void node(const std::string& name, const std::string& more = "{}") {
    infos_.emplace_back();
    infos_.back().node = make_node(name, more);
  }
  void place(size_t node, const std::shared_ptr<const PodView>& pod) { infos_[node].add(pod); }
  NodeInfo& info(size_t node) { return infos_[node]; }
  Snapshot snapshot() const {
    Snapshot s;
    for (auto& i : infos_) s.nodes.push_back(&i);
    return s;
  }
  Decision decide(const std::shared_ptr<const PodView>& pod, uint64_t seed = 1) const {
    SeededRandom random(seed);
    return Algorithm(random).decide(*pod, snapshot());
  }
  // "node" or "-: message".
  std::string where(const std::shared_ptr<const PodView>& pod, uint64_t seed = 1) const {
    Decision d = decide(pod, seed);
    return d.node.empty() ? "-: " + d.message : d.node;
  }

 private:
  std::deque<NodeInfo> infos_;
};

}  // namespace skerry::scheduler::test
