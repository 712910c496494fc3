#include "proxy/dataplane.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "network/links.h"
#include "network/nftables.h"
#include "network/pod_network.h"
#include "os/cgroup.h"

using namespace skerry;
using namespace skerry::proxy;

namespace {

constexpr uint32_t kVip = 0x0a2b0909;  // 10.43.9.9

sockaddr_in address(uint32_t ip, uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(ip);
  a.sin_port = htons(port);
  return a;
}

struct Listener {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  uint16_t port = 0;
  Listener() {
    auto a = address(0x7f000001, 0);
    socklen_t size = sizeof a;
    bind(fd, reinterpret_cast<sockaddr*>(&a), size);
    listen(fd, 64);
    getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
    port = ntohs(a.sin_port);
  }
  // How many connections were waiting.
  int drain() {
    int n = 0;
    for (;; ++n) {
      int c = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (c < 0) return n;
      close(c);
    }
  }
  ~Listener() { close(fd); }
};

// 0, or errno of connect().
int try_connect(uint32_t ip, uint16_t port, sockaddr_in* peer = nullptr) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval t{2, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
  auto a = address(ip, port);
  int err = connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0 ? 0 : errno;
  if (peer != nullptr) {
    socklen_t size = sizeof *peer;
    getpeername(fd, reinterpret_cast<sockaddr*>(peer), &size);
  }
  close(fd);
  return err;
}

template <class F>
void in_namespace(F&& body) {
  std::thread([&] {
    REQUIRE(unshare(CLONE_NEWNS) == 0);
    REQUIRE(unshare(CLONE_NEWNET) == 0);
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    auto links = *network::Links::open();
    auto lo = links.find("lo");
    REQUIRE(links.set_up(lo->index).has_value());
    REQUIRE(links.replace_route({0x0a2b0000, 16}, 0, lo->index, false).has_value());
    body();
  }).join();
}

Frontend frontend(uint16_t backend_port) {
  Frontend f;
  f.ip = kVip;
  f.port = 80;
  if (backend_port != 0) f.backends = {{0x7f000001, backend_port}};
  return f;
}

}  // namespace

TEST_CASE("ebpf: a cluster IP leads to its backend, refuses without one, and only in known namespaces") {
  if (geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  std::string root;
  if (auto cgroups = os::Cgroups::detect("skerry-test"))
    for (auto& h : cgroups->hierarchies())
      if (h.name.empty()) root = h.mount_point;
  char dir[] = "/tmp/skerry-bpf-XXXXXX";
  std::string pins = std::string(mkdtemp(dir)) + "/bpf";
  in_namespace([&] {
    auto made = make_ebpf_dataplane({root, pins});
    if (!made) {
      MESSAGE("skipped: " << made.error().message);
      return;
    }
    auto& plane = **made;
    Listener listener;
    REQUIRE(plane.set("a/b", {frontend(listener.port)}).has_value());
    CHECK(try_connect(kVip, 80) != 0);
    plane.set_namespace(network::netns_cookie(""), true);
    sockaddr_in peer{};
    CHECK(try_connect(kVip, 80, &peer) == 0);
    CHECK(ntohl(peer.sin_addr.s_addr) == kVip);
    CHECK(plane.commit().has_value());
    // A successor takes the maps and links over; services work in between.
    made->reset();
    CHECK(try_connect(kVip, 80) == 0);
    auto again = make_ebpf_dataplane({root, pins});
    REQUIRE(again.has_value());
    CHECK((*again)->set("a/b", {frontend(0)}).has_value());
    CHECK(try_connect(kVip, 80) == ECONNREFUSED);
    CHECK((*again)->set("a/b", {}).has_value());
    CHECK((*again)->commit().has_value());
    again->reset();
    CHECK(remove_ebpf(pins).has_value());
  });
  std::filesystem::remove_all(dir);
}

TEST_CASE("nftables: a cluster IP leads to its backend and refuses without one") {
  if (geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  in_namespace([&] {
    auto made = make_nftables_dataplane({"skerryt-services", "10.42.0.0/16", true});
    REQUIRE(made.has_value());
    auto& plane = **made;
    Listener one, two;
    auto f = frontend(one.port);
    f.backends.push_back({0x7f000001, two.port});
    REQUIRE(plane.set("a/b", {f}).has_value());
    auto done = plane.commit();
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
    for (int i = 0; i < 8; ++i) CHECK(try_connect(kVip, 80) == 0);
    // With affinity the same one answers, also after something else has changed.
    f.affinity_s = 100;
    REQUIRE(plane.set("a/b", {f}).has_value());
    done = plane.commit();
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
    for (auto* l : {&one, &two}) l->drain();
    for (int i = 0; i < 12; ++i) {
      CHECK(try_connect(kVip, 80) == 0);
      auto other = frontend(one.port);
      other.port = static_cast<uint16_t>(1000 + i);
      REQUIRE(plane.set("x/y", {other}).has_value());
      done = plane.commit();
      REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
    }
    CHECK(one.drain() * two.drain() == 0);
    REQUIRE(plane.set("a/b", {frontend(0)}).has_value());
    REQUIRE(plane.commit().has_value());
    CHECK(try_connect(kVip, 80) == ECONNREFUSED);
    auto netlink = *network::Netlink::open(NETLINK_NETFILTER);
    CHECK(network::remove_table(netlink, "skerryt-services").has_value());
  });
}
