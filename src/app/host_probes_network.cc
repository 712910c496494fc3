// Probes of the network, made in a network namespace that ends with the probe.
#include <fcntl.h>
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "app/host_probes.h"
#include "app/lifecycle.h"
#include "base/strings.h"
#include "dns/server.h"
#include "network/links.h"
#include "network/nftables.h"
#include "network/pod_network.h"
#include "os/cgroup.h"
#include "os/files.h"
#include "os/sysinfo.h"
#include "proxy/dataplane.h"

namespace skerry::app::probes {
namespace {

using network::Chain;
using network::Cidr;
using network::Hook;
using network::Links;
using network::Netlink;
using network::Rule;

constexpr const char* kTable = "skerry-check";
const Cidr kPods{0x0a2a0000, 24}, kCluster{0x0a2a0000, 16};

// `f` gives a Status; in a network namespace of its own.
template <class F>
Probe tried(F&& f) {
  return apart(CLONE_NEWNET, [&]() -> Probe {
    Status done = f();
    return done ? ok() : missing(done.error().message);
  });
}

Status write_rules(const std::vector<Chain>& chains) {
  Netlink netlink = TRY(Netlink::open(NETLINK_NETFILTER));
  return network::replace_table(netlink, kTable, chains);
}

std::string setting(const std::string& path) { return std::string(trim(os::read_file(path, 256).value_or(std::string()))); }

}  // namespace

Probe pod_links(const HostContext&) {
  return tried([]() -> Status {
    Links links = TRY(Links::open());
    TRY(links.add_bridge("skbr", 1450));
    os::Fd ns(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!ns) return errno_error("open /proc/thread-self/ns/net", errno);
    TRY(links.add_veth("ska", "skb", ns.get(), 1450));
    auto bridge = links.find("skbr"), veth = links.find("ska");
    if (!bridge || !veth) return internal_error("the links were made and are not there");
    TRY(links.set_master(veth->index, bridge->index));
    TRY(links.add_address(bridge->index, kPods.address + 1, kPods.bits));
    return links.set_up(bridge->index);
  });
}

Probe tunnel(const HostContext&) {
  return tried([]() -> Status {
    Links links = TRY(Links::open());
    return links.add_vxlan("skvx", 1, INADDR_LOOPBACK, 8472, 1450, "02:00:00:00:00:01");
  });
}

Probe masquerade(const HostContext&) {
  return tried([] {
    Chain out{"postrouting", Hook::kPostrouting, "nat", 100, {}};
    out.rules.push_back(Rule().source(kPods).destination(kCluster).accept());
    out.rules.push_back(Rule().source(kPods).masquerade());
    return write_rules({out});
  });
}

// Everything that the data plane's rules are made of.
Probe service_rules(const HostContext&) {
  return tried([]() -> Status {
    Chain in{"prerouting", Hook::kPrerouting, "nat", -100, {}}, filter{"forward", Hook::kForward, "filter", 0, {}}, to{"backends", std::nullopt, "", 0, {}};
    to.rules.push_back(Rule().one_in(2).dnat(kPods.address + 2, 8080));
    to.rules.push_back(Rule().protocol(IPPROTO_TCP).destination_port(80).source_in("clients").remember_source("clients", 10800).set_mark(0x4000).dnat(kPods.address + 3, 8080));
    in.rules.push_back(Rule().destination_is_local().jump("backends"));
    filter.rules.push_back(Rule().mark_is(0x4000).connection_status(0x20).in_interface("lo").accept());
    filter.rules.push_back(Rule().protocol(IPPROTO_TCP).reject(IPPROTO_TCP));
    Netlink netlink = TRY(Netlink::open(NETLINK_NETFILTER));
    network::Table table{kTable, {to, in, filter}, {"clients"}};
    return network::update_table(netlink, table, nullptr);
  });
}

Probe service_ebpf(const HostContext& context) {
  if (context.service_proxy == "nftables") return ok("not wanted: service-proxy is nftables");
  return apart(CLONE_NEWNS, [&]() -> Probe {
    // A tmpfs that goes with the mount namespace, a control group that goes with the probe.
    const std::string place = "/tmp";
    if (mount("skerry-check", place.c_str(), "tmpfs", 0, "mode=0700,size=1m") != 0) return missing(errno_error("mount tmpfs", errno).message);
    os::Cgroups cgroups("skerry-check-" + std::to_string(getpid()) + "-bpf", os::read_file("/proc/self/mountinfo").value_or(std::string()));
    std::string group;
    for (auto& h : cgroups.hierarchies())
      if (h.name.empty()) group = h.mount_point + "/skerry-check-" + std::to_string(getpid()) + "-bpf";
    if (group.empty()) return missing("control groups version 2 are not mounted", "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified");
    if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) return missing(errno_error("mkdir " + group, errno).message);
    auto made = proxy::make_ebpf_dataplane({group, place + "/bpf"});
    Probe out = made ? ok() : missing(made.error().message);
    if (made) made->reset();
    (void)proxy::remove_ebpf(place + "/bpf");
    rmdir(group.c_str());
    if (out.state == HostState::kOk && network::netns_cookie("") == 0) return missing("the kernel does not number network namespaces (SO_NETNS_COOKIE)");
    return out;
  });
}

Probe bridge_filter(const HostContext& context) {
  constexpr const char* kFile = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  const std::string now = setting(kFile);
  if (now == "1") return ok("on");
  if (context.service_proxy != "nftables" && service_ebpf(context).state == HostState::kOk) return ok("not needed: service addresses go by eBPF");
  return missing(now.empty() ? "the module br_netfilter is not loaded" : std::string(kFile) + " is " + now, now.empty() ? "" : "sysctl -w net.bridge.bridge-nf-call-iptables=1");
}

Probe forwarding(const HostContext&) {
  constexpr const char* kFile = "/proc/sys/net/ipv4/ip_forward";
  if (setting(kFile) == "1") return ok("on");
  // Could it be switched on? Tried where it switches nothing.
  Probe writable = apart(CLONE_NEWNET, [&]() -> Probe {
    Status written = os::write_existing(kFile, "1");
    return written ? ok() : missing(written.error().message);
  });
  return writable.state == HostState::kOk ? ok("off; Skerry switches it on") : missing("off, and it cannot be switched on: " + writable.detail);
}

Probe address(const HostContext& context) {
  if (context.node_ip_given) return ok("given");
  auto links = Links::open();
  if (!links) return missing(links.error().message);
  auto route = links->route_to(0xc0000201);  // 192.0.2.1: any outside address will do
  if (!route || route->source == 0) return missing("there is no default route");
  return ok(network::format_ipv4(route->source));
}

Probe name_servers(const HostContext& context) {
  auto upstreams = dns::read_upstreams(context.resolv_conf, {});
  if (upstreams.empty()) return missing(context.resolv_conf + " names none");
  return ok(skerry::join(upstreams, ", "));
}

Probe ports(const HostContext& context) {
  for (uint16_t port : {context.api_port, context.node_port}) {
    if (port == 0) continue;
    os::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return missing(errno_error("socket", errno).message);
    int yes = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    if (port == context.api_port) where.sin_addr.s_addr = inet_addr(context.bind_address.c_str());
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 && ::listen(fd.get(), 1) == 0) continue;
    const int err = errno;
    return missing(errno_error("port " + std::to_string(port), err).message + (err == EADDRINUSE ? " (another Kubernetes?)" : ""));
  }
  return context.api_port == 0 && context.node_port == 0 ? ok("Skerry runs and has them") : ok();
}

Probe firewall(const HostContext&) {
  auto netlink = Netlink::open(NETLINK_NETFILTER);
  if (!netlink) return ok("none can be seen");
  auto chains = network::base_chains(*netlink);
  if (!chains) return ok("none can be seen");
  std::string found;
  for (auto& c : *chains) {
    const bool firewalld = c.table == "firewalld" && c.hook == NF_INET_FORWARD;
    const bool here = c.family == NFPROTO_IPV4 || c.family == NFPROTO_INET;
    if (!here || !(firewalld || (c.drops && (c.hook == NF_INET_FORWARD || c.hook == NF_INET_LOCAL_IN)))) continue;
    found += (found.empty() ? "" : ", ") + c.table + " " + c.name + (c.drops ? " drops by itself" : "");
  }
  return found.empty() ? ok() : degraded(found);
}

}  // namespace skerry::app::probes
