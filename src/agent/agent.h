// Agent: the node. Mirror, outbox, pods, node status and housekeeping, put together in order.
//
// It owns its executors: one that may block on the uplink, one for pod passes; and pools for hooks, probes and pulls whose
// threads end when idle. Containers are not touched by start() or stop(): what runs is found again.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "agent/kubelet_api.h"
#include "agent/mirror.h"
#include "agent/node.h"
#include "agent/options.h"
#include "agent/outbox.h"
#include "agent/pods.h"
#include "client/object_source.h"
#include "network/pod_network.h"

namespace skerry::agent {

// Makes the pod network, as soon as the node knows its spec.podCIDR (from the server or from the mirror).
using NetworkFactory = std::function<Result<std::unique_ptr<network::PodNetwork>>(const std::string& pod_cidr)>;

class Agent final : public KubeletApi {
 public:
  // Opens the mirror below options.data_dir. References outlive the agent; `make_network` is called once.
  static Result<std::unique_ptr<Agent>> create(AgentOptions options, runtime::Runtime& runtime, client::Client& uplink, const Clock& clock,
                                               NetworkFactory make_network);
  ~Agent() override;  // stop()

  // Pods of the mirror start (or are adopted) at once; the uplink is used as soon as it is there.
  void start();
  // Leaves containers running.
  void stop();

  // Has the server taken this node since start()?
  bool registered() const { return node_->registered(); }

  // What proxy, DNS and policies read. kPods, kNodes, kServices, kEndpointSlices.
  client::ObjectSource& source(const api::Gvr& gvr);
  // Null until spec.podCIDR is known. `handler` is called when it is made (or now).
  network::PodNetwork* network() const;
  void on_network(std::function<void(network::PodNetwork&)> handler);

  // An event about this node. Any thread.
  void node_event(const std::string& type, const std::string& reason, const std::string& message);

  // What this machine lacks, for the Node's condition HostDegraded. Any thread.
  void set_host_findings(std::vector<std::string> lacks) { node_->set_host_findings(std::move(lacks)); }

  // KubeletApi.
  Result<ContainerRef> find_container(const std::string& ns, const std::string& pod, const std::string& container, const std::string& uid) override;
  Result<std::string> find_sandbox(const std::string& ns, const std::string& pod, const std::string& uid) override;
  Json pods() override;
  Json stats_summary() override;
  std::string resource_metrics() override;

 private:
  Agent(AgentOptions options, runtime::Runtime& runtime, const Clock& clock, NetworkFactory make_network);
  void node_changed();
  void make_network(const std::string& pod_cidr);
  void tell_schedulable(bool now);
  void update_remote_nodes();
  void keep_house();
  Result<Json> known_pod(const std::string& ns, const std::string& pod, const std::string& uid) const;

  const AgentOptions options_;
  runtime::Runtime& runtime_;
  const Clock& clock_;
  const NetworkFactory make_network_;
  Executor uplink_work_, pod_work_;
  TaskPool tasks_, pulls_;
  std::unique_ptr<Mirror> mirror_;
  std::unique_ptr<client::EventRecorder> events_;
  std::unique_ptr<Tokens> tokens_;
  std::unique_ptr<Volumes> volumes_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Pods> pods_;
  std::unique_ptr<Node> node_;

  std::mutex network_turn_;  // one creation or update at a time; taken before mutex_
  mutable std::mutex mutex_;  // guards all below
  std::unique_ptr<network::PodNetwork> network_;
  std::vector<std::function<void(network::PodNetwork&)>> network_handlers_;
  bool started_ = false, stopped_ = false, nodes_posted_ = false;
  bool schedulable_ = true;  // as last told
};

}  // namespace skerry::agent
