#include "kubectl/streaming/proxy_filter.h"

#include <doctest/doctest.h>

using namespace skerry::kubectl;

TEST_CASE("proxy filter: hosts, paths and methods") {
  auto filter = ProxyFilter::parse({"^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$", "^.*", "^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach", "^$"});
  REQUIRE(filter);
  CHECK(filter->accepts("localhost", "GET", "/api/v1/pods"));
  CHECK(filter->accepts("127.0.0.1:8001", "DELETE", "/"));
  CHECK(filter->accepts("[::1]:8001", "GET", "/"));
  CHECK(!filter->accepts("evil.example", "GET", "/"));
  CHECK(!filter->accepts("localhost.evil", "GET", "/"));
  CHECK(!filter->accepts("localhost", "GET", "/api/v1/namespaces/default/pods/x/exec"));
  CHECK(!filter->accepts("localhost", "GET", "/" + std::string(10000, 'x')));
  auto reads = ProxyFilter::parse({".*", "^/api", "", "POST,PUT"});
  REQUIRE(reads);
  CHECK(!reads->accepts("x", "POST", "/api"));
  CHECK(reads->accepts("x", "GET", "/api"));
  CHECK(!reads->accepts("x", "GET", "/version"));
  CHECK(!ProxyFilter::parse({"(", "", "", ""}));
}
