// Pods: makes the pods of this node run as the mirror says. One reconciler, keyed by pod uid.
//
// A pass observes (runtime, probes), plans (pod_plan.h) and acts; what takes long (pulls, hooks, probes) runs elsewhere and
// comes back as another pass. The grace period of a container that is being stopped is a time to wake up at, not a thread.
//
// Threads: passes run on the executor given, one per pod at a time. Everything a pass shares with hooks, handlers and readers
// is behind mutex_.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/admit.h"
#include "agent/backoff.h"
#include "agent/images.h"
#include "agent/mirror.h"
#include "agent/options.h"
#include "agent/outbox.h"
#include "agent/pod_plan.h"
#include "agent/pod_status.h"
#include "agent/probes.h"
#include "agent/task_pool.h"
#include "agent/volumes/volumes.h"
#include "client/controller.h"
#include "client/events.h"
#include "network/pod_network.h"
#include "runtime/runtime.h"

namespace skerry::agent {

class Pods final : public client::Reconciler {
 public:
  struct Parts {  // all outlive Pods
    const AgentOptions& options;
    runtime::Runtime& runtime;
    Mirror& mirror;
    Outbox& outbox;
    client::EventRecorder& events;
    Volumes& volumes;
    TaskPool& tasks;       // hooks and probes
    TaskPool& pulls;
    Executor& workers;     // passes
    const Clock& clock;
  };
  Pods(Parts parts, NodeRoom room);
  ~Pods() override;

  // Registers with mirror and runtime; passes begin with start().
  void start();
  void stop();

  // The pod network is there (from now on); pods that wait for it go on.
  void set_network(network::PodNetwork* network);
  // The mirror's pods are what the server has: what runs for no pod ends, and its directories go.
  void remove_orphans();
  void enqueue(const std::string& uid);
  void enqueue_all();

  // For the kubelet's endpoint: pods as this node sees them, status included.
  std::vector<Json> list() const;
  std::optional<Json> find(const std::string& ns, const std::string& name) const;
  std::string log_directory(const Json& pod) const;
  size_t count() const;
  std::set<std::string> images_in_use() const;

  Result<client::Outcome> reconcile(const client::Key& uid) override;

 private:
  struct Kill {
    std::string name;
    MonoTime began{}, deadline{};
    bool hook_running = false, signalled = false;
  };
  struct State {
    api::ObjectPtr pod;              // mutex_: the newest known
    bool gone = false;               // mutex_: the API has it no more
    std::set<std::string> hook_running, hook_failed, pre_stop_running;  // mutex_: container ids
    bool volumes_dirty = true;       // mutex_
    Bytes status;                    // mutex_: as last put into the outbox

    // Owned by the pass:
    bool admitted = false, rejected = false, finished = false, cleaned = false;
    std::optional<PodFailure> failure;
    std::map<std::string, Kill> kills;  // by container id
    std::optional<MountedVolumes> mounted;
    MonoTime volumes_unknown_since{};  // {}: all that volumes refer to is known
    std::vector<std::string> ips;
    bool attached = false;           // to the pod network, in this life of the agent
    Backoff restarts{seconds(10), seconds(300)};
    Backoff setup{milliseconds(500), seconds(60)};  // of sandbox and volumes
    MonoTime setup_failed{};
    std::set<std::string> backoff_told;
  };
  using StatePtr = std::shared_ptr<State>;

  // One pass over one pod.
  struct Pass {
    StatePtr state;
    const Json& pod;
    Json old_status;
    PodModel model;
    bool deleting = false, gone = false, ending = false;
    PodFacts facts;
    Observed seen;
    std::map<std::string, Waiting> waiting;
    std::optional<std::chrono::milliseconds> wake;
    void wake_after(std::chrono::milliseconds t) {
      if (t.count() < 1) t = milliseconds(1);
      if (!wake || t < *wake) wake = t;
    }
  };

  // pods.cc
  void pod_changed(const api::ObjectPtr& before, const api::ObjectPtr& after);
  StatePtr find_state(const std::string& uid) const;
  bool admit(Pass& p);
  void observe(Pass& p);
  void check_deadline(Pass& p);
  void watch_probes(Pass& p);
  void publish(Pass& p, const Plan& plan);
  std::string termination_message(const Json& pod, const runtime::ContainerInfo& c, const Json& container) const;
  void tell(const Json& pod, std::string_view type, std::string_view reason, const std::string& message, const std::string& container = "");
  // pod_start.cc: true if something was done that is worth another look at once.
  bool prepare_volumes(Pass& p);
  bool make_sandbox(Pass& p, const Plan& plan);
  Status attach_network(Pass& p);
  Status write_network_files(Pass& p);
  bool start_container(Pass& p, const std::string& name);
  Status create_and_start(Pass& p, const Json& container, uint32_t attempt, const runtime::ImageInfo& image, const Environment& environment);
  void setup_failed(Pass& p, const std::string& reason, const std::string& message);
  std::vector<Json> services_for(const Json& pod) const;
  Lookup lookup() const;
  // pod_stop.cc
  void advance_kills(Pass& p, const std::vector<Plan::Kill>& kills);
  void advance_kill(Pass& p, const std::string& id, Kill& kill);
  void collect_dead(Pass& p);
  void finish(Pass& p);
  void remove_everything(const std::string& uid, const std::string& log_directory);
  int64_t grace_of(const Pass& p) const;

  Parts parts_;
  const NodeRoom room_;
  Images images_;
  Probes probes_;
  client::Controller controller_;
  mutable std::mutex mutex_;  // guards all below, and what State says
  std::map<std::string, StatePtr> states_;  // by uid
  network::PodNetwork* network_ = nullptr;
  std::set<std::string> admitted_;
  bool stopped_ = false;
};

}  // namespace skerry::agent
