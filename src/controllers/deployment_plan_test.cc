#include "controllers/deployment_plan.h"

#include <doctest/doctest.h>

#include "base/clock.h"
#include "controllers/deployment_status.h"

using namespace skerry;
using namespace skerry::controllers;

namespace {

ReplicaSetFacts rs(const char* name, int64_t replicas, int64_t available, int64_t created = 0) {
  ReplicaSetFacts f;
  f.name = f.uid = name;
  f.replicas = f.actual = replicas;
  f.ready = f.available = available;
  f.created = created;
  return f;
}

DeploymentFacts rolling(int64_t replicas, int64_t surge, int64_t unavailable) {
  DeploymentFacts d;
  d.replicas = replicas;
  d.surge = surge;
  d.unavailable = unavailable;
  return d;
}

Json deployment(int replicas, Json strategy) {
  return {{"spec", {{"replicas", replicas}, {"strategy", std::move(strategy)}}}};
}

}  // namespace

TEST_CASE("deployment: percentages of surge round up, of unavailable down, and not both may be zero") {
  auto facts = [](int replicas, const Json& surge, const Json& unavailable) {
    return deployment_facts(deployment(
        replicas, {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", surge}, {"maxUnavailable", unavailable}}}}));
  };
  CHECK(facts(10, "25%", "25%").surge == 3);
  CHECK(facts(10, "25%", "25%").unavailable == 2);
  CHECK(facts(1, "25%", "25%").surge == 1);
  CHECK(facts(1, "25%", "25%").unavailable == 0);
  CHECK(facts(3, 0, "10%").unavailable == 1);
  CHECK(facts(2, 0, 5).unavailable == 2);
  CHECK_FALSE(deployment_facts(deployment(3, {{"type", "Recreate"}})).rolling);
}

TEST_CASE("deployment: the new ReplicaSet grows as far as the surge allows") {
  struct Row { int64_t replicas, surge, old, now, expected; };
  for (auto& r : {Row{10, 0, 10, 0, 0}, Row{10, 2, 10, 0, 2}, Row{10, 2, 8, 2, 4}, Row{10, 2, 0, 4, 10},
                  Row{10, 5, 5, 5, 10}, Row{3, 1, 0, 5, 3}, Row{0, 1, 0, 0, 0}}) {
    CAPTURE(r.old);
    CHECK(new_replica_set_size(rolling(r.replicas, r.surge, 0), {rs("old", r.old, r.old), rs("new", r.now, 0)}, r.now) ==
          r.expected);
  }
}

TEST_CASE("deployment: old ReplicaSets shrink only as availability allows, the unhealthy first") {
  struct Row { int64_t replicas, unavailable, old, old_available, now, now_available, expected; };
  for (auto& r : {Row{10, 0, 10, 10, 0, 0, 10},   // nothing may go
                  Row{10, 2, 10, 10, 0, 0, 8},    // two may
                  Row{10, 2, 10, 8, 0, 0, 8},     // those that are broken go, no more
                  Row{10, 2, 8, 8, 4, 0, 8},      // new ones are not available yet
                  Row{10, 2, 8, 8, 4, 4, 4},      // now they are
                  Row{10, 0, 10, 10, 1, 1, 9},
                  Row{3, 1, 3, 0, 1, 0, 2},       // a broken old version makes room
                  Row{3, 0, 3, 3, 1, 0, 3}}) {    // a broken new version stalls
    auto sizes = shrink_old(rolling(r.replicas, 1, r.unavailable), {rs("old", r.old, r.old_available)},
                            rs("new", r.now, r.now_available));
    CAPTURE(r.old_available);
    CAPTURE(r.now_available);
    CHECK(sizes[0] == r.expected);
  }
  // The oldest shrinks first.
  CHECK(shrink_old(rolling(4, 1, 2), {rs("b", 2, 2, 20), rs("a", 2, 2, 10)}, rs("new", 0, 0)) == Sizes{2, 0});
}

TEST_CASE("deployment: a new size is shared in proportion and adds up") {
  auto with_max = [](ReplicaSetFacts f, int64_t max) {
    f.max = max;
    return f;
  };
  // 10 -> 20 in the middle of a rollout, no surge.
  CHECK(scale_in_proportion(rolling(20, 0, 0), {with_max(rs("new", 5, 0, 2), 10), with_max(rs("old", 5, 0, 1), 10)}) ==
        Sizes{10, 10});
  // What does not divide goes to the largest; of equals to the newest.
  auto odd = scale_in_proportion(rolling(5, 0, 0), {with_max(rs("new", 1, 0, 2), 2), with_max(rs("old", 1, 0, 1), 2)});
  CHECK(odd[0] + odd[1] == 5);
  CHECK(odd[0] >= odd[1]);
  CHECK(scale_in_proportion(rolling(0, 1, 0), {with_max(rs("a", 3, 0), 5), with_max(rs("b", 1, 0), 5)}) == Sizes{0, 0});
  auto down = scale_in_proportion(rolling(5, 0, 0), {with_max(rs("a", 8, 0, 2), 10), with_max(rs("b", 2, 0, 1), 10)});
  CHECK(down == Sizes{4, 1});
}

TEST_CASE("deployment: history beyond the limit goes, oldest revision first, but nothing that still runs") {
  std::vector<ReplicaSetFacts> old = {rs("r3", 0, 0), rs("r1", 0, 0), rs("r2", 0, 0)};
  for (auto& f : old) {
    f.observed = true;
    f.revision = f.name[1] - '0';
  }
  CHECK(beyond_history(old, 1) == std::vector<size_t>{1, 2});
  old[1].replicas = 1;
  CHECK(beyond_history(old, 1) == std::vector<size_t>{2});
  CHECK(beyond_history(old, 10).empty());
}

TEST_CASE("deployment: the template hash depends on the template and the collision count only") {
  Json a = {{"metadata", {{"labels", {{"app", "x"}}}}}, {"spec", {{"containers", Json::array()}}}};
  Json b = a;
  b["metadata"]["labels"]["pod-template-hash"] = "abc";
  b["metadata"]["creationTimestamp"] = nullptr;
  CHECK(same_template(a, b));
  CHECK(template_hash(a, 0) == template_hash(b, 0));
  CHECK(template_hash(a, 0) != template_hash(a, 1));
  b["spec"]["x"] = 1;
  CHECK_FALSE(same_template(a, b));
  CHECK(template_hash(a, 0) != template_hash(b, 0));
}

TEST_CASE("deployment: Progressing goes from created over progress to available or to the deadline") {
  Json d = {{"metadata", {{"name", "web"}, {"generation", 1}}},
            {"spec", {{"replicas", 2}, {"progressDeadlineSeconds", 10}}},
            {"status", Json::object()}};
  DeploymentFacts facts = deployment_facts(d);
  std::vector<ReplicaSetFacts> all = {rs("web-1", 2, 0)};
  std::vector<Json> failures;
  auto status_at = [&](int64_t t) {
    d["status"] = rollout_status({d, facts, all, &all[0], failures}, format_rfc3339(WallTime(seconds(t))), t);
    for (auto& c : d["status"]["conditions"])
      if (c["type"] == "Progressing") return c["status"].get<std::string>() + " " + c["reason"].get<std::string>();
    return std::string("none");
  };
  CHECK(status_at(1000) == "True ReplicaSetUpdated");
  CHECK(seconds_to_deadline(d, d["status"], 1000) == 11);
  CHECK(status_at(1005) == "True ReplicaSetUpdated");
  CHECK(status_at(1011) == "False ProgressDeadlineExceeded");
  CHECK_FALSE(seconds_to_deadline(d, d["status"], 1011));
  all[0].available = all[0].ready = 1;
  CHECK(status_at(1012) == "True ReplicaSetUpdated");
  all[0].available = all[0].ready = 2;
  CHECK(status_at(1013) == "True NewReplicaSetAvailable");
  CHECK(status_at(5000) == "True NewReplicaSetAvailable");
  // A pod that fails later is no lack of progress.
  all[0].available = 1;
  CHECK(status_at(9000) == "True NewReplicaSetAvailable");
}
