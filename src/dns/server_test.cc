#include "dns/server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"

using namespace skerry;
using namespace skerry::dns;

namespace {

// Asks once, by UDP; the answer's addresses and aliases.
std::optional<Response> ask(uint16_t port, const std::string& name, uint16_t type) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Query q;
  q.recursion_desired = true;
  q.question.type = type;
  const std::string packet = write_query(q, name);
  REQUIRE(::sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to) == static_cast<ssize_t>(packet.size()));
  pollfd p{fd, POLLIN, 0};
  char buffer[4096];
  REQUIRE(::poll(&p, 1, 60'000) == 1);
  const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
  ::close(fd);
  REQUIRE(n > 0);
  return parse_response({buffer, static_cast<size_t>(n)});
}

}  // namespace

TEST_CASE("server: the address of an external name is asked upstream and told under the name that was asked for") {
  SystemClock clock;
  SeededRandom random(1);
  Zone outer("example.org"), inner("cluster.local");
  const Json db = Json::parse(R"({"spec":{"clusterIP":"192.0.2.7","clusterIPs":["192.0.2.7"]}})");
  outer.set_service("shop/db", &db);
  const Json ext = Json::parse(R"({"spec":{"type":"ExternalName","externalName":"DB.shop.svc.example.org."}})");
  inner.set_service("shop/ext", &ext);
  auto upstream = Server::start({.listen = {"127.0.0.1:0"}, .upstreams = {}}, outer, clock, random);
  REQUIRE(upstream);
  auto server = Server::start({.listen = {"127.0.0.1:0"}, .upstreams = {"127.0.0.1:" + std::to_string((*upstream)->port())}}, inner, clock, random);
  REQUIRE(server);

  auto answer = ask((*server)->port(), "ext.shop.svc.cluster.local", kA);
  REQUIRE(answer);
  CHECK(answer->rcode == kNoError);
  REQUIRE(answer->answers.size() == 2);
  CHECK(answer->answers[0].name == "ext.shop.svc.cluster.local");
  CHECK(answer->answers[0].type == kCname);
  CHECK(answer->answers[1].name == "db.shop.svc.example.org");
  CHECK(answer->answers[1].data == std::string("\xc0\x00\x02\x07", 4));

  CHECK(ask((*server)->port(), "ext.shop.svc.cluster.local", kCname)->answers.size() == 1);
  CHECK(ask((*server)->port(), "ext.shop.svc.cluster.local", kAaaa)->answers.size() == 1);  // only the alias
  CHECK(ask((*server)->port(), "db.shop.svc.example.org", kA)->answers.size() == 1);

  // Without an upstream the alias is all there is to tell.
  auto alone = Server::start({.listen = {"127.0.0.1:0"}, .upstreams = {}}, inner, clock, random);
  REQUIRE(alone);
  auto refused = ask((*alone)->port(), "ext.shop.svc.cluster.local", kA);
  CHECK(refused->rcode == kRefused);
  CHECK(refused->answers.size() == 1);
}
