#include "controllers/endpoint_plan.h"

#include <doctest/doctest.h>

#include <set>

#include "base/random.h"

using namespace skerry;
using namespace skerry::controllers;

namespace {

Json pod(const std::string& name, const std::string& ip, bool ready, bool terminating = false) {
  Json p = {{"metadata", {{"name", name}, {"namespace", "ns"}, {"uid", "u-" + name}}},
            {"spec",
             {{"nodeName", "n1"},
              {"containers", Json::array({{{"name", "c"}, {"ports", Json::array({{{"name", "web"}, {"containerPort", 8080}}})}}})}}},
            {"status",
             {{"phase", "Running"},
              {"podIP", ip},
              {"conditions", Json::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}})}}}};
  if (terminating) p["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  return p;
}

Json service(Json ports) {
  return {{"metadata", {{"name", "s"}, {"namespace", "ns"}}}, {"spec", {{"ports", std::move(ports)}, {"selector", {{"a", "b"}}}}}};
}

const Json kWeb = Json::array({{{"name", "http"}, {"port", 80}, {"targetPort", "web"}, {"protocol", "TCP"}}});
std::string no_zone(const std::string&) { return ""; }

ServiceEndpoint endpoint(int i, const Json& ports) {
  std::string ip = "10.0.0." + std::to_string(i), uid = "u" + std::to_string(i);
  return {{{"addresses", Json::array({ip})}, {"targetRef", {{"uid", uid}}}}, ports, ip, uid};
}

}  // namespace

TEST_CASE("endpoints: ready, serving and terminating; named ports; pods that give none") {
  Json s = service(kWeb);
  auto found = service_endpoints(
      s, {pod("a", "10.0.0.1", true), pod("b", "10.0.0.2", false), pod("c", "10.0.0.3", true, true), pod("d", "", true)},
      "IPv4", no_zone);
  REQUIRE(found.size() == 3);
  CHECK(found[0].endpoint["conditions"] == Json{{"ready", true}, {"serving", true}, {"terminating", false}});
  CHECK(found[1].endpoint["conditions"] == Json{{"ready", false}, {"serving", false}, {"terminating", false}});
  CHECK(found[2].endpoint["conditions"] == Json{{"ready", false}, {"serving", true}, {"terminating", true}});
  CHECK(found[0].ports[0]["port"] == 8080);
  CHECK(found[0].ports[0]["name"] == "http");
  CHECK(service_endpoints(s, {pod("a", "10.0.0.1", true)}, "IPv6", no_zone).empty());
  s["spec"]["publishNotReadyAddresses"] = true;
  CHECK(service_endpoints(s, {pod("b", "10.0.0.2", false)}, "IPv4", no_zone)[0].endpoint["conditions"]["ready"] == true);
}

TEST_CASE("endpoints: subsets put equal ports together and separate what is not ready") {
  Json other = pod("b", "10.0.0.2", true);
  other["spec"]["containers"][0]["ports"][0]["containerPort"] = 9090;
  Json subsets = endpoint_subsets(service(kWeb), {pod("c", "10.0.0.3", false), pod("a", "10.0.0.1", true), other,
                                                  pod("t", "10.0.0.4", true, true)});
  REQUIRE(subsets.size() == 2);
  CHECK(subsets[0]["addresses"][0]["ip"] == "10.0.0.1");
  CHECK(subsets[0]["notReadyAddresses"][0]["ip"] == "10.0.0.3");
  CHECK(subsets[0]["ports"][0]["port"] == 8080);
  CHECK(subsets[1]["ports"][0]["port"] == 9090);
}

TEST_CASE("endpoint slices: few slices change, none is too full, and together they hold exactly what is wanted") {
  const Json base = {{"metadata", {{"labels", {{"l", "1"}}}}}, {"addressType", "IPv4"}};
  const Json ports_a = Json::array({{{"name", ""}, {"port", 80}, {"protocol", "TCP"}}});
  const Json ports_b = Json::array({{{"name", ""}, {"port", 81}, {"protocol", "TCP"}}});
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::vector<Json> slices;
    int number = 0;
    for (int round = 0; round < 20; ++round) {
      std::vector<ServiceEndpoint> wanted;
      for (int i = 0; i < 12; ++i)
        if (random.below(2)) wanted.push_back(endpoint(i, i % 3 == 0 && round % 4 ? ports_b : ports_a));
      auto plan = plan_slices(wanted, slices, base, 4);
      auto name_of = [](const Json& s) { return json::str(s, {"metadata", "name"}); };
      for (auto& removed : plan.remove)
        std::erase_if(slices, [&](const Json& s) { return name_of(s) == removed; });
      for (auto& updated : plan.update)
        for (auto& s : slices)
          if (name_of(s) == name_of(updated)) s = updated;
      for (auto& created : plan.create) {
        created["metadata"]["name"] = "s" + std::to_string(number++);
        slices.push_back(created);
      }
      std::multiset<std::string> have, want;
      for (auto& s : slices) {
        CHECK(s["endpoints"].size() <= 4);
        CHECK((s["endpoints"].empty() ? wanted.empty() : true));
        for (auto& e : s["endpoints"]) have.insert(e["addresses"][0].get<std::string>() + s["ports"].dump());
      }
      for (auto& e : wanted) want.insert(e.ip + e.ports.dump());
      CHECK(have == want);
      if (wanted.empty()) CHECK(slices.size() == 1);
      // Once carried out there is nothing more to do.
      auto again = plan_slices(wanted, slices, base, 4);
      CHECK(again.create.empty());
      CHECK(again.update.empty());
      CHECK(again.remove.empty());
    }
  }
}
