// Reading commands against a server with canned answers: what Skerry itself does not offer (metrics, refusals).
#include <doctest/doctest.h>

#include <map>

#include "json/json.h"
#include "kubectl/test_support.h"

namespace skerry::kubectl {
namespace {

const std::string kCore = R"({"kind":"APIVersions","versions":["v1"]})";
const std::string kCoreList =
    R"({"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"],"shortNames":["po"]}]})";
const std::string kMetricsGroup =
    R"({"kind":"APIGroupList","groups":[{"name":"metrics.k8s.io","versions":[{"groupVersion":"metrics.k8s.io/v1beta1","version":"v1beta1"}],)"
    R"("preferredVersion":{"groupVersion":"metrics.k8s.io/v1beta1","version":"v1beta1"}}]})";

TEST_CASE("kubectl top: figures of the Metrics API") {
  Canned server({{"/api", kCore},
                 {"/apis", kMetricsGroup},
                 {"/apis/metrics.k8s.io/v1beta1/nodes",
                  R"({"kind":"NodeMetricsList","items":[{"metadata":{"name":"n1"},"usage":{"cpu":"250123456n","memory":"1234567Ki"}}]})"},
                 {"/api/v1/nodes", R"({"kind":"NodeList","items":[{"metadata":{"name":"n1"},"status":{"allocatable":{"cpu":"4","memory":"8Gi"}}}]})"},
                 {"/apis/metrics.k8s.io/v1beta1/namespaces/empty/pods", R"({"kind":"PodMetricsList","items":[]})"},
                 {"/api/v1/namespaces/empty/pods", R"({"kind":"PodList","items":[]})"},
                 {"/apis/metrics.k8s.io/v1beta1/namespaces/old/pods", R"({"kind":"PodMetricsList","items":[]})"},
                 {"/api/v1/namespaces/old/pods",
                  R"({"kind":"PodList","items":[{"metadata":{"name":"p","namespace":"old","creationTimestamp":"2020-01-01T00:00:00Z"}}]})"}});
  auto r = server.run({"top", "node"});
  CHECK(r.out == "NAME   CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   \nn1     251m         6%       1205Mi          14%         \n");
  CHECK(r.code == 0);
  r = server.run({"top", "pod", "-n", "empty"});
  CHECK(r.err == "No resources found in empty namespace.\n");
  CHECK(r.code == 0);
  r = server.run({"top", "pod", "-n", "old"});
  CHECK(r.err.find("error: Metrics not available for pod old/p, age: ") == 0);
  CHECK(r.code == 1);
  r = server.run({"top", "node", "--sort-by=x"});
  CHECK(r.err == "error: --sort-by accepts only cpu or memory\n");
}

TEST_CASE("kubectl top: a server without the Metrics API") {
  Canned server({{"/api", kCore}, {"/apis", R"({"kind":"APIGroupList","groups":[]})"}});
  auto r = server.run({"top", "node"});
  CHECK(r.err == "error: Metrics API not available\n");
  CHECK(r.code == 1);
}

TEST_CASE("kubectl api-resources: a table, narrowed by verbs") {
  Canned server({{"/api", kCore}, {"/apis", R"({"kind":"APIGroupList","groups":[]})"}, {"/api/v1", kCoreList}});
  auto r = server.run({"api-resources"});
  CHECK(r.out == "NAME   SHORTNAMES   APIVERSION   NAMESPACED   KIND\npods   po           v1           true         Pod\n");
  CHECK(r.code == 0);
  CHECK(server.run({"api-resources", "--verbs=create", "--no-headers"}).out.empty());
}

TEST_CASE("kubectl auth can-i: no is exit code 1") {
  std::map<std::string, std::string> answers;
  answers["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"] =
      R"({"kind":"SelfSubjectAccessReview","status":{"allowed":false,"reason":"because","evaluationError":"also this"}})";
  Canned server(answers);
  auto r = server.run({"auth", "can-i", "get", "/metrics"});
  CHECK(r.out == "no - because - also this\n");
  CHECK(r.code == 1);
  CHECK(server.run({"auth", "can-i", "get", "/metrics", "-q"}).out.empty());
}

}  // namespace
}  // namespace skerry::kubectl
