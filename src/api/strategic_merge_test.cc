#include "api/strategic_merge.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::api;

namespace {
std::string merged(std::string_view type, const char* document, const char* patch) {
  auto r = apply_strategic_merge(find_type(type), Json::parse(document), Json::parse(patch));
  return r ? json::dump(*r) : "error: " + r.error().message;
}
}  // namespace

TEST_CASE("strategic merge: objects merge, null deletes, plain lists are replaced") {
  CHECK(merged("core/v1.ConfigMap", R"({"data":{"a":"1","b":"2"}})", R"({"data":{"a":null,"c":"3"}})") == R"({"data":{"b":"2","c":"3"}})");
  CHECK(merged("core/v1.Container", R"({"args":["a","b"]})", R"({"args":["c"]})") == R"({"args":["c"]})");
  CHECK(merged("core/v1.ConfigMap", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"replace","c":"3"}})") == R"({"data":{"c":"3"}})");
  CHECK(merged("core/v1.PodSpec", R"({"securityContext":{"runAsUser":1},"hostname":"h"})", R"({"securityContext":{"$patch":"delete"}})") == R"({"hostname":"h"})");
}

TEST_CASE("strategic merge: lists with a merge key merge by element") {
  const char* spec = R"({"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]})";
  CHECK(merged("core/v1.PodSpec", spec, R"({"containers":[{"name":"b","image":"3"},{"name":"c","image":"4"}]})") ==
        R"({"containers":[{"image":"1","name":"a"},{"image":"3","name":"b"},{"image":"4","name":"c"}]})");
  CHECK(merged("core/v1.PodSpec", spec, R"({"containers":[{"$patch":"delete","name":"a"}]})") == R"({"containers":[{"image":"2","name":"b"}]})");
  CHECK(merged("core/v1.PodSpec", spec, R"({"containers":[{"$patch":"replace"},{"name":"z"}]})") == R"({"containers":[{"name":"z"}]})");
  CHECK(merged("core/v1.PodSpec", spec, R"({"$setElementOrder/containers":[{"name":"c"},{"name":"b"},{"name":"a"}],"containers":[{"name":"c"}]})") ==
        R"({"containers":[{"name":"c"},{"image":"2","name":"b"},{"image":"1","name":"a"}]})");
  CHECK(merged("core/v1.PodSpec", spec, R"({"containers":[{"image":"3"}]})").starts_with("error: map: "));
  CHECK(merged("core/v1.PodSpec", "{}", R"({"containers":[{"name":"a","env":[{"name":"x","value":null}]}]})") == R"({"containers":[{"env":[{"name":"x"}],"name":"a"}]})");
}

TEST_CASE("strategic merge: long lists take time in proportion") {
  // As many as fit into a request; element by element through the list this would take an hour.
  constexpr int kMany = 50'000;
  Json have = Json::array(), want = Json::array(), order = Json::array();
  for (int i = 0; i < kMany; ++i) {
    have.push_back({{"name", "a" + std::to_string(i)}});
    want.push_back({{"name", "a" + std::to_string(kMany / 2 + i)}, {"image", "x"}});
    order.push_back({{"name", "a" + std::to_string(kMany - 1 - i)}});
  }
  want.push_back({{"name", "a7"}, {"$patch", "delete"}});
  const Json document = {{"spec", {{"containers", have}}}}, patch = {{"spec", {{"containers", want}, {"$setElementOrder/containers", order}}}};
  auto merged = apply_strategic_merge(find_type("core/v1.Pod"), document, patch);
  REQUIRE(merged);
  const Json& list = (*merged)["spec"]["containers"];
  CHECK(list.size() == kMany * 3 / 2 - 1);
  CHECK(list[0] == Json{{"name", "a" + std::to_string(kMany - 1)}, {"image", "x"}});
  // A number is the same however it is written.
  auto ports = apply_strategic_merge(find_type("core/v1.ServiceSpec"), {{"ports", {{{"port", 80}}}}}, {{"ports", {{{"port", 80.0}, {"name", "x"}}}}});
  REQUIRE(ports);
  CHECK((*ports)["ports"].size() == 1);
}

TEST_CASE("strategic merge: primitive lists, retained keys") {
  CHECK(merged("meta/v1.ObjectMeta", R"({"finalizers":["a","b"]})", R"({"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]})") == R"({"finalizers":["b","c"]})");
  CHECK(merged("apps/v1.DeploymentSpec", R"({"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}})",
               R"({"strategy":{"$retainKeys":["type"],"type":"Recreate"}})") == R"({"strategy":{"type":"Recreate"}})");
  CHECK(merged("core/v1.PodSpec", R"({"volumes":[{"name":"v","emptyDir":{}}]})", R"({"volumes":[{"$retainKeys":["name","secret"],"name":"v","secret":{"secretName":"s"}}]})") ==
        R"({"volumes":[{"name":"v","secret":{"secretName":"s"}}]})");
  CHECK(apply_strategic_merge(nullptr, Json::object(), Json::object()).error().reason == Reason::kUnsupportedMediaType);
}
