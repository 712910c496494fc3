#include "network/links.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstdio>

#include "base/strings.h"

namespace skerry::network {
namespace {

constexpr uint16_t kCreate = NLM_F_CREATE | NLM_F_EXCL;
constexpr uint16_t kReplace = NLM_F_CREATE | NLM_F_REPLACE;

std::string mac_bytes(const std::string& text) {
  unsigned b[6] = {};
  if (std::sscanf(text.c_str(), "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6) return {};
  std::string out;
  for (unsigned v : b) out += static_cast<char>(v);
  return out;
}

Message& ip(Message& m, uint16_t type, uint32_t host_order) { return m.be32(type, host_order); }

ifinfomsg link_head(int index = 0, unsigned flags = 0, unsigned change = 0, unsigned char family = AF_UNSPEC) {
  ifinfomsg i{};
  i.ifi_family = family;
  i.ifi_index = index;
  i.ifi_flags = flags;
  i.ifi_change = change;
  return i;
}

LinkInfo parse_link(std::string_view payload) {
  LinkInfo out;
  if (payload.size() < sizeof(ifinfomsg)) return out;
  ifinfomsg head;
  std::memcpy(&head, payload.data(), sizeof head);
  out.index = head.ifi_index;
  each_attr(payload.substr(sizeof head), [&](uint16_t type, std::string_view v) {
    auto number = [&] {
      uint32_t n = 0;
      if (v.size() >= 4) std::memcpy(&n, v.data(), 4);
      return static_cast<int>(n);
    };
    if (type == IFLA_IFNAME) out.name = std::string(v.data(), strnlen(v.data(), v.size()));
    if (type == IFLA_MTU) out.mtu = number();
    if (type == IFLA_MASTER) out.master = number();
    if (type == IFLA_ADDRESS && v.size() == 6) {
      char buf[24];
      auto b = [&](size_t i) { return static_cast<unsigned char>(v[i]); };
      std::snprintf(buf, sizeof buf, "%02x:%02x:%02x:%02x:%02x:%02x", b(0), b(1), b(2), b(3), b(4), b(5));
      out.mac = buf;
    }
  });
  return out;
}

}  // namespace

Result<uint32_t> parse_ipv4(std::string_view text) {
  in_addr a;
  if (inet_pton(AF_INET, std::string(text).c_str(), &a) != 1) return Error(Reason::kBadRequest, "\"" + std::string(text) + "\" is no IPv4 address");
  return ntohl(a.s_addr);
}

Result<Cidr> parse_cidr(std::string_view text) {
  size_t slash = text.find('/');
  Cidr out;
  out.address = TRY(parse_ipv4(text.substr(0, slash)));
  if (slash != std::string_view::npos) {
    auto bits = parse_int(text.substr(slash + 1));
    if (!bits || *bits < 0 || *bits > 32) return Error(Reason::kBadRequest, "\"" + std::string(text) + "\" is no network");
    out.bits = static_cast<int>(*bits);
  }
  return out;
}

std::string format_ipv4(uint32_t address) {
  in_addr a{htonl(address)};
  char buf[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &a, buf, sizeof buf);
}

Result<Links> Links::open(const std::string& netns_path) { return Links(TRY(Netlink::open(NETLINK_ROUTE, netns_path))); }

std::optional<LinkInfo> Links::find(const std::string& name) {
  Message m(RTM_GETLINK, 0);
  m.fixed(link_head()).text(IFLA_IFNAME, name);
  std::optional<LinkInfo> out;
  auto done = nl_.dump(m, "get link " + name, [&](uint16_t, std::string_view payload) { out = parse_link(payload); });
  return done ? out : std::nullopt;
}

std::vector<LinkInfo> Links::all() {
  Message m(RTM_GETLINK, NLM_F_DUMP);
  m.fixed(link_head());
  std::vector<LinkInfo> out;
  (void)nl_.dump(m, "list links", [&](uint16_t, std::string_view payload) { out.push_back(parse_link(payload)); }).has_value();
  return out;
}

Status Links::add_bridge(const std::string& name, int mtu) {
  Message m(RTM_NEWLINK, kCreate);
  m.fixed(link_head()).text(IFLA_IFNAME, name);
  if (mtu > 0) m.u32(IFLA_MTU, static_cast<uint32_t>(mtu));
  m.nest(IFLA_LINKINFO, [](Message& n) { n.text(IFLA_INFO_KIND, "bridge"); });
  return nl_.call(m, "create bridge " + name);
}

Status Links::add_veth(const std::string& name, const std::string& peer_name, int peer_netns_fd, int mtu) {
  Message m(RTM_NEWLINK, kCreate);
  m.fixed(link_head()).text(IFLA_IFNAME, name).u32(IFLA_MTU, static_cast<uint32_t>(mtu));
  m.nest(IFLA_LINKINFO, [&](Message& info) {
    info.text(IFLA_INFO_KIND, "veth");
    info.nest(IFLA_INFO_DATA, [&](Message& data) {
      data.nest(VETH_INFO_PEER, [&](Message& peer) {
        peer.fixed(link_head()).text(IFLA_IFNAME, peer_name).u32(IFLA_MTU, static_cast<uint32_t>(mtu)).u32(IFLA_NET_NS_FD, static_cast<uint32_t>(peer_netns_fd));
      });
    });
  });
  return nl_.call(m, "create veth " + name);
}

Status Links::add_vxlan(const std::string& name, uint32_t vni, uint32_t local_ip, uint16_t port, int mtu, const std::string& mac) {
  Message m(RTM_NEWLINK, kCreate);
  m.fixed(link_head()).text(IFLA_IFNAME, name).u32(IFLA_MTU, static_cast<uint32_t>(mtu));
  std::string address = mac_bytes(mac);
  m.attr(IFLA_ADDRESS, address.data(), address.size());
  m.nest(IFLA_LINKINFO, [&](Message& info) {
    info.text(IFLA_INFO_KIND, "vxlan");
    info.nest(IFLA_INFO_DATA, [&](Message& d) {
      d.u32(IFLA_VXLAN_ID, vni);
      ip(d, IFLA_VXLAN_LOCAL, local_ip);
      d.be16(IFLA_VXLAN_PORT, port);
      d.u8(IFLA_VXLAN_LEARNING, 0);
    });
  });
  return nl_.call(m, "create vxlan " + name);
}

Status Links::remove(const std::string& name) {
  auto link = find(name);
  if (!link) return {};
  Message m(RTM_DELLINK, 0);
  m.fixed(link_head(link->index));
  auto done = nl_.call(m, "remove link " + name);
  if (!done && nl_.last_errno() == ENODEV) return {};
  return done;
}

Status Links::set_up(int index) {
  Message m(RTM_NEWLINK, 0);
  m.fixed(link_head(index, IFF_UP, IFF_UP));
  return nl_.call(m, "set link up");
}

Status Links::set_master(int index, int bridge_index) {
  Message m(RTM_NEWLINK, 0);
  m.fixed(link_head(index)).u32(IFLA_MASTER, static_cast<uint32_t>(bridge_index));
  return nl_.call(m, "put link into bridge");
}

Status Links::set_hairpin(int index) {
  Message m(RTM_SETLINK, 0);
  m.fixed(link_head(index, 0, 0, AF_BRIDGE));
  m.nest(IFLA_PROTINFO | NLA_F_NESTED, [](Message& n) { n.u8(IFLA_BRPORT_MODE, 1); });
  return nl_.call(m, "set hairpin mode");
}

Status Links::add_address(int index, uint32_t address, int bits) {
  Message m(RTM_NEWADDR, kCreate);
  ifaddrmsg head{};
  head.ifa_family = AF_INET;
  head.ifa_prefixlen = static_cast<unsigned char>(bits);
  head.ifa_index = static_cast<unsigned>(index);
  m.fixed(head);
  ip(m, IFA_LOCAL, address);
  ip(m, IFA_ADDRESS, address);
  auto done = nl_.call(m, "add address " + format_ipv4(address));
  if (!done && nl_.last_errno() == EEXIST) return {};
  return done;
}

namespace {
rtmsg route_head(const Cidr& to, uint32_t gateway, bool onlink) {
  rtmsg r{};
  r.rtm_family = AF_INET;
  r.rtm_dst_len = static_cast<unsigned char>(to.bits);
  r.rtm_table = RT_TABLE_MAIN;
  r.rtm_protocol = RTPROT_STATIC;
  r.rtm_scope = gateway == 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  r.rtm_type = RTN_UNICAST;
  r.rtm_flags = onlink ? static_cast<unsigned>(RTNH_F_ONLINK) : 0u;
  return r;
}
}  // namespace

Status Links::replace_route(const Cidr& to, uint32_t gateway, int index, bool onlink) {
  Message m(RTM_NEWROUTE, kReplace);
  m.fixed(route_head(to, gateway, onlink));
  if (to.bits > 0) ip(m, RTA_DST, to.address & to.mask());
  if (gateway != 0) ip(m, RTA_GATEWAY, gateway);
  m.u32(RTA_OIF, static_cast<uint32_t>(index));
  return nl_.call(m, "route to " + format_ipv4(to.address) + "/" + std::to_string(to.bits));
}

Status Links::remove_route(const Cidr& to, int index) {
  Message m(RTM_DELROUTE, 0);
  rtmsg r = route_head(to, 1, false);
  r.rtm_scope = RT_SCOPE_NOWHERE;
  r.rtm_protocol = 0;
  m.fixed(r);
  ip(m, RTA_DST, to.address & to.mask());
  m.u32(RTA_OIF, static_cast<uint32_t>(index));
  auto done = nl_.call(m, "remove route");
  if (!done && nl_.last_errno() == ESRCH) return {};
  return done;
}

Status Links::replace_neighbour(int index, uint32_t address, const std::string& mac) {
  Message m(RTM_NEWNEIGH, kReplace);
  ndmsg n{};
  n.ndm_family = AF_INET;
  n.ndm_ifindex = index;
  n.ndm_state = NUD_PERMANENT;
  m.fixed(n);
  ip(m, NDA_DST, address);
  std::string bytes = mac_bytes(mac);
  m.attr(NDA_LLADDR, bytes.data(), bytes.size());
  return nl_.call(m, "neighbour " + format_ipv4(address));
}

Status Links::remove_neighbour(int index, uint32_t address) {
  Message m(RTM_DELNEIGH, 0);
  ndmsg n{};
  n.ndm_family = AF_INET;
  n.ndm_ifindex = index;
  m.fixed(n);
  ip(m, NDA_DST, address);
  auto done = nl_.call(m, "remove neighbour");
  if (!done && nl_.last_errno() == ENOENT) return {};
  return done;
}

Status Links::replace_fdb(int index, const std::string& mac, uint32_t remote_ip) {
  Message m(RTM_NEWNEIGH, kReplace);
  ndmsg n{};
  n.ndm_family = AF_BRIDGE;
  n.ndm_ifindex = index;
  n.ndm_state = NUD_PERMANENT | NUD_NOARP;
  n.ndm_flags = NTF_SELF;
  m.fixed(n);
  std::string bytes = mac_bytes(mac);
  m.attr(NDA_LLADDR, bytes.data(), bytes.size());
  ip(m, NDA_DST, remote_ip);
  return nl_.call(m, "forwarding entry for " + format_ipv4(remote_ip));
}

Status Links::remove_fdb(int index, const std::string& mac, uint32_t remote_ip) {
  Message m(RTM_DELNEIGH, 0);
  ndmsg n{};
  n.ndm_family = AF_BRIDGE;
  n.ndm_ifindex = index;
  n.ndm_flags = NTF_SELF;
  m.fixed(n);
  std::string bytes = mac_bytes(mac);
  m.attr(NDA_LLADDR, bytes.data(), bytes.size());
  ip(m, NDA_DST, remote_ip);
  auto done = nl_.call(m, "remove forwarding entry");
  if (!done && nl_.last_errno() == ENOENT) return {};
  return done;
}

Result<Links::Route> Links::route_to(uint32_t to) {
  Message m(RTM_GETROUTE, 0);
  rtmsg r{};
  r.rtm_family = AF_INET;
  r.rtm_dst_len = 32;
  m.fixed(r);
  ip(m, RTA_DST, to);
  Route out;
  TRY(nl_.dump(m, "route to " + format_ipv4(to), [&](uint16_t, std::string_view payload) {
    if (payload.size() < sizeof(rtmsg)) return;
    each_attr(payload.substr(sizeof(rtmsg)), [&](uint16_t type, std::string_view v) {
      uint32_t n = 0;
      if (v.size() >= 4) std::memcpy(&n, v.data(), 4);
      if (type == RTA_OIF) out.index = static_cast<int>(n);
      if (type == RTA_PREFSRC) out.source = ntohl(n);
    });
  }));
  return out;
}

}  // namespace skerry::network
