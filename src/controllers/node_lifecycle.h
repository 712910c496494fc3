// NodeLifecycle: notices nodes that have fallen silent (their Lease is no longer renewed), taints nodes after their
// conditions, marks pods on silent nodes not ready and evicts what does not tolerate a NoExecute taint.
//
// While no node at all is ready, the fault is more likely ours: then nothing is evicted.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "controllers/part.h"

namespace skerry::controllers {

struct NodeLifecycleOptions {
  seconds grace{50};          // without a heartbeat until the node counts as silent
  seconds startup_grace{60};  // the same for a node that has never reported
};

class NodeLifecycle final : public Part {
 public:
  NodeLifecycle(Context& context, NodeLifecycleOptions options);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  struct Seen {
    std::string uid;
    MonoTime heartbeat{};
    std::string ready;     // at the last reconcile
    bool executes = false;  // has NoExecute taints
  };
  void on_lease(const api::ObjectPtr& after);
  void on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after);
  // Notes the node's state; true if some node is ready. Wakes all nodes when that changes.
  bool note(const std::string& node, const std::string& ready, bool executes);
  void tell(const std::string& node, const std::string& uid, const std::string& reason, const std::string& message);
  Status mark_pods_not_ready(const std::string& node);
  // Seconds until the next eviction; 0: none is due.
  Result<int64_t> evict(const std::string& node, const Json& taints);

  const NodeLifecycleOptions options_;
  const int64_t began_s_;  // nodes that are older were registered with a manager before this one
  client::EventRecorder node_events_, taint_events_;
  std::mutex mutex_;  // guards all below
  std::map<std::string, Seen> seen_;
  bool some_ready_ = false;
};

}  // namespace skerry::controllers
