// PodNetwork: addresses and links of the pods of one node: a bridge, a veth per pod, VXLAN to the other nodes.
//
// Everything it names derives from an instance name, so that several nodes may live on one machine. State (which pod
// has which address) is kept on disk, so that a restart neither changes nor leaks addresses.
// Thread-safe, blocking (netlink, in-process; no `ip` program needed).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace skerry::network {

struct PodNetworkConfig {
  std::string instance;          // short, [a-z0-9]; names links "sk<instance>br", ...
  std::string state_dir;         // addresses are remembered here
  std::string pod_cidr;          // this node's: "10.42.0.0/24"; the bridge has the first address
  std::string cluster_cidr;      // all pods: "10.42.0.0/16" (not masqueraded)
  std::string node_ip;
  int mtu = 0;                   // 0: that of the node's uplink, less VXLAN's overhead
};

struct RemoteNode {
  std::string name;
  std::string node_ip;
  std::string pod_cidr;
  std::string vtep_mac;          // published by the node as an annotation
};

struct HostPort {
  std::string protocol;          // "TCP", "UDP", "SCTP"
  uint16_t host_port = 0, container_port = 0;
  std::string host_ip;           // empty: any
};

class PodNetwork {
 public:
  static Result<std::unique_ptr<PodNetwork>> create(const PodNetworkConfig& config);
  virtual ~PodNetwork() = default;

  // Gives the namespace at netns_path an address (the same one again for the same pod) and a default route. Idempotent.
  virtual Result<std::vector<std::string>> attach(const std::string& pod_uid, const std::string& netns_path) = 0;
  // Frees link and address; fine if there is none.
  virtual Status detach(const std::string& pod_uid) = 0;
  virtual Status set_host_ports(const std::string& pod_uid, const std::string& pod_ip, const std::vector<HostPort>& ports) = 0;
  // Forgets every pod but these (after a crash).
  virtual Status retain(const std::vector<std::string>& pod_uids) = 0;
  virtual Status set_remote_nodes(const std::vector<RemoteNode>& nodes) = 0;
  // The namespaces of attached pods by their cookie (SO_NETNS_COOKIE), for the service proxy. The handler hears at once
  // of those there are, then of changes; on the caller's thread of attach and detach. One handler.
  virtual void on_namespace(std::function<void(uint64_t cookie, bool added)> handler) = 0;
  virtual std::string vtep_mac() const = 0;
  virtual std::string bridge_address() const = 0;  // "10.42.0.1"
};

// The cookie of a network namespace ("" is the caller's); 0 where the kernel does not tell.
uint64_t netns_cookie(const std::string& netns_path);

// Removes every link, route and nftables table of `instance`; works without a PodNetwork.
Status remove_all(const std::string& instance);

}  // namespace skerry::network
