// Scheduler: gives every unassigned pod of "default-scheduler" a node.
//
// A reconciler over pods. It keeps a NodeInfo per node, fed by the caches' handlers, plus the pods it has bound but
// not seen bound yet (assumed). Pods that fit nowhere wait until something changes that could help: a node, a
// deleted or finished pod, and for those that ask for company or spreading a placed one; they are looked at again
// after five minutes in any case.
// Threads: one reconcile at a time on the executor; handlers on the caches' threads. State is inside one mutex.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/executor.h"
#include "base/random.h"
#include "client/cache.h"
#include "client/client.h"
#include "client/controller.h"
#include "client/events.h"
#include "scheduler/algorithm.h"

namespace skerry::scheduler {

class Scheduler final : public client::Reconciler {
 public:
  // The caches hold all pods and all nodes; neither has been started.
  Scheduler(client::Client& client, client::Cache& pods, client::Cache& nodes, Executor& executor, Random& random);
  ~Scheduler() override;

  void start();
  void stop();

  Result<client::Outcome> reconcile(const client::Key& key) override;

 private:
  void on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after);
  void on_node(const api::ObjectPtr& before, const api::ObjectPtr& after);
  // Places `pod` on its node in the books, moving it if it was elsewhere; null removes `key`.
  void account(const std::string& key, std::shared_ptr<const PodView> pod);
  // `social`: only those that look at other pods.
  void retry_waiting(bool social = false);
  Result<client::Outcome> report_unschedulable(const api::ObjectPtr& pod, const std::string& message);

  client::Client& client_;
  client::Cache& pods_;
  client::Cache& nodes_;
  client::EventRecorder events_;
  Algorithm algorithm_;
  client::Controller controller_;

  std::mutex mutex_;  // guards all below
  std::map<std::string, NodeInfo> infos_;           // by node name; `node` is null while only pods are known
  std::map<std::string, std::string> placed_;       // pod key -> node
  std::map<std::string, std::string> assumed_;      // pod key -> uid: bound by us, not yet seen bound
  std::map<std::string, bool> waiting_;             // fit nowhere -> looks at other pods (affinity, spreading)
};

}  // namespace skerry::scheduler
