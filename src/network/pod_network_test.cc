#include "network/pod_network.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "network/address_pool.h"
#include "network/links.h"

using namespace skerry;
using namespace skerry::network;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/skerry-net-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

// Runs `body` on a thread in a network namespace of its own, with a second one mounted at `pod`.
template <class F>
bool in_namespaces(const std::string& pod, F&& body) {
  bool ok = true;
  std::thread([&] {
    std::ofstream(pod).put(' ');
    if (unshare(CLONE_NEWNS) != 0 || unshare(CLONE_NEWNET) != 0) {
      ok = false;
      return;
    }
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    mount("/proc/thread-self/ns/net", pod.c_str(), nullptr, MS_BIND, nullptr);
    unshare(CLONE_NEWNET);  // the "node"
    body();
    umount2(pod.c_str(), MNT_DETACH);
  }).join();
  return ok;
}

}  // namespace

TEST_CASE("address pool: the same pod keeps its address, also after a restart, and freed ones are not used at once") {
  Folder dir;
  auto range = *parse_cidr("10.42.3.0/29");
  uint32_t a;
  {
    auto pool = *AddressPool::open(dir.path + "/a", range);
    a = *pool.take("one");
    CHECK(format_ipv4(a) == "10.42.3.2");
    CHECK(*pool.take("one") == a);
    CHECK(*pool.take("two") != a);
    CHECK(pool.release("two"));
    CHECK(format_ipv4(*pool.take("three")) == "10.42.3.4");
  }
  auto pool = *AddressPool::open(dir.path + "/a", range);
  CHECK(*pool.take("one") == a);
  for (int i = 0; i < 3; ++i) CHECK(pool.take("n" + std::to_string(i)).has_value());
  CHECK(pool.take("too many").error().is(Reason::kTooManyRequests));
}

TEST_CASE("pod network: a pod gets an address and a route, and everything goes away again") {
  if (geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  Folder dir;
  bool ran = in_namespaces(dir.path + "/netns", [&] {
    PodNetworkConfig c;
    c.instance = "t";
    c.state_dir = dir.path;
    c.pod_cidr = "10.42.7.0/24";
    c.cluster_cidr = "10.42.0.0/16";
    auto made = PodNetwork::create(c);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    auto& net = **made;
    auto ips = net.attach("pod-1", dir.path + "/netns");
    REQUIRE_MESSAGE(ips.has_value(), (ips ? "" : ips.error().message));
    CHECK(ips->at(0) == "10.42.7.2");
    CHECK(net.attach("pod-1", dir.path + "/netns")->at(0) == "10.42.7.2");
    CHECK(net.set_host_ports("pod-1", "10.42.7.2", {{"TCP", 8080, 80, ""}}).has_value());
    auto inside = *Links::open(dir.path + "/netns");
    CHECK(inside.find("eth0").has_value());
    auto route = inside.route_to(0x08080808);
    REQUIRE(route.has_value());
    CHECK(format_ipv4(route->source) == "10.42.7.2");
    auto remote = net.set_remote_nodes({{"b", "192.0.2.9", "10.42.9.0/24", "02:00:00:00:00:09"}});
    CHECK_MESSAGE(remote.has_value(), (remote ? "" : remote.error().message));
    CHECK(net.set_remote_nodes({}).has_value());
    CHECK(net.detach("pod-1").has_value());
    CHECK_FALSE(inside.find("eth0").has_value());
    auto removed = remove_all("t");
    CHECK_MESSAGE(removed.has_value(), (removed ? "" : removed.error().message));
    auto host = *Links::open();
    for (auto& l : host.all()) CHECK_FALSE(l.name.starts_with("skt"));
  });
  if (!ran) MESSAGE("skipped: cannot make namespaces here");
}
