#include "api/openapi.h"

#include <doctest/doctest.h>

#include <set>

using namespace skerry;
using namespace skerry::api;

namespace {

void collect_refs(const Json& value, std::set<std::string>& refs) {
  if (value.is_object())
    for (const auto& [key, v] : value.items()) {
      if (key == "$ref" && v.is_string()) refs.insert(v.get<std::string>());
      collect_refs(v, refs);
    }
  else if (value.is_array())
    for (const auto& v : value) collect_refs(v, refs);
}

}  // namespace

TEST_CASE("OpenAPI v2: every reference resolves, kinds and merge keys are told") {
  Catalog catalog;
  std::string text = openapi_v2(catalog);
  MESSAGE("v2: " << text.size() << " bytes, protobuf " << openapi_v2_protobuf(catalog).size());
  Json doc = Json::parse(text);
  std::set<std::string> refs;
  collect_refs(doc, refs);
  for (const auto& ref : refs) CHECK_MESSAGE(doc["definitions"].contains(ref.substr(14)), ref);
  Json& pod = doc["definitions"]["io.k8s.api.core.v1.Pod"];
  CHECK(pod["x-kubernetes-group-version-kind"] == Json::parse(R"([{"group":"","kind":"Pod","version":"v1"}])"));
  CHECK(pod["properties"]["apiVersion"]["type"] == "string");
  CHECK(doc["definitions"]["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]["x-kubernetes-patch-merge-key"] == "name");
  CHECK(doc["definitions"]["io.k8s.api.core.v1.PodSpec"]["required"] == Json::array({"containers"}));
  Json& patch = doc["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
  CHECK(patch["x-kubernetes-group-version-kind"]["kind"] == "Deployment");
  bool dry_run = false;
  for (auto& p : patch["parameters"]) dry_run = dry_run || p["name"] == "dryRun";
  CHECK(dry_run);
}

TEST_CASE("OpenAPI v3: each group and version is complete in itself, and the index names its content") {
  Catalog catalog;
  Json index = Json::parse(openapi_v3_index(catalog));
  CHECK(index["paths"].contains("api/v1"));
  CHECK(index["paths"]["apis/apps/v1"]["serverRelativeURL"].get<std::string>().starts_with("/openapi/v3/apis/apps/v1?hash="));
  CHECK(openapi_v3_index(catalog) == openapi_v3_index(catalog));
  for (const auto& group : catalog.groups())
    for (const auto& version : catalog.versions(group)) {
      Json doc = Json::parse(*openapi_v3(catalog, group, version));
      std::set<std::string> refs;
      collect_refs(doc, refs);
      for (const auto& ref : refs) CHECK_MESSAGE(doc["components"]["schemas"].contains(ref.substr(21)), ref);
    }
  CHECK(!openapi_v3(catalog, "x", "v1"));
}
