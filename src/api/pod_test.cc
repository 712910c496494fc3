#include "api/pod.h"

#include <doctest/doctest.h>

#include "api/node_affinity.h"
#include "api/toleration.h"

using namespace skerry;
using namespace skerry::api;

TEST_CASE("pod: requests count sidecars with what runs, init steps one at a time") {
  Json pod = Json::parse(R"({"spec":{"overhead":{"cpu":"10m"},
    "initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"100m"}}},{"resources":{"requests":{"cpu":"1","memory":"1Gi"}}}],
    "containers":[{"resources":{"requests":{"cpu":"200m"},"limits":{"memory":"64Mi"}}},{}]}})");
  auto requests = pod_requests(pod);
  CHECK(requests["cpu"].to_string() == "1110m");
  CHECK(requests["memory"].to_string() == "1Gi");
  CHECK(pod_qos_class(pod) == "Burstable");
  CHECK(pod_qos_class(Json::parse(R"({"spec":{"containers":[{}]}})")) == "BestEffort");
  CHECK(pod_qos_class(Json::parse(R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m"}}}]}})")) == "Guaranteed");
  CHECK(pod_qos_class(Json::parse(R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"1"}}}]}})")) == "Burstable");
}

TEST_CASE("pod: readiness, availability, life") {
  Json pod = Json::parse(R"({"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"1970-01-01T00:01:40Z"}]}})");
  CHECK(is_pod_ready(pod));
  CHECK(is_pod_available(pod, 10, 110));
  CHECK(!is_pod_available(pod, 10, 109));
  CHECK(is_pod_active(pod));
  pod["metadata"]["deletionTimestamp"] = "1970-01-01T00:01:40Z";
  CHECK(!is_pod_active(pod));
  CHECK(!is_pod_terminal(pod));
}

TEST_CASE("toleration: what tolerates what") {
  Json taint = {{"key", "a"}, {"value", "b"}, {"effect", "NoSchedule"}};
  CHECK(tolerates({{"operator", "Exists"}}, taint));
  CHECK(tolerates({{"key", "a"}, {"value", "b"}}, taint));
  CHECK(tolerates({{"key", "a"}, {"operator", "Exists"}, {"effect", "NoSchedule"}}, taint));
  CHECK(!tolerates({{"key", "a"}, {"operator", "Exists"}, {"effect", "NoExecute"}}, taint));
  CHECK(!tolerates({{"key", "a"}, {"value", "c"}}, taint));
  CHECK(untolerated_taint(Json::array({taint}), Json(), {"NoSchedule"}) != nullptr);
  CHECK(untolerated_taint(Json::array({taint}), Json(), {"NoExecute"}) == nullptr);
}

TEST_CASE("node affinity: terms are ored, requirements anded") {
  Json node = Json::parse(R"({"metadata":{"name":"n1","labels":{"zone":"a","cpus":"8"}}})");
  auto term = [](const char* text) { return Json::parse(text); };
  CHECK(matches_node_term(term(R"({"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]},{"key":"cpus","operator":"Gt","values":["4"]}]})"), node));
  CHECK(!matches_node_term(term(R"({"matchExpressions":[{"key":"zone","operator":"NotIn","values":["a"]}]})"), node));
  CHECK(matches_node_term(term(R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]})"), node));
  CHECK(!matches_node_term(Json::object(), node));
  Json pod = Json::parse(R"({"spec":{"nodeSelector":{"zone":"a"}}})");
  CHECK(pod_matches_node(pod, node));
  pod["spec"]["nodeSelector"]["zone"] = "b";
  CHECK(!pod_matches_node(pod, node));
}
