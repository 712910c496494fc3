#include "agent/prober.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "agent/test_runtime.h"

using namespace skerry;
using namespace skerry::agent;

namespace {

// A listener on a port of its own.
struct Listener {
  explicit Listener(bool accepts) {
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&a), size) == 0);
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) == 0);
    port = ntohs(a.sin_port);
    if (accepts) REQUIRE(::listen(fd, 4) == 0);
  }
  ~Listener() { ::close(fd); }
  int fd = -1;
  uint16_t port = 0;
};

ProbeResult http_get(uint16_t port, std::chrono::milliseconds timeout) {
  UnusedRuntime runtime;
  const Json container = Json::object();
  const Json handler = {{"httpGet", {{"path", "/up"}, {"port", port}}}};
  return probe_once(runtime, handler, {.container_id = "c", .pod_ip = "127.0.0.1", .container = container}, timeout);
}

std::string url(uint16_t port) { return "Get \"http://127.0.0.1:" + std::to_string(port) + "/up\": "; }

}  // namespace

TEST_CASE("probe: http failures are told in kubelet's words") {
  {
    Listener closed(false);  // bound, so that nobody else has the port, and not listening
    auto r = http_get(closed.port, std::chrono::seconds(20));
    CHECK(r.kind == ProbeResult::Kind::kFailure);
    CHECK(r.output == url(closed.port) + "dial tcp 127.0.0.1:" + std::to_string(closed.port) + ": connect: connection refused");
  }
  {
    Listener silent(true);  // the kernel accepts, nobody answers
    CHECK(http_get(silent.port, std::chrono::milliseconds(50)).output ==
          url(silent.port) + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
  }
  {
    Listener rude(true);
    std::jthread closes([&] {
      const int c = ::accept(rude.fd, nullptr, nullptr);
      char buffer[4096];
      (void)!::read(c, buffer, sizeof buffer);
      ::close(c);
    });
    CHECK(http_get(rude.port, std::chrono::seconds(20)).output == url(rude.port) + "EOF");
  }
}
