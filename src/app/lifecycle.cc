#include "app/lifecycle.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "app/memory.h"
#include "base/log.h"
#include "base/strings.h"
#include "network/links.h"
#include "os/files.h"

namespace skerry::app {
namespace {
sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  return set;
}
}  // namespace

void block_signals() {
  sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_stop() {
  sigset_t set = stop_signals();
  // Soon after the start, then every minute: a burst's memory goes back when the burst is over.
  timespec pause{5, 0};
  for (;;) {
    int got = sigtimedwait(&set, nullptr, &pause);
    if (got < 0 && errno == EAGAIN) {
      give_back_memory();
      pause.tv_sec = 60;
      continue;
    }
    if (got > 0 && got != SIGHUP) {
      LOG_INFO("app", "stopping on " << (got == SIGTERM ? "SIGTERM" : "SIGINT") << "; pods run on");
      return;
    }
  }
}

void notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  size_t size = std::min(std::strlen(path), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path, size);
  if (path[0] == '@') address.sun_path[0] = '\0';
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
  ::close(fd);
}

void serve_until_stopped(const Layout& layout, const std::function<bool()>& ready) {
  sigset_t set = stop_signals();
  const timespec pause{0, 10'000'000};
  bool stop = false;
  while (!stop && !ready()) {
    int got = sigtimedwait(&set, nullptr, &pause);
    stop = got > 0 && got != SIGHUP;
  }
  if (!stop) {
    // For `skerry ready`: whose readiness it is.
    if (auto told = os::write_file_atomic(layout.ready_file(), std::to_string(getpid()) + "\n", 0600, os::Durability::kProcess); !told)
      LOG_WARN("app", told.error().message);
    notify_service_manager("READY=1");
    wait_for_stop();
  }
  ::unlink(layout.ready_file().c_str());
  notify_service_manager("STOPPING=1");
}

std::string node_name(const Options& options) {
  std::string name = options.text("node-name");
  if (name.empty()) {
    char host[256] = {};
    gethostname(host, sizeof host - 1);
    name = host;
  }
  return to_lower(name);
}

namespace {
// Of the first interface that has one and is up; not loopback, not ours. For a network without a gateway.
std::string first_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return "";
  std::string found;
  for (ifaddrs* i = list; i != nullptr && found.empty(); i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_LOOPBACK) || !(i->ifa_flags & IFF_UP)) continue;
    const std::string_view name = i->ifa_name;
    if (starts_with(name, "sk") && ends_with(name, "br")) continue;
    found = network::format_ipv4(ntohl(reinterpret_cast<sockaddr_in*>(i->ifa_addr)->sin_addr.s_addr));
  }
  freeifaddrs(list);
  return found;
}
}  // namespace

Result<std::string> node_ip(const Options& options, const Layout& layout) {
  std::string ip = options.text("node-ip");
  if (!ip.empty()) {
    TRY(network::parse_ipv4(ip));
    return ip;
  }
  const std::string record = layout.agent_dir() + "/node-ip";
  std::string before;
  if (auto text = os::read_file(record, 64)) before = trim(*text);
  auto links = TRY(network::Links::open());
  auto route = links.route_to(TRY(network::parse_ipv4("192.0.2.1")));  // any outside address will do
  if (route && route->source != 0) {
    ip = network::format_ipv4(route->source);
  } else if (network::parse_ipv4(before)) {
    // Booted without its network: pods run all the same.
    LOG_WARN("app", "this machine has no default route; going on with the address it had, " << before);
    return before;
  } else {
    ip = first_address();
    if (ip.empty()) return Error(Reason::kServiceUnavailable, "this machine has no address; say one with --node-ip");
    LOG_INFO("app", "this machine has no default route; taking its address " << ip << " (--node-ip says another)");
  }
  if (ip != before)
    if (auto kept = os::write_file_atomic(record, ip + "\n", 0600); !kept) LOG_WARN("app", kept.error().message);
  return ip;
}

std::string resolv_conf(const Options& options) {
  std::string path = options.text("resolv-conf");
  if (!path.empty()) return path;
  std::ifstream in("/etc/resolv.conf");
  std::stringstream text;
  text << in.rdbuf();
  constexpr const char* kResolved = "/run/systemd/resolve/resolv.conf";
  if (text.str().find("nameserver 127.0.0.53") != std::string::npos && ::access(kResolved, R_OK) == 0) return kResolved;
  return "/etc/resolv.conf";
}

void raise_limits() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace skerry::app
