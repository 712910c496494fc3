#include "network/nftables.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>

namespace skerry::network {
namespace {

constexpr uint16_t kNested = NLA_F_NESTED;

uint16_t nft(uint16_t message) { return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message); }

Message make(uint16_t type, uint16_t flags, uint8_t family = NFPROTO_IPV4, uint16_t res_id = 0) {
  Message m(type, flags);
  nfgenmsg head{};
  head.nfgen_family = family;
  head.version = NFNETLINK_V0;
  head.res_id = htons(res_id);
  m.fixed(head);
  return m;
}

uint32_t hook_number(Hook h) {
  switch (h) {
    case Hook::kPrerouting: return NF_INET_PRE_ROUTING;
    case Hook::kInput: return NF_INET_LOCAL_IN;
    case Hook::kForward: return NF_INET_FORWARD;
    case Hook::kOutput: return NF_INET_LOCAL_OUT;
    case Hook::kPostrouting: return NF_INET_POST_ROUTING;
  }
  return 0;
}

}  // namespace

template <class F>
Rule& Rule::add(const char* name, F&& fill) {
  // Encoded by a message of its own; only the attributes behind its header are kept.
  Message m(0, 0);
  fill(m);
  expressions_.emplace_back(name, m.finish(0).substr(sizeof(nlmsghdr)));
  return *this;
}

Rule& Rule::compare(uint32_t op, const void* data, size_t size) {
  return add("cmp", [&](Message& m) {
    m.be32(NFTA_CMP_SREG, NFT_REG_1).be32(NFTA_CMP_OP, op);
    m.nest(NFTA_CMP_DATA | kNested, [&](Message& d) { d.attr(NFTA_DATA_VALUE, data, size); });
  });
}

Rule& Rule::meta(uint32_t key) {
  return add("meta", [&](Message& m) { m.be32(NFTA_META_KEY, key).be32(NFTA_META_DREG, NFT_REG_1); });
}

Rule& Rule::protocol(uint8_t l4) {
  meta(NFT_META_L4PROTO);
  return compare(NFT_CMP_EQ, &l4, 1);
}

namespace {
void load_network_field(Message& m, uint32_t offset) {
  m.be32(NFTA_PAYLOAD_DREG, NFT_REG_1).be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER).be32(NFTA_PAYLOAD_OFFSET, offset).be32(NFTA_PAYLOAD_LEN, 4);
}
constexpr uint32_t kSourceOffset = 12, kDestinationOffset = 16;
}  // namespace

Rule& Rule::load_source() {
  return add("payload", [](Message& m) { load_network_field(m, kSourceOffset); });
}

Rule& Rule::source_in(const std::string& set) {
  load_source();
  return add("lookup", [&](Message& m) { m.text(NFTA_LOOKUP_SET, set).be32(NFTA_LOOKUP_SREG, NFT_REG_1); });
}

Rule& Rule::remember_source(const std::string& set, uint32_t timeout_s) {
  load_source();
  return add("dynset", [&](Message& m) {
    m.text(NFTA_DYNSET_SET_NAME, set).be32(NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE).be32(NFTA_DYNSET_SREG_KEY, NFT_REG_1);
    m.be64(NFTA_DYNSET_TIMEOUT, uint64_t{timeout_s} * 1000);
  });
}

Rule& Rule::network_field(uint32_t offset, const Cidr& net, bool not_in) {
  add("payload", [&](Message& m) { load_network_field(m, offset); });
  if (net.bits < 32)
    add("bitwise", [&](Message& m) {
      uint32_t mask = htonl(net.mask()), zero = 0;
      m.be32(NFTA_BITWISE_SREG, NFT_REG_1).be32(NFTA_BITWISE_DREG, NFT_REG_1).be32(NFTA_BITWISE_LEN, 4);
      m.nest(NFTA_BITWISE_MASK | kNested, [&](Message& d) { d.attr(NFTA_DATA_VALUE, &mask, 4); });
      m.nest(NFTA_BITWISE_XOR | kNested, [&](Message& d) { d.attr(NFTA_DATA_VALUE, &zero, 4); });
    });
  uint32_t value = htonl(net.address & net.mask());
  return compare(not_in ? NFT_CMP_NEQ : NFT_CMP_EQ, &value, 4);
}
Rule& Rule::source(const Cidr& net, bool not_in) { return network_field(kSourceOffset, net, not_in); }
Rule& Rule::destination(const Cidr& net, bool not_in) { return network_field(kDestinationOffset, net, not_in); }

Rule& Rule::transport_port(uint32_t offset, uint16_t port) {
  add("payload", [&](Message& m) {
    m.be32(NFTA_PAYLOAD_DREG, NFT_REG_1).be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER).be32(NFTA_PAYLOAD_OFFSET, offset).be32(NFTA_PAYLOAD_LEN, 2);
  });
  uint16_t value = htons(port);
  return compare(NFT_CMP_EQ, &value, 2);
}
Rule& Rule::source_port(uint16_t port) { return transport_port(0, port); }
Rule& Rule::destination_port(uint16_t port) { return transport_port(2, port); }

Rule& Rule::destination_is_local() {
  add("fib", [](Message& m) {
    m.be32(NFTA_FIB_DREG, NFT_REG_1).be32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE).be32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
  });
  uint32_t local = RTN_LOCAL;
  return compare(NFT_CMP_EQ, &local, 4);
}

namespace {
std::string interface_name(const std::string& name) {
  std::string padded = name;
  padded.resize(16, '\0');
  return padded;
}
}  // namespace

Rule& Rule::in_interface(const std::string& name, bool not_equal) {
  meta(NFT_META_IIFNAME);
  return compare(not_equal ? NFT_CMP_NEQ : NFT_CMP_EQ, interface_name(name).data(), 16);
}
Rule& Rule::out_interface(const std::string& name, bool not_equal) {
  meta(NFT_META_OIFNAME);
  return compare(not_equal ? NFT_CMP_NEQ : NFT_CMP_EQ, interface_name(name).data(), 16);
}

namespace {
void mask_register(Message& m, uint32_t mask) {
  uint32_t zero = 0;
  m.be32(NFTA_BITWISE_SREG, NFT_REG_1).be32(NFTA_BITWISE_DREG, NFT_REG_1).be32(NFTA_BITWISE_LEN, 4);
  m.nest(NFTA_BITWISE_MASK | kNested, [&](Message& d) { d.attr(NFTA_DATA_VALUE, &mask, 4); });
  m.nest(NFTA_BITWISE_XOR | kNested, [&](Message& d) { d.attr(NFTA_DATA_VALUE, &zero, 4); });
}
}  // namespace

Rule& Rule::mark_is(uint32_t mark) {
  meta(NFT_META_MARK);
  add("bitwise", [&](Message& m) { mask_register(m, mark); });
  return compare(NFT_CMP_EQ, &mark, 4);
}

Rule& Rule::set_mark(uint32_t mark) {
  immediate(NFT_REG_1, &mark, 4);
  return add("meta", [&](Message& m) { m.be32(NFTA_META_KEY, NFT_META_MARK).be32(NFTA_META_SREG, NFT_REG_1); });
}

Rule& Rule::one_in(uint32_t n) {
  add("numgen", [&](Message& m) {
    m.be32(NFTA_NG_DREG, NFT_REG_1).be32(NFTA_NG_MODULUS, n).be32(NFTA_NG_TYPE, NFT_NG_RANDOM).be32(NFTA_NG_OFFSET, 0);
  });
  uint32_t zero = 0;
  return compare(NFT_CMP_EQ, &zero, 4);
}

Rule& Rule::connection_status(uint32_t bits) {
  add("ct", [](Message& m) { m.be32(NFTA_CT_KEY, NFT_CT_STATUS).be32(NFTA_CT_DREG, NFT_REG_1); });
  add("bitwise", [&](Message& m) { mask_register(m, bits); });
  uint32_t zero = 0;
  return compare(NFT_CMP_NEQ, &zero, 4);
}

Rule& Rule::immediate(uint32_t reg, const void* data, size_t size) {
  return add("immediate", [&](Message& m) {
    m.be32(NFTA_IMMEDIATE_DREG, reg);
    m.nest(NFTA_IMMEDIATE_DATA | kNested, [&](Message& d) { d.attr(NFTA_DATA_VALUE, data, size); });
  });
}

Rule& Rule::dnat(uint32_t ip, uint16_t port) {
  uint32_t address = htonl(ip);
  immediate(NFT_REG_1, &address, 4);
  if (port != 0) {
    uint16_t p = htons(port);
    immediate(NFT_REG_2, &p, 2);
  }
  return add("nat", [&](Message& m) {
    m.be32(NFTA_NAT_TYPE, NFT_NAT_DNAT).be32(NFTA_NAT_FAMILY, NFPROTO_IPV4).be32(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
    if (port != 0) m.be32(NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
  });
}

Rule& Rule::snat(uint32_t ip) {
  uint32_t address = htonl(ip);
  immediate(NFT_REG_1, &address, 4);
  return add("nat", [&](Message& m) { m.be32(NFTA_NAT_TYPE, NFT_NAT_SNAT).be32(NFTA_NAT_FAMILY, NFPROTO_IPV4).be32(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1); });
}

Rule& Rule::masquerade() {
  return add("masq", [](Message&) {});
}

Rule& Rule::verdict(int32_t code, const std::string& chain) {
  return add("immediate", [&](Message& m) {
    m.be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    m.nest(NFTA_IMMEDIATE_DATA | kNested, [&](Message& d) {
      d.nest(NFTA_DATA_VERDICT | kNested, [&](Message& v) {
        v.be32(NFTA_VERDICT_CODE, static_cast<uint32_t>(code));
        if (!chain.empty()) v.text(NFTA_VERDICT_CHAIN, chain);
      });
    });
  });
}
Rule& Rule::jump(const std::string& chain) { return verdict(NFT_JUMP, chain); }
Rule& Rule::accept() { return verdict(NF_ACCEPT, ""); }
Rule& Rule::drop() { return verdict(NF_DROP, ""); }

Rule& Rule::reject(uint8_t l4) {
  return add("reject", [&](Message& m) {
    if (l4 == IPPROTO_TCP) m.be32(NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
    else m.be32(NFTA_REJECT_TYPE, NFT_REJECT_ICMP_UNREACH).u8(NFTA_REJECT_ICMP_CODE, 3);
  });
}

Status update_table(Netlink& netlink, const Table& now, const Table* before) {
  std::vector<Message> batch;
  batch.push_back(make(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  // A message about the table, or about something of it by name.
  auto about = [&](uint16_t message, uint16_t flags, uint16_t table_attr, uint16_t name_attr = 0, const std::string& name = "") {
    Message m = make(nft(message), flags);
    m.text(table_attr, now.name);
    if (name_attr != 0) m.text(name_attr, name);
    batch.push_back(std::move(m));
  };
  about(NFT_MSG_NEWTABLE, NLM_F_CREATE, NFTA_TABLE_NAME);  // so that what follows succeeds in any case
  if (before == nullptr) {
    about(NFT_MSG_DELTABLE, 0, NFTA_TABLE_NAME);
    about(NFT_MSG_NEWTABLE, NLM_F_CREATE, NFTA_TABLE_NAME);
  } else {
    about(NFT_MSG_DELRULE, 0, NFTA_RULE_TABLE);  // all of them
  }
  uint32_t id = 0;
  for (auto& set : now.sets) {
    Message m = make(nft(NFT_MSG_NEWSET), NLM_F_CREATE);
    m.text(NFTA_SET_TABLE, now.name).text(NFTA_SET_NAME, set).be32(NFTA_SET_FLAGS, NFT_SET_EVAL | NFT_SET_TIMEOUT);
    m.be32(NFTA_SET_KEY_TYPE, 7 /* ipv4_addr, as nft shows it */).be32(NFTA_SET_KEY_LEN, 4).be32(NFTA_SET_ID, ++id);
    batch.push_back(std::move(m));
  }
  for (auto& c : now.chains) {
    Message m = make(nft(NFT_MSG_NEWCHAIN), NLM_F_CREATE);
    m.text(NFTA_CHAIN_TABLE, now.name).text(NFTA_CHAIN_NAME, c.name);
    if (c.hook) {
      m.nest(NFTA_CHAIN_HOOK | kNested, [&](Message& h) {
        h.be32(NFTA_HOOK_HOOKNUM, hook_number(*c.hook)).be32(NFTA_HOOK_PRIORITY, static_cast<uint32_t>(c.priority));
      });
      m.be32(NFTA_CHAIN_POLICY, NF_ACCEPT).text(NFTA_CHAIN_TYPE, c.type);
    }
    batch.push_back(std::move(m));
  }
  for (auto& c : now.chains)
    for (auto& r : c.rules) {
      Message m = make(nft(NFT_MSG_NEWRULE), NLM_F_CREATE | NLM_F_APPEND);
      m.text(NFTA_RULE_TABLE, now.name).text(NFTA_RULE_CHAIN, c.name);
      m.nest(NFTA_RULE_EXPRESSIONS | kNested, [&](Message& list) {
        for (auto& [kind, data] : r.expressions())
          list.nest(NFTA_LIST_ELEM | kNested, [&](Message& e) {
            e.text(NFTA_EXPR_NAME, kind);
            e.attr(NFTA_EXPR_DATA | kNested, data.data(), data.size());
          });
      });
      batch.push_back(std::move(m));
    }
  if (before != nullptr) {
    auto gone = [](const auto& list, const std::string& name) { return std::find(list.begin(), list.end(), name) == list.end(); };
    std::vector<std::string> kept;
    for (auto& c : now.chains) kept.push_back(c.name);
    for (auto& c : before->chains)
      if (gone(kept, c.name)) about(NFT_MSG_DELCHAIN, 0, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, c.name);
    for (auto& set : before->sets)
      if (gone(now.sets, set)) about(NFT_MSG_DELSET, 0, NFTA_SET_TABLE, NFTA_SET_NAME, set);
  }
  batch.push_back(make(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  return netlink.batch(batch, "nftables table " + now.name);
}

Status replace_table(Netlink& netlink, const std::string& name, const std::vector<Chain>& chains) {
  return update_table(netlink, {name, chains, {}}, nullptr);
}

Status remove_table(Netlink& netlink, const std::string& name) {
  std::vector<Message> batch;
  batch.push_back(make(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  Message m = make(nft(NFT_MSG_DELTABLE), 0);
  m.text(NFTA_TABLE_NAME, name);
  batch.push_back(std::move(m));
  batch.push_back(make(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  auto done = netlink.batch(batch, "remove nftables table " + name);
  if (!done && netlink.last_errno() == ENOENT) return {};
  return done;
}

Result<std::vector<BaseChain>> base_chains(Netlink& netlink) {
  auto number = [](std::string_view value) {
    uint32_t n = 0;
    if (value.size() >= sizeof n) std::memcpy(&n, value.data(), sizeof n);
    return ntohl(n);
  };
  auto text = [](std::string_view value) { return std::string(value.substr(0, value.find('\0'))); };
  std::vector<BaseChain> out;
  TRY(netlink.dump(make(nft(NFT_MSG_GETCHAIN), NLM_F_DUMP, NFPROTO_UNSPEC), "list chains", [&](uint16_t, std::string_view payload) {
    if (payload.size() < sizeof(nfgenmsg)) return;
    BaseChain chain;
    chain.family = static_cast<uint8_t>(payload[0]);
    bool base = false;
    each_attr(payload.substr(NLMSG_ALIGN(sizeof(nfgenmsg))), [&](uint16_t type, std::string_view value) {
      if (type == NFTA_CHAIN_TABLE) chain.table = text(value);
      if (type == NFTA_CHAIN_NAME) chain.name = text(value);
      if (type == NFTA_CHAIN_POLICY) chain.drops = number(value) == NF_DROP;
      if (type != NFTA_CHAIN_HOOK) return;
      base = true;
      each_attr(value, [&](uint16_t inner, std::string_view v) {
        if (inner == NFTA_HOOK_HOOKNUM) chain.hook = number(v);
      });
    });
    if (base) out.push_back(std::move(chain));
  }));
  return out;
}

}  // namespace skerry::network
