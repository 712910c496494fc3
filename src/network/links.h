// Links: interfaces, addresses, routes, neighbours by rtnetlink(7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "network/netlink.h"

namespace skerry::network {

struct Cidr {
  uint32_t address = 0;  // host order
  int bits = 32;
  uint32_t mask() const { return bits == 0 ? 0 : ~uint32_t{0} << (32 - bits); }
  bool contains(uint32_t a) const { return (a & mask()) == (address & mask()); }
};
Result<Cidr> parse_cidr(std::string_view text);  // IPv4; BadRequest
Result<uint32_t> parse_ipv4(std::string_view text);
std::string format_ipv4(uint32_t address);

struct LinkInfo {
  int index = 0;
  std::string name;
  int mtu = 0;
  int master = 0;
  std::string mac;  // "02:..."
};

class Links {
 public:
  static Result<Links> open(const std::string& netns_path = "");

  // Absent is no error.
  std::optional<LinkInfo> find(const std::string& name);
  std::vector<LinkInfo> all();
  Status add_bridge(const std::string& name, int mtu);
  // Both ends at once; the peer goes into the namespace of `peer_netns_fd` under `peer_name`.
  Status add_veth(const std::string& name, const std::string& peer_name, int peer_netns_fd, int mtu);
  Status add_vxlan(const std::string& name, uint32_t vni, uint32_t local_ip, uint16_t port, int mtu, const std::string& mac);
  Status remove(const std::string& name);  // absent is fine
  Status set_up(int index);
  Status set_master(int index, int bridge_index);
  Status set_hairpin(int index);
  Status add_address(int index, uint32_t ip, int bits);  // there already is fine
  // `gateway` 0: none (scope link). `onlink` where the gateway is not in a network of the link. Replaces.
  Status replace_route(const Cidr& to, uint32_t gateway, int index, bool onlink);
  Status remove_route(const Cidr& to, int index);
  Status replace_neighbour(int index, uint32_t ip, const std::string& mac);
  Status remove_neighbour(int index, uint32_t ip);
  Status replace_fdb(int index, const std::string& mac, uint32_t remote_ip);
  Status remove_fdb(int index, const std::string& mac, uint32_t remote_ip);
  // The interface and source address towards the default route, or towards `to`.
  struct Route { int index = 0; uint32_t source = 0; };
  Result<Route> route_to(uint32_t to);

 private:
  explicit Links(Netlink nl) : nl_(std::move(nl)) {}
  Netlink nl_;
};

}  // namespace skerry::network
