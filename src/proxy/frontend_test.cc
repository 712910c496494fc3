#include "proxy/frontend.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::proxy;

namespace {
const Json kSlice = Json::parse(R"({"addressType":"IPv4","ports":[{"name":"http","port":8080,"protocol":"TCP"}],
  "endpoints":[{"addresses":["10.42.0.5"],"nodeName":"a","conditions":{"ready":true,"serving":true}},
               {"addresses":["10.42.1.5"],"nodeName":"b","conditions":{"ready":true,"serving":true}},
               {"addresses":["10.42.0.6"],"nodeName":"a","conditions":{"ready":false,"serving":true,"terminating":true}}]})");
Json service(const char* extra) {
  Json s = Json::parse(R"({"spec":{"clusterIP":"10.43.0.9","type":"ClusterIP","ports":[{"name":"http","port":80,"protocol":"TCP"}]}})");
  s["spec"].merge_patch(Json::parse(extra));
  return s;
}
}  // namespace

TEST_CASE("frontends: ready endpoints of every node answer for a cluster IP") {
  auto f = plan_frontends(service("{}"), {kSlice}, "a");
  REQUIRE(f.size() == 1);
  CHECK(f[0].port == 80);
  CHECK(f[0].backends == std::vector<Backend>{{0x0a2a0005, 8080}, {0x0a2a0105, 8080}});
}

TEST_CASE("frontends: headless and external names have none") {
  CHECK(plan_frontends(service(R"({"clusterIP":"None"})"), {kSlice}, "a").empty());
  CHECK(plan_frontends(service(R"({"type":"ExternalName"})"), {kSlice}, "a").empty());
}

TEST_CASE("frontends: node ports, external addresses, local policies, affinity") {
  auto f = plan_frontends(service(R"({"type":"NodePort","externalTrafficPolicy":"Local","externalIPs":["192.0.2.1"],
    "sessionAffinity":"ClientIP","ports":[{"name":"http","port":80,"nodePort":30080,"protocol":"TCP"}]})"), {kSlice}, "b");
  REQUIRE(f.size() == 3);
  CHECK(f[0].affinity_s == 10800);
  CHECK(f[0].backends.size() == 2);
  CHECK(f[1].kind == Frontend::Kind::kExternalIp);
  CHECK(f[2].kind == Frontend::Kind::kNodePort);
  CHECK(f[2].backends == std::vector<Backend>{{0x0a2a0105, 8080}});
  CHECK(f[2].keep_source);
}

TEST_CASE("frontends: terminating endpoints serve on while no other is ready") {
  Json slice = kSlice;
  slice["endpoints"][0]["conditions"]["ready"] = slice["endpoints"][0]["conditions"]["serving"] = false;
  slice["endpoints"].erase(1);
  auto f = plan_frontends(service("{}"), {slice}, "a");
  CHECK(f[0].backends == std::vector<Backend>{{0x0a2a0006, 8080}});
}
