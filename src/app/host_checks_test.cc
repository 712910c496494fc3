#include "app/host_checks.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <set>

#include "app/host_probes.h"
#include "network/nftables.h"
#include "os/files.h"

using namespace skerry;
using namespace skerry::app;

namespace {

struct Place {
  Place() {
    char name[] = "/tmp/skerry-host-XXXXXX";
    dir = mkdtemp(name);
    context.layout.data_dir = dir + "/data/deeper";
    context.layout.run_dir = dir + "/run";
    context.node_ip_given = true;
    context.node_name = "a-node";
    context.resolv_conf = dir + "/resolv.conf";
    context.undo_all = true;
  }
  ~Place() { CHECK(os::remove_tree(dir)); }
  std::string dir;
  HostContext context;
};

}  // namespace

TEST_CASE("host checks: every row says what it is for and how to get it, and stands under its heading") {
  std::set<std::string_view> names, headings;
  std::string_view heading;
  for (auto& c : host_checks()) {
    CAPTURE(std::string(c.name));
    CHECK(names.insert(c.name).second);
    CHECK_FALSE(c.without.empty());
    CHECK_FALSE(c.remedy.empty());
    REQUIRE(static_cast<bool>(c.probe));
    if (c.group != heading) CHECK(headings.insert(c.group).second);
    heading = c.group;
  }
}

TEST_CASE("host checks: probes find what is wrong, say where, and leave nothing behind") {
  Place p;
  using namespace probes;
  CHECK(name_servers(p.context).state == HostState::kMissing);
  REQUIRE(os::write_file_atomic(p.context.resolv_conf, "nameserver 192.0.2.53\n"));
  CHECK(name_servers(p.context).state == HostState::kOk);
  CHECK(host_name(p.context).state == HostState::kOk);
  p.context.node_name = "localhost";
  CHECK(host_name(p.context).state == HostState::kDegraded);
  p.context.node_name = "no_name";
  CHECK(host_name(p.context).state == HostState::kMissing);
  CHECK(nearest_folder(p.dir + "/data/deeper") == p.dir);
  CHECK(nearest_folder("/") == "/");
  CHECK(data_dir(p.context).state == HostState::kOk);
  p.context.layout.data_dir = "/proc/nothing";
  CHECK(data_dir(p.context).state == HostState::kMissing);
  CHECK(data_dir(p.context).detail.find("mkdir /proc/.skerry-check-") != std::string::npos);
  CHECK(clock_sane(p.context).state == HostState::kOk);
  p.context.service_proxy = "nftables";
  CHECK(service_ebpf(p.context).state == HostState::kOk);
  CHECK(os::list_directory(p.dir)->size() == 1);
}

TEST_CASE("host checks: a firewall that drops by itself is seen") {
  if (geteuid() != 0) {
    MESSAGE("skipped: not root");
    return;
  }
  Place p;
  Probe before, after;
  Probe made = probes::apart(CLONE_NEWNET, [&] {
    before = probes::firewall(p.context);
    auto netlink = network::Netlink::open(NETLINK_NETFILTER);
    if (!netlink) return probes::missing(netlink.error().message);
    network::Chain forward{"FORWARD", network::Hook::kForward, "filter", 0, {network::Rule().drop()}};
    Status written = network::replace_table(*netlink, "guard", {forward});
    auto chains = network::base_chains(*netlink);
    if (!written || !chains || chains->size() != 1) return probes::missing("");
    CHECK((*chains)[0].table == "guard");
    CHECK((*chains)[0].name == "FORWARD");
    CHECK((*chains)[0].hook == NF_INET_FORWARD);
    CHECK_FALSE((*chains)[0].drops);
    network::Message m(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN), NLM_F_ACK);
    nfgenmsg head{};
    head.nfgen_family = NFPROTO_IPV4;
    m.fixed(head).text(NFTA_CHAIN_TABLE, "guard").text(NFTA_CHAIN_NAME, "FORWARD").be32(NFTA_CHAIN_POLICY, NF_DROP);
    network::Message begin(NFNL_MSG_BATCH_BEGIN, 0), end(NFNL_MSG_BATCH_END, 0);
    nfgenmsg batch{};
    batch.res_id = htons(NFNL_SUBSYS_NFTABLES);
    begin.fixed(batch);
    end.fixed(batch);
    if (Status s = netlink->batch({begin, m, end}, "set the policy"); !s) return probes::missing(s.error().message);
    after = probes::firewall(p.context);
    return probes::ok();
  });
  CHECK_MESSAGE(made.state == HostState::kOk, made.detail);
  CHECK(before.state == HostState::kOk);
  CHECK(after.state == HostState::kDegraded);
  CHECK(after.detail == "guard FORWARD drops by itself");
}

TEST_CASE("host checks: a control plane alone asks for less; findings carry a remedy") {
  Place p;
  p.context.with_node = false;
  auto alone = check_host(p.context);
  CHECK_FALSE(alone.empty());
  for (auto& f : alone) {
    CAPTURE(std::string(f.check->name));
    CHECK_FALSE(f.check->node_only);
    CHECK_FALSE(f.stops());
  }
  p.context.layout.data_dir = "/proc/nothing";
  bool stops = false;
  for (auto& f : check_host(p.context)) {
    if (f.state == HostState::kOk) continue;
    CHECK_FALSE(f.remedy.empty());
    CHECK(summary(f).find(std::string(f.check->name) + (f.state == HostState::kMissing ? " missing (" : " degraded (")) == 0);
    stops = stops || (f.stops() && f.check->name == "data directory");
  }
  CHECK(stops);
}

TEST_CASE("host checks: what a node needs can be tried without touching the host") {
  if (geteuid() != 0) {
    MESSAGE("skipped: not root");
    return;
  }
  Place p;
  auto groups = [] { return os::list_directory("/sys/fs/cgroup").value_or(std::vector<std::string>()); };
  auto before = groups();
  auto findings = check_host(p.context);
  CHECK(findings.size() == host_checks().size());
  CHECK(groups() == before);
  CHECK(os::list_directory(p.dir)->empty());
  for (auto& f : findings)
    if (f.state != HostState::kOk) MESSAGE(summary(f));
}
