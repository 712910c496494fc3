#include "controllers/replica_plan.h"

#include <doctest/doctest.h>

#include "controllers/claim.h"
#include "controllers/pod_control.h"

using namespace skerry;
using namespace skerry::controllers;

namespace {

PodFacts running(const char* name) {
  PodFacts p;
  p.name = p.uid = name;
  p.node = std::string("node-of-") + name;
  p.phase = PodFacts::Phase::kRunning;
  p.ready = true;
  p.ready_since = p.created = 100;
  return p;
}

std::string first_to_go(std::vector<PodFacts> pods) { return choose_deletions(std::move(pods), 1).at(0).name; }

}  // namespace

TEST_CASE("replicas: the most dispensable pod is deleted first") {
  auto change = [](const char* name, auto f) {
    PodFacts p = running(name);
    f(p);
    return p;
  };
  const PodFacts good = running("good");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.node = ""; })}) == "x");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.phase = PodFacts::Phase::kPending; })}) == "x");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.ready = false; })}) == "x");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.deletion_cost = -1; })}) == "x");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.deletion_cost = 1; })}) == "good");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.ready_since = 200; })}) == "x");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.restarts = 3; })}) == "x");
  CHECK(first_to_go({good, change("x", [](auto& p) { p.created = 200; })}) == "x");
  // Cost counts for more than crowding, crowding for more than age.
  auto on = [&](const char* name, const char* node) { return change(name, [&](auto& p) { p.node = node; }); };
  CHECK(first_to_go({on("a", "n1"), on("b", "n2"), on("c", "n2")}) != "a");
}

TEST_CASE("replicas: counts and when the next pod becomes available") {
  PodFacts young = running("young");
  young.ready_since = 95;
  PodFacts old = running("old");
  old.available = true;
  old.labeled = true;
  auto n = count_replicas({young, old}, 10, 100);
  CHECK(n.replicas == 2);
  CHECK(n.ready == 2);
  CHECK(n.available == 1);
  CHECK(n.fully_labeled == 1);
  CHECK(n.next_available_s == 5);
}

TEST_CASE("replicas: creations stop after the batch in which one failed") {
  int calls = 0;
  auto result = slow_start(100, [&]() -> Status {
    if (++calls == 3) return internal_error("quota");
    return {};
  });
  CHECK(calls == 3);  // 1 + 2
  CHECK(result.succeeded == 2);
  CHECK_FALSE(result.status);
  calls = 0;
  CHECK(slow_start(10, [&]() -> Status { ++calls; return {}; }).succeeded == 10);
  CHECK(calls == 10);
}

TEST_CASE("claim: keeps, adopts, releases and leaves alone") {
  auto selector = *api::LabelSelector::parse("app=web");
  api::Meta owner, pod;
  owner.uid = "me";
  pod.labels = {{"app", "web"}};
  CHECK(decide_claim(owner, selector, pod) == Claim::kAdopt);
  pod.owners = {{"apps/v1", "ReplicaSet", "r", "me", true, true}};
  CHECK(decide_claim(owner, selector, pod) == Claim::kKeep);
  pod.labels = {{"app", "debug"}};
  CHECK(decide_claim(owner, selector, pod) == Claim::kRelease);
  pod.owners[0].uid = "other";
  CHECK(decide_claim(owner, selector, pod) == Claim::kIgnore);
  pod.owners.clear();
  CHECK(decide_claim(owner, selector, pod) == Claim::kIgnore);
  pod.labels = {{"app", "web"}};
  pod.deleting = true;
  CHECK(decide_claim(owner, selector, pod) == Claim::kIgnore);
  pod.deleting = false;
  owner.deleting = true;
  CHECK(decide_claim(owner, selector, pod) == Claim::kIgnore);
}
