#include "kubectl/streaming/port_spec.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::kubectl;

TEST_CASE("ports: local, remote, names of containers and services") {
  Json pod = *json::parse_json(R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","ports":[
      {"name":"http","containerPort":8080},{"name":"dns","containerPort":53,"protocol":"UDP"}]}]}})");
  Json service = *json::parse_json(R"({"metadata":{"name":"svc"},"spec":{"clusterIP":"10.0.0.1","ports":[
      {"name":"web","port":80,"targetPort":"http"},{"port":81,"targetPort":9000},{"port":82}]}})");
  struct Case { const char* word; bool service; int local, remote; const char* error; };
  for (const Case& c : {
           Case{"80", false, 80, 80, ""}, {"8080:80", false, 8080, 80, ""}, {":80", false, 0, 80, ""}, {"http", false, 8080, 8080, ""},
           {"1:http", false, 1, 8080, ""}, {"80", true, 80, 8080, ""}, {"web", true, 80, 8080, ""}, {"81", true, 81, 9000, ""}, {"5:82", true, 5, 82, ""},
           {"0", false, 0, 0, "remote port must be > 0"}, {"no", false, 0, 0, "Pod 'web' does not have a named port 'no'"},
           {"no", true, 0, 0, "Service 'svc' does not have a named port 'no'"}, {"99", true, 0, 0, "Service svc does not have a service port 99"},
           {"dns", false, 0, 0, "UDP protocol is not supported for dns"}, {"53", false, 0, 0, "UDP protocol is not supported for 53"},
           {"x:80", false, 0, 0, "error parsing local port 'x': strconv.ParseUint: parsing \"x\": invalid syntax"},
           {"70000", false, 0, 0, "error parsing local port '70000': strconv.ParseUint: parsing \"70000\": value out of range"}}) {
    CAPTURE(c.word);
    auto pairs = resolve_ports({c.word}, pod, c.service ? service : Json());
    if (*c.error) {
      REQUIRE(!pairs);
      CHECK(pairs.error().message == c.error);
      continue;
    }
    REQUIRE(pairs);
    CHECK(pairs->at(0).local == c.local);
    CHECK(pairs->at(0).remote == c.remote);
  }
}

TEST_CASE("ports: addresses") {
  auto both = parse_addresses({"localhost", "10.0.0.1", "127.0.0.1"});
  REQUIRE(both);
  REQUIRE(both->size() == 3);
  CHECK(!both->at(0).any);  // named by itself too
  CHECK(both->at(1).address == "::1");
  CHECK(both->at(1).any);
  CHECK(parse_addresses({"x"}).error().message == "x is not a valid IP");
  CHECK(join_host_port("::1", 80) == "[::1]:80");
}
