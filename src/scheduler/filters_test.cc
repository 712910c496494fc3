// Where a pod may not go, and in which words that is said.
#include <doctest/doctest.h>

#include "scheduler/test_objects.h"

using namespace skerry;
using namespace skerry::scheduler;
using namespace skerry::scheduler::test;

TEST_CASE("filters: one node, one pod") {
  struct { const char *what, *node, *pod, *want; } rows[] = {
      {"fits", "{}", "{}", "n"},
      {"cordoned", "{spec: {unschedulable: true}}", "{}", "-: 0/1 nodes are available: 1 node(s) were unschedulable."},
      {"cordoned, tolerated", "{spec: {unschedulable: true}}", "{tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]}", "n"},
      {"tainted", "{spec: {taints: [{key: k, value: v, effect: NoSchedule}]}}", "{}", "-: 0/1 nodes are available: 1 node(s) had untolerated taint {k: v}."},
      {"tainted NoExecute", "{spec: {taints: [{key: k, effect: NoExecute}]}}", "{tolerations: [{key: k, effect: NoSchedule, operator: Exists}]}",
       "-: 0/1 nodes are available: 1 node(s) had untolerated taint {k: }."},
      {"taint tolerated", "{spec: {taints: [{key: k, value: v, effect: NoSchedule}]}}", "{tolerations: [{key: k, value: v}]}", "n"},
      {"soft taint", "{spec: {taints: [{key: k, effect: PreferNoSchedule}]}}", "{}", "n"},
      {"selector", "{metadata: {labels: {disk: ssd}}}", "{nodeSelector: {disk: ssd}}", "n"},
      {"selector misses", "{metadata: {labels: {disk: hdd}}}", "{nodeSelector: {disk: ssd}}",
       "-: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."},
      {"affinity by field", "{}",
       "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [\"n\"]}]}]}}}}", "n"},
      {"affinity Gt", "{metadata: {labels: {cores: \"8\"}}}",
       "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: cores, operator: Gt, values: [\"8\"]}]}]}}}}",
       "-: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."},
      {"affinity, second term", "{metadata: {labels: {a: b}}}",
       "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: x, operator: Exists}]}, "
       "{matchExpressions: [{key: a, operator: NotIn, values: [c]}]}]}}}}", "n"},
      {"exactly as much cpu", "{}", "{containers: [{resources: {requests: {cpu: \"4\"}}}]}", "n"},
      {"too much of both", "{}", "{containers: [{resources: {requests: {cpu: 4001m, memory: 9Gi}}}]}",
       "-: 0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory."},
      {"unknown resource", "{}", "{containers: [{resources: {requests: {example.com/gpu: 1}}}]}", "-: 0/1 nodes are available: 1 Insufficient example.com/gpu."},
      {"init container counts", "{}", "{initContainers: [{resources: {requests: {cpu: 5}}}]}", "-: 0/1 nodes are available: 1 Insufficient cpu."},
      {"init and main are not added", "{}", "{initContainers: [{resources: {requests: {cpu: 3}}}], containers: [{resources: {requests: {cpu: 3}}}]}", "n"},
      {"a sidecar and main are", "{}",
       "{initContainers: [{restartPolicy: Always, resources: {requests: {cpu: 3}}}], containers: [{resources: {requests: {cpu: 3}}}]}",
       "-: 0/1 nodes are available: 1 Insufficient cpu."},
      {"overhead counts", "{}", "{overhead: {cpu: 1}, containers: [{resources: {requests: {cpu: 3500m}}}]}", "-: 0/1 nodes are available: 1 Insufficient cpu."},
      {"no room for pods", "{status: {allocatable: {pods: \"0\"}}}", "{}", "-: 0/1 nodes are available: 1 Too many pods."},
  };
  for (auto& r : rows) {
    CAPTURE(r.what);
    World w;
    w.node("n", r.node);
    CHECK(w.where(make_pod("p", r.pod)) == r.want);
  }
  CHECK(World().decide(make_pod("p")).message == "no nodes available to schedule pods");
}

TEST_CASE("filters: what is on the node counts, and what leaves it does not") {
  World w;
  w.node("n");
  w.place(0, make_pod("a", "{containers: [{resources: {requests: {cpu: 3}}}]}"));
  auto two = make_pod("b", "{containers: [{resources: {requests: {cpu: 2}}}]}");
  CHECK(w.where(two) == "-: 0/1 nodes are available: 1 Insufficient cpu.");
  w.place(0, make_pod("a", "{containers: [{resources: {requests: {cpu: 1}}}]}"));  // the same key again replaces
  CHECK(w.where(two) == "n");
  w.place(0, two);
  w.info(0).remove("default/a");
  w.info(0).remove("default/never");
  CHECK(w.info(0).requested.at("cpu") == 2000);
}

TEST_CASE("filters: host ports clash by address, protocol and number") {
  struct { const char *have, *want; bool clash; } rows[] = {
      {"{hostPort: 80}", "{hostPort: 80}", true},
      {"{hostPort: 80}", "{hostPort: 81}", false},
      {"{hostPort: 80, protocol: UDP}", "{hostPort: 80}", false},
      {"{hostPort: 80, hostIP: 10.0.0.1}", "{hostPort: 80, hostIP: 10.0.0.2}", false},
      {"{hostPort: 80, hostIP: 10.0.0.1}", "{hostPort: 80}", true},
      {"{hostPort: 80, hostIP: 0.0.0.0}", "{hostPort: 80, hostIP: 10.0.0.2}", true},
      {"{containerPort: 80}", "{containerPort: 80}", false},
  };
  for (auto& r : rows) {
    CAPTURE(r.have);
    CAPTURE(r.want);
    World w;
    w.node("n");
    w.place(0, make_pod("a", std::string("{containers: [{ports: [") + r.have + "]}]}"));
    CHECK(w.where(make_pod("b", std::string("{containers: [{ports: [") + r.want + "]}]}")) ==
          (r.clash ? "-: 0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports." : "n"));
  }
}

TEST_CASE("filters: the message counts reasons over nodes") {
  World w;
  w.node("a", "{spec: {unschedulable: true}}");
  w.node("b", "{status: {allocatable: {cpu: \"1\"}}}");
  w.node("c", "{status: {allocatable: {cpu: \"1\"}}}");
  CHECK(w.where(make_pod("p", "{containers: [{resources: {requests: {cpu: 2}}}]}")) ==
        "-: 0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.");
}

TEST_CASE("filters: pod affinity and anti-affinity") {
  auto affinity = [](const char* kind, const char* label, const char* key = "zone", const char* more = "") {
    return std::string("{affinity: {") + kind + ": {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: " + key + ", labelSelector: {matchLabels: {app: " + label +
           "}}" + more + "}]}}}";
  };
  World w;
  w.node("a1", "{metadata: {labels: {zone: a}}}");
  w.node("a2", "{metadata: {labels: {zone: a}}}");
  w.node("b1", "{metadata: {labels: {zone: b}}}");
  w.node("bare");
  w.place(0, make_pod("web", "{}", "{labels: {app: web}}"));

  for (uint64_t seed = 0; seed < 10; ++seed) {
    std::string with = w.where(make_pod("p", affinity("podAffinity", "web")), seed);
    CHECK((with == "a1" || with == "a2"));
    std::string without = w.where(make_pod("p", affinity("podAntiAffinity", "web")), seed);
    CHECK((without == "b1" || without == "bare"));
  }
  CHECK(w.where(make_pod("p", affinity("podAffinity", "db"))) == "-: 0/4 nodes are available: 4 node(s) didn't match pod affinity rules.");
  // The first of a group that wants its own kind may go anywhere that has the topology.
  CHECK(w.where(make_pod("p", affinity("podAffinity", "db"), "{labels: {app: db}}")).starts_with("-") == false);
  CHECK(w.where(make_pod("p", affinity("podAffinity", "db", "rack"), "{labels: {app: db}}")).starts_with("-"));
  // Other namespaces do not count unless named.
  CHECK(w.where(make_pod("p", affinity("podAffinity", "web"), "{namespace: other}")).starts_with("-"));
  CHECK(!w.where(make_pod("p", affinity("podAffinity", "web", "zone", ", namespaces: [default]"), "{namespace: other}")).starts_with("-"));
  CHECK(!w.where(make_pod("p", affinity("podAffinity", "web", "zone", ", namespaceSelector: {}"), "{namespace: other}")).starts_with("-"));

  // One that is there already may refuse newcomers.
  w.place(2, make_pod("lonely", affinity("podAntiAffinity", "web"), "{labels: {app: lonely}}"));
  w.place(3, make_pod("lonely2", affinity("podAntiAffinity", "web", "kubernetes.io/hostname"), "{labels: {app: lonely}}"));
  for (uint64_t seed = 0; seed < 10; ++seed) CHECK(w.where(make_pod("p", "{}", "{labels: {app: web}}"), seed).starts_with("a"));
}

TEST_CASE("filters: topology spread constraints") {
  auto spread = [](const char* more = "") {
    return std::string("{topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}") + more + "}]}";
  };
  auto web = [](const std::string& name, const char* more = "") { return make_pod(name, "{}", std::string("{labels: {app: web") + more + "}}"); };
  World w;
  w.node("a1", "{metadata: {labels: {zone: a}}}");
  w.node("a2", "{metadata: {labels: {zone: a}}}");
  w.node("b1", "{metadata: {labels: {zone: b, old: \"1\"}}}");
  w.node("bare");
  w.place(0, web("1"));
  for (uint64_t seed = 0; seed < 10; ++seed) CHECK(w.where(make_pod("p", spread(), "{labels: {app: web}}"), seed) == "b1");
  // A pod that does not match itself does not add to the skew.
  CHECK(!w.where(make_pod("p", spread(), "{labels: {app: other}}")).starts_with("-"));
  // Where node selection leaves out zone b, only zone a is compared.
  std::string only_a = spread();
  only_a.insert(1, "nodeSelector: {zone: a}, ");
  CHECK(w.where(make_pod("p", only_a, "{labels: {app: web}}")).starts_with("a"));
  // nodeAffinityPolicy: Ignore counts zone b as empty all the same.
  std::string ignoring = spread(", nodeAffinityPolicy: Ignore");
  ignoring.insert(1, "nodeSelector: {zone: a}, ");
  CHECK(w.where(make_pod("p", ignoring, "{labels: {app: web}}")) ==
        "-: 0/4 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match pod topology spread constraints.");
  // minDomains: with fewer zones than that, the minimum counts as none.
  w.place(2, web("2"));
  CHECK(!w.where(make_pod("p", spread(), "{labels: {app: web}}")).starts_with("-"));
  CHECK(w.where(make_pod("p", spread(", minDomains: 3"), "{labels: {app: web}}")) ==
        "-: 0/4 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label), 3 node(s) didn't match pod topology spread constraints.");
  // matchLabelKeys: only pods of the same revision count.
  w.place(0, web("3", ", rev: \"1\""));
  for (uint64_t seed = 0; seed < 10; ++seed) {
    CHECK(w.where(make_pod("p", spread(), "{labels: {app: web}}"), seed) == "b1");
  }
  bool zone_a = false;
  for (uint64_t seed = 0; seed < 20; ++seed)
    zone_a = zone_a || w.where(make_pod("p", spread(", matchLabelKeys: [rev]"), "{labels: {app: web, rev: \"2\"}}"), seed).starts_with("a");
  CHECK(zone_a);
}

TEST_CASE("filters: a tainted zone counts in the spread unless taints are honoured") {
  World w;
  w.node("a", "{metadata: {labels: {zone: a}}}");
  w.node("b", "{metadata: {labels: {zone: b}}, spec: {taints: [{key: k, effect: NoSchedule}]}}");
  w.place(0, make_pod("1", "{}", "{labels: {app: web}}"));
  auto pod = [](const char* policy) {
    return make_pod("p", std::string("{topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: ") + policy +
                             ", labelSelector: {matchLabels: {app: web}}}]}", "{labels: {app: web}}");
  };
  CHECK(w.where(pod("Ignore")).starts_with("-"));
  CHECK(w.where(pod("Honor")) == "a");
}
