// NodeProcess: runtime, agent, pod network, service proxy, DNS and the kubelet's endpoint of one node, put together.
//
// It cannot tell whether the server is in this process or far away: all it has is a client. The network's parts come
// up once the node knows its range of addresses, from the server or from what it remembers.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "agent/agent.h"
#include "agent/image_folder.h"
#include "agent/kubelet_server.h"
#include "app/join.h"
#include "app/layout.h"
#include "app/options.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "client/client.h"
#include "dns/server.h"
#include "dns/zone.h"
#include "proxy/proxy.h"
#include "runtime/local_runtime.h"

namespace skerry::app {

struct NodeConfig {
  std::string name, ip;
  NodeIdentity identity;      // certificates and what the cluster is like
};

class NodeProcess {
 public:
  static Result<std::unique_ptr<NodeProcess>> start(const Options& options, const Layout& layout, NodeConfig config,
                                                    client::Client& uplink, const Clock& clock, Random& random);
  ~NodeProcess();  // pods run on

  // Has the server taken this node since the start?
  bool registered() const { return agent_->registered(); }

 private:
  static Result<std::unique_ptr<NodeProcess>> begin(const Options& options, const Layout& layout, NodeConfig config,
                                                    client::Client& uplink, const Clock& clock, Random& random);
  NodeProcess(const Options& options, const Layout& layout, NodeConfig config, const Clock& clock, Random& random);
  Result<agent::AgentOptions> agent_options() const;
  Result<std::unique_ptr<network::PodNetwork>> make_network(const std::string& pod_cidr) const;
  void bring_up_services(network::PodNetwork& network);
  void take_images();

  const Options& options_;
  const Layout layout_;
  const NodeConfig config_;
  const Clock& clock_;
  Random& random_;
  Executor executor_;
  std::unique_ptr<runtime::Runtime> runtime_;
  std::unique_ptr<agent::Agent> agent_;
  std::unique_ptr<agent::KubeletServer> kubelet_;
  std::unique_ptr<agent::ImageFolder> image_folder_;
  std::jthread host_checks_;  // once, at start
  dns::Zone zone_;
  std::mutex mutex_;  // guards what bring_up_services makes
  std::unique_ptr<dns::Server> dns_;
  std::unique_ptr<proxy::Proxy> proxy_;
};

}  // namespace skerry::app
