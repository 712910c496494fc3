#include "apiserver/route.h"

#include <doctest/doctest.h>

#include "apiserver/media.h"

using namespace skerry;
using namespace skerry::apiserver;

namespace {

std::string show(const char* method, const char* path, const char* query = "") {
  Route r = parse_route(method, path, http::Query(query));
  if (!r.is_resource) return "none";
  return std::string(api::verb_name(r.verb)) + " " + r.gvr.api_version() + " " + r.gvr.resource + " ns=" + r.ns + " name=" + r.name +
         " sub=" + r.subresource + " rest=" + r.rest;
}

}  // namespace

TEST_CASE("routes: what paths address") {
  CHECK(show("GET", "/api/v1/pods") == "list v1 pods ns= name= sub= rest=");
  CHECK(show("GET", "/api/v1/namespaces/a/pods", "watch=true") == "watch v1 pods ns=a name= sub= rest=");
  CHECK(show("GET", "/api/v1/namespaces/a/pods", "watch=0") == "list v1 pods ns=a name= sub= rest=");
  CHECK(show("GET", "/api/v1/watch/namespaces/a/pods/p") == "watch v1 pods ns=a name=p sub= rest=");
  CHECK(show("PUT", "/apis/apps/v1/namespaces/a/deployments/d/scale") == "update apps/v1 deployments ns=a name=d sub=scale rest=");
  CHECK(show("GET", "/api/v1/namespaces/a") == "get v1 namespaces ns= name=a sub= rest=");
  CHECK(show("PUT", "/api/v1/namespaces/a/finalize") == "update v1 namespaces ns= name=a sub=finalize rest=");
  CHECK(show("GET", "/api/v1/namespaces/a/status") == "get v1 namespaces ns= name=a sub=status rest=");
  CHECK(show("DELETE", "/api/v1/nodes") == "deletecollection v1 nodes ns= name= sub= rest=");
  CHECK(show("POST", "/api/v1/namespaces/a/pods/p/proxy/x%2Fy/z") == "create v1 pods ns=a name=p sub=proxy rest=/x%2Fy/z");
  CHECK(show("GET", "/api/v1/namespaces/a/pods/p/proxy/") == "get v1 pods ns=a name=p sub=proxy rest=/");
  CHECK(show("GET", "/api/v1/namespaces/a/configmaps/b%2Fc") == "get v1 configmaps ns=a name=b/c sub= rest=");
  for (const char* path : {"/", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version", "/api/v1/pods/p/log/x", "/api/v1/watch", "/api/v1/%zz"})
    CHECK_MESSAGE(show("GET", path) == "none", path);
  CHECK(show("BREW", "/api/v1/pods") == "none");
}

TEST_CASE("options: query parameters and DeleteOptions") {
  auto o = parse_options(http::Query("labelSelector=a%3Db&limit=5&dryRun=All&allowWatchBookmarks=true&gracePeriodSeconds=0"));
  REQUIRE(o);
  CHECK(o->label_selector == "a=b");
  CHECK(o->limit == 5);
  CHECK(o->dry_run);
  CHECK(o->grace_period_s == 0);
  CHECK(!parse_options(http::Query("limit=x")));
  CHECK(!parse_options(http::Query("dryRun=some")));
  REQUIRE(apply_delete_options({{"kind", "DeleteOptions"}, {"propagationPolicy", "Foreground"}, {"preconditions", {{"uid", "u"}}}}, *o));
  CHECK(o->propagation_policy == "Foreground");
  CHECK(o->precondition_uid == "u");
  CHECK(!apply_delete_options({{"kind", "Pod"}}, *o));
}

TEST_CASE("media: the first acceptable form wins, by quality") {
  auto table = negotiate("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", true);
  REQUIRE(table);
  CHECK(table->as == Form::As::kTable);
  CHECK(negotiate("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", false)->as == Form::As::kObject);
  CHECK(negotiate("", true)->encoding == Form::Encoding::kJson);
  CHECK(negotiate("application/yaml;q=0.5,application/vnd.kubernetes.protobuf;q=0.9", true)->encoding == Form::Encoding::kProtobuf);
  CHECK(!negotiate("text/html", true));
  CHECK(negotiate_discovery("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")->as == Form::As::kDiscovery);
}

TEST_CASE("media: a field given twice is noticed, by its path") {
  auto body = decode_body("application/json", R"({"a":{"b":1,"b":2},"l":[{"x":1},{"y":"\":","y":3}]})");
  REQUIRE(body);
  CHECK(body->warnings == std::vector<std::string>{"duplicate field \"a.b\"", "duplicate field \"l[1].y\""});
  CHECK(decode_body("", R"({"a":1})")->warnings.empty());
  CHECK(!decode_body("application/json", "{"));
  CHECK(!decode_body("application/json", std::string(100000, '[')));
  CHECK(decode_body("text/csv", "a").error().is(Reason::kUnsupportedMediaType));
  CHECK(decode_body("application/yaml", "a: 1")->value["a"] == 1);
}
