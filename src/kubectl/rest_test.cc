#include "kubectl/rest.h"

#include <doctest/doctest.h>

#include "kubectl/objects.h"

namespace skerry::kubectl {
namespace {

TEST_CASE("--raw takes paths, and of a whole URL only what stands behind the server") {
  auto plain = raw_request("GET", "/api/v1/pods?limit=2&labelSelector=a%3Db&watch");
  REQUIRE(plain.has_value());
  CHECK(plain->path == "/api/v1/pods");
  CHECK(plain->query == Query{{"limit", "2"}, {"labelSelector", "a=b"}, {"watch", ""}});
  auto url = raw_request("DELETE", "https://elsewhere:1/api/v1/pods/x");
  REQUIRE(url.has_value());
  CHECK(url->method == "DELETE");
  CHECK(url->path == "/api/v1/pods/x");
  CHECK(raw_request("GET", "https://elsewhere")->path == "/");
  CHECK(raw_request("GET", "nope").error().message == R"(--raw must be a valid URL path: parse "nope": invalid URI for request)");
  CHECK(raw_request("GET", "").error().message == R"(--raw must be a valid URL path: parse "": empty url)");
  CHECK(raw_request("GET", "/a%zz").error().message == R"(--raw must be a valid URL path: parse "/a%zz": invalid URL escape "%zz")");
  CHECK(!raw_request("GET", "/a\nb").has_value());
}

TEST_CASE("a refused list names what was asked for; other errors stay") {
  Mapping pods = mapping_of("v1", "pods", "Pod", true), deployments = mapping_of("apps/v1", "deployments", "Deployment", true);
  Error bad(Reason::kBadRequest, "no");
  bad.code = 400;
  CHECK(list_error(bad, pods, "", "").message == R"(Unable to list "/v1, Resource=pods": no)");
  CHECK(list_error(bad, deployments, "a=b", "").message ==
        R"(Unable to find "apps/v1, Resource=deployments" that match label selector "a=b", field selector "": no)");
  Error forbidden(Reason::kForbidden, "no");
  forbidden.code = 403;
  CHECK(list_error(forbidden, pods, "", "").message == "no");
  CHECK(list_error(Error(Reason::kBadRequest, "local"), pods, "", "").message == "local");
}

}  // namespace
}  // namespace skerry::kubectl
