#include "network/pod_network.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.h"
#include "network/address_pool.h"
#include "network/links.h"
#include "network/names.h"
#include "network/nftables.h"
#include "network/sysctls.h"

namespace skerry::network {

namespace {

constexpr uint16_t kVxlanPort = 8472;
constexpr int kVxlanOverhead = 50;

uint32_t fnv(std::string_view text) {
  uint32_t h = 2166136261u;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return h;
}

uint8_t protocol_number(const std::string& name) {
  if (name == "UDP") return IPPROTO_UDP;
  if (name == "SCTP") return IPPROTO_SCTP;
  return IPPROTO_TCP;
}

class BridgeNetwork final : public PodNetwork {
 public:
  BridgeNetwork(PodNetworkConfig config, Cidr pods, Cidr cluster, uint32_t node, AddressPool pool, Links links, Netlink nft)
      : config_(std::move(config)), pods_(pods), cluster_(cluster), node_(node), pool_(std::move(pool)), links_(std::move(links)), nft_(std::move(nft)) {}

  Status set_up() {
    int uplink_mtu = 1500;
    if (auto route = links_.route_to(node_ == 0 ? 0x08080808 : node_); route)
      for (auto& l : links_.all())
        if (l.index == route->index && l.mtu > 0 && l.mtu < 65536 && l.name != "lo") uplink_mtu = l.mtu;
    mtu_ = config_.mtu > 0 ? config_.mtu : uplink_mtu - kVxlanOverhead;

    const std::string name = bridge_name(config_.instance);
    if (!links_.find(name)) TRY(links_.add_bridge(name, mtu_));
    auto bridge = links_.find(name);
    if (!bridge) return internal_error("bridge " + name + " has vanished");
    bridge_ = bridge->index;
    TRY(links_.add_address(bridge_, pool_.gateway(), pods_.bits));
    TRY(links_.set_up(bridge_));
    set_sysctl("/proc/sys/net/ipv4/ip_forward", "1", config_.state_dir);
    set_sysctl("/proc/sys/net/ipv4/conf/" + name + "/rp_filter", "0");
    // What is sent to a service address and led to a local address must be accepted from the bridge.
    set_sysctl("/proc/sys/net/ipv4/conf/" + name + "/route_localnet", "1");
    return write_table();
  }

  Result<std::vector<std::string>> attach(const std::string& pod_uid, const std::string& netns_path) override {
    std::lock_guard l(mutex_);
    uint32_t ip = TRY(pool_.take(pod_uid));
    auto done = connect(pod_uid, netns_path, ip);
    if (done) note_namespace(pod_uid, netns_cookie(netns_path));
    if (!done) {
      (void)links_.remove(veth_name(config_.instance, pod_uid)).has_value();
      return done.error();
    }
    return std::vector<std::string>{format_ipv4(ip)};
  }

  Status detach(const std::string& pod_uid) override {
    std::lock_guard l(mutex_);
    TRY(links_.remove(veth_name(config_.instance, pod_uid)));
    note_namespace(pod_uid, 0);
    if (host_ports_.erase(pod_uid) > 0) TRY(write_table());
    return pool_.release(pod_uid);
  }

  Status set_host_ports(const std::string& pod_uid, const std::string& pod_ip, const std::vector<HostPort>& ports) override {
    std::lock_guard l(mutex_);
    if (ports.empty()) {
      if (host_ports_.erase(pod_uid) == 0) return {};
    } else {
      host_ports_[pod_uid] = {TRY(parse_ipv4(pod_ip)), ports};
    }
    return write_table();
  }

  Status retain(const std::vector<std::string>& pod_uids) override {
    std::lock_guard l(mutex_);
    std::set<std::string> keep;
    for (auto& uid : pod_uids) keep.insert(veth_name(config_.instance, uid));
    for (auto& link : links_.all())
      if (link.name.starts_with(veth_prefix(config_.instance)) && !keep.contains(link.name)) TRY(links_.remove(link.name));
    return pool_.retain(pod_uids);
  }

  Status set_remote_nodes(const std::vector<RemoteNode>& nodes) override {
    std::lock_guard l(mutex_);
    struct Peer { std::string mac; uint32_t node; };
    std::map<std::pair<uint32_t, int>, Peer> wanted;
    for (auto& n : nodes) {
      auto cidr = parse_cidr(n.pod_cidr);
      auto ip = parse_ipv4(n.node_ip);
      if (!cidr || !ip || n.vtep_mac.size() != 17 || cidr->address == pods_.address) continue;
      wanted[{cidr->address, cidr->bits}] = {n.vtep_mac, *ip};
    }
    if (!wanted.empty()) TRY(ensure_vxlan());
    for (auto it = peers_.begin(); it != peers_.end();) {
      auto w = wanted.find(it->first);
      if (w != wanted.end() && w->second.mac == it->second.mac && w->second.node == it->second.node) {
        wanted.erase(w);
        ++it;
        continue;
      }
      Cidr cidr{it->first.first, it->first.second};
      TRY(links_.remove_route(cidr, vxlan_));
      TRY(links_.remove_neighbour(vxlan_, cidr.address));
      TRY(links_.remove_fdb(vxlan_, it->second.mac, it->second.node));
      it = peers_.erase(it);
    }
    for (auto& [key, peer] : wanted) {
      Cidr cidr{key.first, key.second};
      // The network address of the remote range stands for its tunnel end.
      TRY(links_.replace_fdb(vxlan_, peer.mac, peer.node));
      TRY(links_.replace_neighbour(vxlan_, cidr.address, peer.mac));
      TRY(links_.replace_route(cidr, cidr.address, vxlan_, true));
      peers_[key] = {peer.mac, peer.node};
    }
    return {};
  }

  void on_namespace(std::function<void(uint64_t, bool)> handler) override {
    std::lock_guard l(mutex_);
    on_namespace_ = std::move(handler);
    if (on_namespace_)
      for (auto& [uid, cookie] : cookies_) on_namespace_(cookie, true);
  }

  std::string vtep_mac() const override {
    // Derived, so that it is the same after every restart; 02: locally administered.
    uint32_t h = fnv(config_.instance + "/" + config_.node_ip + "/" + config_.pod_cidr);
    char buf[24];
    std::snprintf(buf, sizeof buf, "02:5e:%02x:%02x:%02x:%02x", h >> 24, (h >> 16) & 255, (h >> 8) & 255, h & 255);
    return buf;
  }

  std::string bridge_address() const override { return format_ipv4(pool_.gateway()); }

 private:
  // 0: gone.
  void note_namespace(const std::string& pod_uid, uint64_t cookie) {
    auto it = cookies_.find(pod_uid);
    if (it != cookies_.end() && it->second != cookie) {
      if (on_namespace_) on_namespace_(it->second, false);
      cookies_.erase(it);
      it = cookies_.end();
    }
    if (cookie == 0 || it != cookies_.end()) return;
    cookies_[pod_uid] = cookie;
    if (on_namespace_) on_namespace_(cookie, true);
  }

  Status connect(const std::string& pod_uid, const std::string& netns_path, uint32_t ip) {
    const std::string name = veth_name(config_.instance, pod_uid);
    Links inside = TRY(Links::open(netns_path));
    auto eth0 = inside.find("eth0");
    auto host_side = links_.find(name);
    if (!eth0 || !host_side) {
      TRY(links_.remove(name));
      if (eth0) TRY(inside.remove("eth0"));
      int ns = ::open(netns_path.c_str(), O_RDONLY | O_CLOEXEC);
      if (ns < 0) return errno_error("open " + netns_path, errno);
      auto made = links_.add_veth(name, "eth0", ns, mtu_);
      ::close(ns);
      TRY(std::move(made));
      eth0 = inside.find("eth0");
      host_side = links_.find(name);
      if (!eth0 || !host_side) return internal_error("veth " + name + " has vanished");
    }
    if (auto lo = inside.find("lo")) TRY(inside.set_up(lo->index));
    TRY(links_.set_master(host_side->index, bridge_));
    auto hairpin = links_.set_hairpin(host_side->index);
    if (!hairpin) LOG_DEBUG("network", hairpin.error().message);
    TRY(links_.set_up(host_side->index));
    TRY(inside.add_address(eth0->index, ip, pods_.bits));
    TRY(inside.set_up(eth0->index));
    return inside.replace_route(Cidr{0, 0}, pool_.gateway(), eth0->index, false);
  }

  Status ensure_vxlan() {
    const std::string name = vxlan_name(config_.instance);
    auto link = links_.find(name);
    if (!link) {
      TRY(links_.add_vxlan(name, 1, node_, kVxlanPort, mtu_, vtep_mac()));
      link = links_.find(name);
      if (!link) return internal_error("vxlan " + name + " has vanished");
      set_sysctl("/proc/sys/net/ipv4/conf/" + name + "/rp_filter", "0");
    }
    vxlan_ = link->index;
    TRY(links_.add_address(vxlan_, pods_.address & pods_.mask(), 32));
    return links_.set_up(vxlan_);
  }

  // Masquerade for what leaves the cluster, and host ports.
  Status write_table() {
    Chain out{"postrouting", Hook::kPostrouting, "nat", 100, {}};
    out.rules.push_back(Rule().source(pods_).destination(cluster_).accept());
    out.rules.push_back(Rule().source(pods_).destination(Cidr{0xe0000000, 4}).accept());  // multicast
    out.rules.push_back(Rule().source(pods_).masquerade());
    Chain forward{"forward", Hook::kForward, "filter", 0, {}};
    Chain ports{"hostports", std::nullopt, "", 0, {}};
    for (auto& [uid, entry] : host_ports_)
      for (auto& p : entry.second) {
        Rule r;
        r.protocol(protocol_number(p.protocol));
        if (auto ip = parse_ipv4(p.host_ip); ip && *ip != 0) r.destination(Cidr{*ip, 32});
        r.destination_port(p.host_port).dnat(entry.first, p.container_port);
        ports.rules.push_back(std::move(r));
        // A pod that reaches itself or its neighbours through the host port must see answers come back the same way.
        out.rules.insert(out.rules.begin(), Rule().protocol(protocol_number(p.protocol)).source(pods_).destination(Cidr{entry.first, 32}).destination_port(p.container_port).connection_status(0x20 /* dnat */).masquerade());
        out.rules.insert(out.rules.begin(), Rule().protocol(protocol_number(p.protocol)).source(Cidr{0x7f000000, 8}).destination(Cidr{entry.first, 32}).masquerade());
      }
    Chain in{"prerouting", Hook::kPrerouting, "nat", -100, {}};
    Chain local{"output", Hook::kOutput, "nat", -100, {}};
    std::vector<Chain> chains;
    if (!ports.rules.empty()) {
      in.rules.push_back(Rule().destination_is_local().jump("hostports"));
      local.rules.push_back(Rule().destination_is_local().jump("hostports"));
      chains.push_back(std::move(ports));
      chains.push_back(std::move(in));
      chains.push_back(std::move(local));
    }
    chains.push_back(std::move(out));
    return replace_table(nft_, pod_table(config_.instance), chains);
  }

  const PodNetworkConfig config_;
  const Cidr pods_, cluster_;
  const uint32_t node_;
  std::mutex mutex_;  // guards all below
  AddressPool pool_;
  Links links_;
  Netlink nft_;
  int mtu_ = 1450, bridge_ = 0, vxlan_ = 0;
  std::map<std::string, std::pair<uint32_t, std::vector<HostPort>>> host_ports_;  // by pod uid: pod address, ports
  std::map<std::string, uint64_t> cookies_;  // by pod uid
  std::function<void(uint64_t, bool)> on_namespace_;
  struct Tunnel { std::string mac; uint32_t node; };
  std::map<std::pair<uint32_t, int>, Tunnel> peers_;  // by pod range
};

}  // namespace

std::string veth_name(const std::string& instance, const std::string& pod_uid) {
  char buf[16];
  std::snprintf(buf, sizeof buf, "%08x", fnv(pod_uid));
  return veth_prefix(instance) + buf;
}

uint64_t netns_cookie(const std::string& netns_path) {
  uint64_t cookie = 0;
  auto read = [&] {
    int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof cookie;
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, 71 /* SO_NETNS_COOKIE */, &cookie, &size) != 0) cookie = 0;
    if (fd >= 0) ::close(fd);
  };
  if (netns_path.empty()) {
    read();
    return cookie;
  }
  int ns = ::open(netns_path.c_str(), O_RDONLY | O_CLOEXEC);
  if (ns < 0) return 0;
  std::thread([&] {
    if (setns(ns, CLONE_NEWNET) == 0) read();
  }).join();
  ::close(ns);
  return cookie;
}

Result<std::unique_ptr<PodNetwork>> PodNetwork::create(const PodNetworkConfig& config) {
  if (config.instance.size() > 4) return Error(Reason::kBadRequest, "an instance name has at most 4 characters");
  Cidr pods = TRY(parse_cidr(config.pod_cidr));
  Cidr cluster = TRY(parse_cidr(config.cluster_cidr));
  uint32_t node = config.node_ip.empty() ? 0 : TRY(parse_ipv4(config.node_ip));
  if (::access(config.state_dir.c_str(), W_OK) != 0) return errno_error(config.state_dir, errno);
  auto pool = TRY(AddressPool::open(config.state_dir + "/addresses", pods));
  auto links = TRY(Links::open());
  auto nft = TRY(Netlink::open(NETLINK_NETFILTER));
  auto network = std::make_unique<BridgeNetwork>(config, pods, cluster, node, std::move(pool), std::move(links), std::move(nft));
  TRY(network->set_up());
  return std::unique_ptr<PodNetwork>(std::move(network));
}

Status remove_all(const std::string& instance) {
  Links links = TRY(Links::open());
  for (auto& link : links.all())
    if (link.name.starts_with(veth_prefix(instance)) || link.name == bridge_name(instance) || link.name == vxlan_name(instance))
      TRY(links.remove(link.name));
  Netlink nft = TRY(Netlink::open(NETLINK_NETFILTER));
  TRY(remove_table(nft, pod_table(instance)));
  return remove_table(nft, service_table(instance));
}

}  // namespace skerry::network
