#include "api/discovery.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::api;

TEST_CASE("discovery: lists name resources, subresources and their verbs") {
  Catalog catalog;
  Json core = *api_resource_list(catalog, "", "v1");
  CHECK(core["groupVersion"] == "v1");
  CHECK(core["resources"][0]["name"] == "bindings");
  bool eviction = false, exec = false;
  for (auto& r : core["resources"]) {
    if (r["name"] == "pods/eviction") eviction = r["group"] == "policy" && r["kind"] == "Eviction" && r["verbs"] == Json::array({"create"});
    if (r["name"] == "pods/exec") exec = r["verbs"] == Json::array({"create", "get"});
    if (r["name"] == "pods") CHECK(r["shortNames"] == Json::array({"po"}));
  }
  CHECK(eviction);
  CHECK(exec);
  CHECK(!api_resource_list(catalog, "x", "v1"));
  CHECK(api_group_list(catalog)["groups"][1]["preferredVersion"]["groupVersion"] == "apps/v1");
  CHECK((*api_group(catalog, "autoscaling"))["preferredVersion"]["version"] == "v2");
  CHECK(!api_group(catalog, ""));
  CHECK(api_versions("a:1")["versions"][0] == "v1");
}

TEST_CASE("discovery: the aggregated form holds everything at once") {
  Catalog catalog;
  Json core = aggregated_discovery(catalog, true, "v2");
  CHECK(core["apiVersion"] == "apidiscovery.k8s.io/v2");
  CHECK(core["items"].size() == 1);
  CHECK(core["items"][0]["versions"][0]["resources"][0]["responseKind"]["kind"] == "Binding");
  Json rest = aggregated_discovery(catalog, false, "v2beta1");
  CHECK(rest["items"].size() == catalog.groups().size());
  CHECK(rest["items"][1]["metadata"]["name"] == "apps");
}
