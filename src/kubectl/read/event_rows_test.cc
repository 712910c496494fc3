#include "kubectl/read/event_rows.h"

#include <doctest/doctest.h>

namespace skerry::kubectl {
namespace {

WallTime at(const char* text) { return *parse_rfc3339(text); }

TEST_CASE("events: what is no event is one without fields") {
  for (const char* text : {"\"x\"", "[1]", "null", R"({"metadata":"x","involvedObject":[],"related":1})"}) {
    const Json event = Json::parse(text);
    CHECK(typed_event(event)["kind"] == "Event");
    CHECK_FALSE(event_row(event, WallTime{}).empty());
  }
}

TEST_CASE("event_interval: once, several times, and series") {
  auto now = at("2026-01-01T01:00:00Z");
  Json once = {{"firstTimestamp", "2026-01-01T00:59:55Z"}, {"lastTimestamp", "2026-01-01T00:59:55Z"}, {"count", 1}};
  CHECK(event_interval(once, now) == "5s");
  Json often = {{"firstTimestamp", "2026-01-01T00:50:00Z"}, {"lastTimestamp", "2026-01-01T00:59:00Z"}, {"count", 3}};
  CHECK(event_interval(often, now) == "60s (x3 over 10m)");
  Json series = {{"eventTime", "2026-01-01T00:00:00.000000Z"}, {"series", {{"count", 4}, {"lastObservedTime", "2026-01-01T00:59:50.000000Z"}}}};
  CHECK(event_interval(series, now) == "10s (x4 over 60m)");
  CHECK(event_interval(Json::object(), now) == "<unknown>");
}

TEST_CASE("sort_events: by what is known of the time, the same time as it came") {
  std::vector<Json> events{{{"n", 1}, {"lastTimestamp", "2026-01-01T00:00:03Z"}},
                           {{"n", 2}, {"eventTime", "2026-01-01T00:00:01.500000Z"}},
                           {{"n", 3}, {"lastTimestamp", "2026-01-01T00:00:00Z"}, {"series", {{"lastObservedTime", "2026-01-01T00:00:02.000000Z"}}}},
                           {{"n", 4}, {"lastTimestamp", "2026-01-01T00:00:03Z"}}};
  sort_events(events);
  std::string order;
  for (auto& e : events) order += std::to_string(e["n"].get<int>());
  CHECK(order == "2314");
}

TEST_CASE("typed_event: the fields that are always written, in their order") {
  CHECK(typed_event({{"type", "Normal"}, {"metadata", {{"namespace", "a"}, {"name", "b"}}}}).dump() ==
        R"({"kind":"Event","apiVersion":"v1","metadata":{"name":"b","namespace":"a"},"involvedObject":{},"source":{},"firstTimestamp":null,)"
        R"("lastTimestamp":null,"type":"Normal","eventTime":null,"reportingComponent":"","reportingInstance":""})");
}

}  // namespace
}  // namespace skerry::kubectl
