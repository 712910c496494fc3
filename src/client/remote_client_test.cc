#include <doctest/doctest.h>

#include "client/request_url.h"
#include "client/watch_parser.h"

using namespace skerry;
using namespace skerry::client;

TEST_CASE("request url: paths and parameters of every verb") {
  api::Request r;
  r.gvr = api::kDeployments;
  r.ns = "default";
  r.name = "web";
  r.subresource = "status";
  CHECK(request_target(r) == "/apis/apps/v1/namespaces/default/deployments/web/status");
  api::Request w;
  w.verb = api::Verb::kWatch;
  w.gvr = api::kPods;
  w.options.label_selector = "a=b,c!=d";
  w.options.resource_version = "12";
  w.options.allow_bookmarks = true;
  CHECK(request_target(w) ==
        "/api/v1/pods?watch=1&labelSelector=a%3Db%2Cc%21%3Dd&resourceVersion=12&allowWatchBookmarks=true");
  api::Request d;
  d.verb = api::Verb::kDelete;
  d.gvr = api::kNamespaces;
  d.name = "x/../y";
  d.options.propagation_policy = "Foreground";
  d.options.grace_period_s = 0;
  CHECK(request_target(d) == "/api/v1/namespaces/x%2F..%2Fy");
  Json body = *json::parse_json(request_body(d));
  CHECK(body["gracePeriodSeconds"] == 0);
  CHECK(body["propagationPolicy"] == "Foreground");
  CHECK_FALSE(body.contains("preconditions"));
}

TEST_CASE("watch parser: events split anywhere, in the usual and in another form") {
  std::string text =
      R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}})" "\n"
      R"({"object":{"metadata":{"name":"b","resourceVersion":"6"}},"type":"DELETED"})" "\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    WatchParser parser;
    auto one = parser.feed(std::string_view(text).substr(0, cut));
    REQUIRE(one);
    auto two = parser.feed(std::string_view(text).substr(cut));
    REQUIRE(two);
    one->insert(one->end(), two->begin(), two->end());
    REQUIRE(one->size() == 2);
    CHECK((*one)[0].object->meta().name == "a");
    CHECK((*one)[1].type == api::EventType::kDeleted);
    CHECK((*one)[1].object->meta().revision == 6);
  }
  WatchParser parser;
  CHECK_FALSE(parser.feed("{\"type\":\"ADDED\"}\n"));
  CHECK_FALSE(parser.feed("not json\n"));
}
