#include "controllers/node_plan.h"

#include <doctest/doctest.h>

#include "controllers/node_ipam.h"
#include "base/clock.h"

using namespace skerry;
using namespace skerry::controllers;

namespace {

Json node(const char* ready, Json taints = Json::array()) {
  return {{"spec", {{"taints", std::move(taints)}}},
          {"status", {{"conditions", Json::array({{{"type", "Ready"}, {"status", ready}}})}}}};
}

std::string keys(const Json& taints) {
  std::string all;
  for (auto& t : taints) all += json::str(t, "key").substr(json::str(t, "key").find('/') + 1) + ":" + json::str(t, "effect") + " ";
  return all;
}

const std::string kNow = "2026-01-01T00:00:00Z";

}  // namespace

TEST_CASE("node: taints follow conditions, those of others stay, times stay") {
  CHECK(keys(wanted_taints(node("True"), true, kNow)) == "");
  CHECK(keys(wanted_taints(node("False"), true, kNow)) == "not-ready:NoSchedule not-ready:NoExecute ");
  Json silent = wanted_taints(node("Unknown"), true, kNow);
  CHECK(keys(silent) == "unreachable:NoSchedule unreachable:NoExecute ");
  CHECK(wanted_taints(node("Unknown", silent), true, "later") == silent);
  CHECK(keys(wanted_taints(node("Unknown", silent), false, "later")) == "unreachable:NoSchedule ");
  Json mine = Json::array({{{"key", "a/mine"}, {"effect", "NoExecute"}}});
  CHECK(keys(wanted_taints(node("True", mine), true, kNow)) == "mine:NoExecute ");
  Json cordoned = node("True");
  cordoned["spec"]["unschedulable"] = true;
  CHECK(keys(wanted_taints(cordoned, true, kNow)) == "unschedulable:NoSchedule ");
}

TEST_CASE("node: a silent node's conditions become Unknown, once") {
  Json n = node("True");
  CHECK(set_silent(n, kNow));
  CHECK(node_ready(n) == "Unknown");
  CHECK(n["status"]["conditions"][0]["reason"] == "NodeStatusUnknown");
  CHECK(n["status"]["conditions"].size() == 4);
  CHECK_FALSE(set_silent(n, kNow));
}

TEST_CASE("node: when a NoExecute taint evicts a pod") {
  Json taints = Json::array({{{"key", "k"}, {"effect", "NoExecute"}, {"timeAdded", "1970-01-01T00:01:40Z"}}});
  auto due = [&](Json tolerations) {
    return eviction_in_s(taints, {{"spec", {{"tolerations", std::move(tolerations)}}}}, 110);
  };
  CHECK(due(Json::array()) == 0);
  CHECK(due(Json::array({{{"key", "k"}, {"operator", "Exists"}}})) == std::nullopt);
  CHECK(due(Json::array({{{"key", "k"}, {"operator", "Exists"}, {"tolerationSeconds", 30}}})) == 20);
  CHECK(due(Json::array({{{"key", "k"}, {"operator", "Exists"}, {"tolerationSeconds", 5}}})) == 0);
  CHECK(due(Json::array({{{"key", "other"}, {"operator", "Exists"}}})) == 0);
}

TEST_CASE("node: ranges of pod addresses") {
  auto parts = CidrParts::parse("10.42.0.0/16", 24);
  REQUIRE(parts);
  CHECK(parts->size() == 256);
  CHECK(parts->part(7) == "10.42.7.0/24");
  CHECK(parts->index_of("10.42.7.0/24") == 7u);
  CHECK_FALSE(parts->index_of("10.43.7.0/24"));
  CHECK_FALSE(parts->index_of("10.42.7.0/25"));
  CHECK_FALSE(parts->index_of("10.42.7.1/24"));
  CHECK_FALSE(CidrParts::parse("10.42.0.0/16", 8));
  CHECK_FALSE(CidrParts::parse("fd00::/48", 64));
}
