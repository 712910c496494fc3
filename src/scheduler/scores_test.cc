// Which of the nodes that would do is taken.
#include <doctest/doctest.h>

#include <set>

#include "scheduler/test_objects.h"

using namespace skerry;
using namespace skerry::scheduler;
using namespace skerry::scheduler::test;

namespace {
const char* kOwned = "{labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: rs-1, controller: true}]}";

std::set<std::string> choices(const World& w, const std::shared_ptr<const PodView>& pod) {
  std::set<std::string> out;
  for (uint64_t seed = 0; seed < 30; ++seed) out.insert(w.where(pod, seed));
  return out;
}
using Names = std::set<std::string>;
}  // namespace

TEST_CASE("scores: equal nodes are chosen between at random") {
  World w;
  w.node("a");
  w.node("b");
  w.node("c");
  CHECK(choices(w, make_pod("p")) == Names{"a", "b", "c"});
}

TEST_CASE("scores: the emptier node, also where pods ask for nothing") {
  World w;
  w.node("a");
  w.node("b");
  w.place(0, make_pod("x"));
  CHECK(choices(w, make_pod("p")) == Names{"b"});
  w.place(1, make_pod("y", "{containers: [{resources: {requests: {cpu: 2, memory: 4Gi}}}]}"));
  CHECK(choices(w, make_pod("p")) == Names{"a"});
}

TEST_CASE("scores: replicas of one controller spread, even onto a fuller node") {
  World w;
  w.node("a");
  w.node("b");
  w.place(0, make_pod("r1", "{}", kOwned));
  w.place(1, make_pod("other", "{containers: [{resources: {requests: {cpu: 1, memory: 2Gi}}}]}"));
  CHECK(choices(w, make_pod("r2", "{}", kOwned)) == Names{"b"});
}

TEST_CASE("scores: preferences") {
  World w;
  w.node("a", "{metadata: {labels: {zone: a, disk: ssd}}}");
  w.node("b", "{metadata: {labels: {zone: b}}, spec: {taints: [{key: k, effect: PreferNoSchedule}]}}");
  w.node("c", "{metadata: {labels: {zone: c}}, status: {images: [{names: [app:latest], sizeBytes: 100000000}]}}");
  CHECK(choices(w, make_pod("p", "{containers: [{image: other}]}")) == Names{"a", "c"});
  CHECK(choices(w, make_pod("p")) == Names{"c"});  // the image is there
  CHECK(choices(w, make_pod("p", "{containers: [{image: other}], affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 10, preference: "
                                 "{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}}]}}}")) == Names{"a"});
  CHECK(choices(w, make_pod("p", "{containers: [{image: other}], tolerations: [{operator: Exists}], affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, "
                                 "preference: {matchExpressions: [{key: zone, operator: In, values: [b]}]}}, {weight: 1, preference: {matchExpressions: [{key: zone, operator: In, values: [a]}]}}]}}}")) ==
        Names{"b"});
}

TEST_CASE("scores: preferred company") {
  World w;
  w.node("a", "{metadata: {labels: {zone: a}}}");
  w.node("b", "{metadata: {labels: {zone: b}}}");
  w.place(0, make_pod("web", "{}", "{labels: {app: web}}"));
  auto prefer = [](const char* kind) {
    return make_pod("p", std::string("{affinity: {") + kind + ": {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, podAffinityTerm: {topologyKey: zone, labelSelector: "
                                                                "{matchLabels: {app: web}}}}]}}}");
  };
  CHECK(choices(w, prefer("podAffinity")) == Names{"a"});
  CHECK(choices(w, prefer("podAntiAffinity")) == Names{"b"});
}

TEST_CASE("scores: ScheduleAnyway spreads without insisting") {
  World w;
  w.node("a", "{metadata: {labels: {zone: a}}}");
  w.node("b", "{metadata: {labels: {zone: b}}}");
  w.place(0, make_pod("1", "{}", "{labels: {app: web}}"));
  w.place(1, make_pod("big", "{containers: [{resources: {requests: {cpu: 1, memory: 2Gi}}}]}"));
  std::string spec = "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}]}";
  CHECK(choices(w, make_pod("p", spec, "{labels: {app: web}}")) == Names{"b"});
  w.info(1).node = make_node("b", "{metadata: {labels: {zone: b}}, spec: {unschedulable: true}}");
  CHECK(choices(w, make_pod("p", spec, "{labels: {app: web}}")) == Names{"a"});
}
