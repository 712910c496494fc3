#include "api/decode.h"

#include <doctest/doctest.h>

#include "api/catalog.h"

using namespace skerry;
using namespace skerry::api;

namespace {

struct Decoded {
  Json object;
  std::vector<std::string> warnings;
  std::string error;
};

Decoded run(const Gvr& gvr, const char* text, FieldValidation validation = FieldValidation::kWarn) {
  Catalog catalog;
  Decoded d;
  d.object = Json::parse(text);
  Status s = decode(*catalog.find(gvr), d.object, validation, d.warnings);
  if (!s) d.error = s.error().message;
  return d;
}

}  // namespace

TEST_CASE("decode: wrong types are refused in the words of Go's decoder") {
  CHECK(run(kDeployments, R"({"spec":{"replicas":"3"}})").error ==
        "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct "
        "field DeploymentSpec.spec.replicas of type int32");
  CHECK(run(kDeployments, R"({"spec":{"replicas":1.5}})").error ==
        "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal number 1.5 into Go struct "
        "field DeploymentSpec.spec.replicas of type int32");
  CHECK(run(kPods, R"({"spec":{"containers":[{"image":1}]}})").error.ends_with(
      "json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string"));
  CHECK(run(kPods, R"({"spec":{"containers":{}}})").error.ends_with("of type []v1.Container"));
  CHECK(run(kPods, R"({"metadata":{"labels":{"a":1}}})").error.ends_with(
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"));
  CHECK(run(kPods, R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}})").error.find("quantities must match") != std::string::npos);
  CHECK(!run(kSecrets, R"({"data":{"a":"%%"}})").error.empty());
  CHECK(!run(kPods, R"([])").error.empty());
  CHECK(!run(kPods, R"({"kind":"Service"})").error.empty());
  CHECK(!run(kPods, R"({"apiVersion":"v2"})").error.empty());
  CHECK(!run(kPods, R"({"metadata":{"creationTimestamp":"yesterday"}})").error.empty());
}

TEST_CASE("decode: unknown fields are dropped with a warning, or refused when strict") {
  auto d = run(kPods, R"({"spec":{"foo":1,"containers":[{"name":"a","bar":{}}]}})");
  CHECK(d.error.empty());
  CHECK(d.warnings == std::vector<std::string>{"unknown field \"spec.containers[0].bar\"", "unknown field \"spec.foo\""});
  CHECK(!d.object["spec"].contains("foo"));
  CHECK(run(kPods, R"({"spec":{"foo":1}})", FieldValidation::kStrict).error ==
        "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.foo\"");
  CHECK(run(kPods, R"({"spec":{"foo":1}})", FieldValidation::kIgnore).warnings.empty());
  CHECK(run(kConfigMaps, R"({"metadata":{},"Data":{}})").warnings.size() == 1);
}

TEST_CASE("decode: the result has the form of Kubernetes' encoder") {
  auto d = run(kDeployments, R"({"metadata":{"name":"a","labels":{},"annotations":null},"spec":{"replicas":3.0,"paused":false,
    "template":{"spec":{"hostNetwork":false,"containers":[{"name":"c","resources":{"requests":{"cpu":0.5,"memory":"1024Mi"}}}]}}}})");
  CHECK(d.error.empty());
  CHECK(json::dump(d.object) ==
        R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":3,"strategy":{},)"
        R"("template":{"metadata":{},"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"500m","memory":"1Gi"}}}]}}},"status":{}})");
  auto pod = run(kPods, R"({"metadata":{"creationTimestamp":"2020-01-01T02:00:00.5+02:00"},"spec":{"containers":[{"env":[{"name":"a","value":""}]}]}})");
  CHECK(pod.object["metadata"]["creationTimestamp"] == "2020-01-01T00:00:00Z");
  CHECK(json::dump(pod.object["spec"]["containers"]) == R"([{"env":[{"name":"a"}],"name":"","resources":{}}])");
  CHECK(json::dump(run(kServices, "{}").object["status"]) == R"({"loadBalancer":{}})");
}
