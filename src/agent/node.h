// Node: registers this node, keeps its status and its Lease current.
//
// The Lease is renewed every 10 s, the status sent when it changes and every 5 minutes. Work runs on the executor given,
// which may block on the uplink; between two looks there is one timer.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/admit.h"
#include "agent/options.h"
#include "base/clock.h"
#include "base/executor.h"
#include "client/client.h"
#include "os/sysinfo.h"
#include "runtime/runtime.h"

namespace skerry::agent {

// What the node has, and what of it pods may use.
struct NodeFacts {
  os::SystemInfo system;
  int64_t disk_bytes = 0;
  NodeRoom room;  // allocatable
};
NodeFacts gather_node_facts(const AgentOptions& options);

// What changes about a node's health.
struct NodeHealth {
  bool network_ready = false;
  bool memory_pressure = false, disk_pressure = false, pid_pressure = false;
  std::optional<std::vector<std::string>> host_lacks;  // what set_host_findings() was told; unset: not looked yet
  bool operator==(const NodeHealth&) const = default;
};
NodeHealth gather_health(const AgentOptions& options, bool network_ready);

// Pure: the object to register, and the status; `before` is the status the server has (for transition times and the
// conditions of others).
Json node_object(const AgentOptions& options, const NodeFacts& facts);
Json node_status(const AgentOptions& options, const NodeFacts& facts, const NodeHealth& health, const std::vector<runtime::ImageInfo>& images,
                 const Json& before, WallTime now);

// An event about the node.
struct NodeEvent {
  std::string type, reason, message;
  bool operator==(const NodeEvent&) const = default;
};
// Pure: what there is to tell when the status `after` replaces `before` (empty: the node is new), as kubelet tells it.
std::vector<NodeEvent> node_events(const std::string& node, const Json& before, const Json& after);

// Pure: is the status to be sent now? A node that was ready stays so for the moment in which a restarted agent makes its
// network anew: its pods have not lost theirs, and must not lose their place in Services.
bool is_news(bool network_ready, const Json& before, milliseconds since_start);

class Node {
 public:
  // `tell` is called on the executor's threads and must not block.
  using Tell = std::function<void(const NodeEvent&)>;
  Node(client::Client& uplink, runtime::Runtime& runtime, Executor& executor, const AgentOptions& options, NodeFacts facts, Tell tell);
  ~Node();

  void start();
  void stop();
  // Tells at once.
  void set_network(bool ready, const std::string& vtep_mac);
  // What this machine lacks of what Skerry relies on, a line for each; becomes the condition HostDegraded.
  void set_host_findings(std::vector<std::string> lacks);
  bool registered() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

inline constexpr const char* kVtepAnnotation = "skerry.io/vtep-mac";

}  // namespace skerry::agent
