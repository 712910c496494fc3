#include <linux/netlink.h>
#include <netinet/in.h>

#include <map>
#include <optional>

#include "network/nftables.h"
#include "proxy/dataplane.h"

namespace skerry::proxy {
namespace {

using network::Chain;
using network::Cidr;
using network::Hook;
using network::Rule;

constexpr uint32_t kMasqueradeMark = 0x4000;  // the bit kube-proxy uses

class Nftables final : public Dataplane {
 public:
  Nftables(NftablesOptions options, Cidr cluster, network::Netlink netlink)
      : options_(std::move(options)), cluster_(cluster), netlink_(std::move(netlink)) {}

  std::string_view name() const override { return "nftables"; }

  Status set(const std::string& service, const std::vector<Frontend>& frontends) override {
    std::vector<Frontend> mine;
    for (auto& f : frontends)
      if (options_.cluster_ips || f.kind != Frontend::Kind::kClusterIp) mine.push_back(f);
    auto it = services_.find(service);
    if (it == services_.end() ? mine.empty() : it->second == mine) return {};
    dirty_ = true;
    if (mine.empty()) services_.erase(it);
    else services_[service] = std::move(mine);
    return {};
  }

  Status commit() override {
    if (!dirty_) return {};
    network::Table wanted = plan();
    // A failed change leaves the kernel as it was; the next one then starts afresh.
    auto done = network::update_table(netlink_, wanted, written_ ? &*written_ : nullptr);
    if (done) written_ = std::move(wanted);
    else written_.reset();
    dirty_ = !done.has_value();
    return done;
  }

  void set_namespace(uint64_t, bool) override {}

 private:
  static std::string frontend_id(const Frontend& f) {
    std::string where = f.kind == Frontend::Kind::kNodePort ? "node" : network::format_ipv4(f.ip);
    return where + "-" + std::to_string(f.protocol) + "-" + std::to_string(f.port);
  }

  Rule match(const Frontend& f) const {
    Rule r;
    if (f.kind != Frontend::Kind::kNodePort) r.destination(Cidr{f.ip, 32});
    r.protocol(f.protocol).destination_port(f.port);
    if (f.kind == Frontend::Kind::kNodePort) r.destination_is_local();
    return r;
  }

  network::Table plan() const {
    network::Table table{options_.table, {}, {}};
    Chain services{"services", std::nullopt, "", 0, {}}, refused{"refused", std::nullopt, "", 0, {}};
    Chain out{"postrouting", Hook::kPostrouting, "nat", 99, {}};
    std::vector<Chain> per_frontend;
    for (auto& [name, frontends] : services_)
      for (auto& f : frontends) {
        if (f.backends.empty()) {
          // Node ports without backends: the kernel refuses by itself as nothing listens.
          if (f.kind != Frontend::Kind::kNodePort) refused.rules.push_back(match(f).reject(f.protocol));
          continue;
        }
        // Names stay the same from one change to the next, so that sets keep who is tied to which backend.
        const std::string id = frontend_id(f);
        Chain c{"s-" + id, std::nullopt, "", 0, {}};
        if (!f.keep_source) {
          if (f.kind == Frontend::Kind::kClusterIp) c.rules.push_back(Rule().source(cluster_, true).set_mark(kMasqueradeMark));
          else c.rules.push_back(Rule().set_mark(kMasqueradeMark));
        }
        auto set_of = [&](const Backend& b) { return "a-" + id + "-" + network::format_ipv4(b.ip) + "-" + std::to_string(b.port); };
        if (f.affinity_s > 0)
          for (auto& b : f.backends) {
            table.sets.push_back(set_of(b));
            c.rules.push_back(std::move(Rule().source_in(set_of(b)).remember_source(set_of(b), f.affinity_s).protocol(f.protocol).dnat(b.ip, b.port)));
          }
        for (size_t i = 0; i < f.backends.size(); ++i) {
          Rule r;
          if (i + 1 < f.backends.size()) r.one_in(static_cast<uint32_t>(f.backends.size() - i));
          if (f.affinity_s > 0) r.remember_source(set_of(f.backends[i]), f.affinity_s);
          // Naming the protocol is what lets the kernel accept a port in dnat.
          c.rules.push_back(std::move(r.protocol(f.protocol).dnat(f.backends[i].ip, f.backends[i].port)));
          Cidr self{f.backends[i].ip, 32};
          out.rules.push_back(Rule().source(self).destination(self).masquerade());
        }
        services.rules.push_back(std::move(match(f).jump(c.name)));
        per_frontend.push_back(std::move(c));
      }
    out.rules.push_back(Rule().mark_is(kMasqueradeMark).masquerade());
    if (options_.cluster_ips && !options_.untracked_bridge.empty())
      out.rules.push_back(Rule().out_interface(options_.untracked_bridge).source(cluster_).connection_status(0x20 /* dnat */).masquerade());
    std::vector<Chain>& chains = table.chains;
    chains = std::move(per_frontend);
    chains.push_back(std::move(services));
    chains.push_back(std::move(refused));
    for (auto [name, hook] : {std::pair{"prerouting", Hook::kPrerouting}, std::pair{"output", Hook::kOutput}})
      chains.push_back({name, hook, "nat", -100, {Rule().jump("services")}});
    chains.push_back({"refuse-input", Hook::kInput, "filter", 0, {Rule().jump("refused")}});
    chains.push_back({"refuse-forward", Hook::kForward, "filter", 0, {Rule().jump("refused")}});
    chains.push_back({"refuse-output", Hook::kOutput, "filter", 0, {Rule().jump("refused")}});
    chains.push_back(std::move(out));
    return table;
  }

  const NftablesOptions options_;
  const Cidr cluster_;
  network::Netlink netlink_;
  std::optional<network::Table> written_;
  bool dirty_ = true;  // an earlier run's table is replaced by the first commit
  std::map<std::string, std::vector<Frontend>> services_;
};

}  // namespace

Result<std::unique_ptr<Dataplane>> make_nftables_dataplane(const NftablesOptions& options) {
  Cidr cluster = TRY(network::parse_cidr(options.cluster_cidr));
  auto netlink = TRY(network::Netlink::open(NETLINK_NETFILTER));
  return std::unique_ptr<Dataplane>(new Nftables(options, cluster, std::move(netlink)));
}

}  // namespace skerry::proxy
