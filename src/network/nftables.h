// Nftables: tables, chains and rules written straight to the kernel (nf_tables over netlink; no nft program needed).
//
// A table is described whole and replaced in one transaction, so the kernel never shows half of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network/links.h"
#include "network/netlink.h"

namespace skerry::network {

// One rule: a list of expressions, built left to right as `nft` would print them. Addresses and ports in host order.
class Rule {
 public:
  Rule& protocol(uint8_t l4);                      // meta l4proto tcp
  Rule& source(const Cidr& net, bool not_in = false);       // ip saddr
  Rule& destination(const Cidr& net, bool not_in = false);  // ip daddr
  Rule& source_port(uint16_t port);                // th sport
  Rule& destination_port(uint16_t port);           // th dport
  Rule& destination_is_local();                    // fib daddr type local
  Rule& in_interface(const std::string& name, bool not_equal = false);
  Rule& out_interface(const std::string& name, bool not_equal = false);
  Rule& mark_is(uint32_t mark);                    // meta mark & mark == mark
  Rule& set_mark(uint32_t mark);                   // meta mark set mark
  Rule& one_in(uint32_t n);                        // numgen random mod n == 0
  Rule& connection_status(uint32_t bits);          // ct status & bits != 0; IPS_... in linux/netfilter/nf_conntrack_common.h
  Rule& source_in(const std::string& set);         // ip saddr @set
  Rule& remember_source(const std::string& set, uint32_t timeout_s);  // update @set { ip saddr timeout ... }
  Rule& dnat(uint32_t ip, uint16_t port);          // port 0: kept
  Rule& snat(uint32_t ip);
  Rule& masquerade();
  Rule& jump(const std::string& chain);
  Rule& accept();
  Rule& drop();
  Rule& reject(uint8_t l4);                        // TCP reset for TCP, else port unreachable

  const std::vector<std::pair<std::string, std::string>>& expressions() const { return expressions_; }

 private:
  template <class F>
  Rule& add(const char* name, F&& fill);
  Rule& compare(uint32_t op, const void* data, size_t size);
  Rule& load_source();
  Rule& network_field(uint32_t offset, const Cidr& net, bool not_in);
  Rule& transport_port(uint32_t offset, uint16_t port);
  Rule& meta(uint32_t key);
  Rule& verdict(int32_t code, const std::string& chain);
  Rule& immediate(uint32_t reg, const void* data, size_t size);
  std::vector<std::pair<std::string, std::string>> expressions_;  // name, encoded attributes
};

enum class Hook { kPrerouting, kInput, kForward, kOutput, kPostrouting };

struct Chain {
  std::string name;
  std::optional<Hook> hook;       // none: a chain that is jumped to
  std::string type = "filter";    // "filter", "nat", "route"
  int priority = 0;               // -100 dstnat, 0 filter, 100 srcnat
  std::vector<Rule> rules;
};

// A table whose sets of addresses outlive a change of its rules. Chains and sets are kept by name; sets hold IPv4
// addresses with timeouts, added by rules (Rule::remember_source).
struct Table {
  std::string name;
  std::vector<Chain> chains;
  std::vector<std::string> sets;
};
// Turns `before` (what the last call wrote) into `now` in one transaction. Null: whatever the kernel has is replaced.
Status update_table(Netlink& netlink, const Table& now, const Table* before);

// A chain of anybody's that packets meet by themselves.
struct BaseChain {
  uint8_t family = 0;      // NFPROTO_IPV4, NFPROTO_INET, ...
  std::string table, name;
  uint32_t hook = 0;       // NF_INET_FORWARD, ...
  bool drops = false;      // what no rule of it accepts
};
Result<std::vector<BaseChain>> base_chains(Netlink& netlink);

// Replaces table `name` of the ip family in the namespace of `netlink`.
Status replace_table(Netlink& netlink, const std::string& name, const std::vector<Chain>& chains);
Status remove_table(Netlink& netlink, const std::string& name);  // absent is fine

}  // namespace skerry::network
