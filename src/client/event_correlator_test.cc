#include "client/event_correlator.h"

#include <doctest/doctest.h>

#include <set>

#include "client/events.h"

using namespace skerry;
using client::EventCorrelator;
using client::ObjectReference;

namespace {
const ObjectReference kPod{"v1", "Pod", "default", "web", "uid-1", "7", ""};
WallTime at(int s) { return WallTime(seconds(1'700'000'000 + s)); }
}  // namespace

TEST_CASE("events: equal events fold into one with a count") {
  EventCorrelator c("kubelet", "n1");
  auto first = c.decide(kPod, "Normal", "Pulled", "image", at(0));
  REQUIRE(first);
  CHECK_FALSE(first->repeat);
  CHECK(first->name.starts_with("web."));
  CHECK(first->event["count"] == 1);
  CHECK(first->event["source"]["host"] == "n1");
  CHECK(first->event["involvedObject"]["uid"] == "uid-1");
  auto second = c.decide(kPod, "Normal", "Pulled", "image", at(60));
  REQUIRE(second);
  CHECK(second->repeat);
  CHECK(second->name == first->name);
  CHECK(second->event["count"] == 2);
  CHECK(second->event["firstTimestamp"] == first->event["firstTimestamp"]);
  CHECK(second->event["lastTimestamp"] != first->event["lastTimestamp"]);
  auto other = c.decide(kPod, "Normal", "Started", "image", at(61));
  REQUIRE(other);
  CHECK_FALSE(other->repeat);
}

TEST_CASE("events: many that differ only in the message are combined") {
  EventCorrelator c("x", "");
  std::set<std::string> names;
  std::string last;
  for (int i = 0; i < 20; ++i) {
    auto w = c.decide(kPod, "Warning", "Failed", "try " + std::to_string(i), at(i));
    REQUIRE(w);
    names.insert(w->name);
    last = w->event["message"];
  }
  CHECK(names.size() == 11);
  CHECK(last == "(combined from similar events): try 19");
}

TEST_CASE("events: one object cannot flood the log, others are not held back") {
  EventCorrelator c("x", "");
  int written = 0;
  for (int i = 0; i < 100; ++i) written += c.decide(kPod, "Warning", "BackOff", "again", at(0)).has_value();
  CHECK(written == 25);
  CHECK(c.dropped() == 75);
  ObjectReference other = kPod;
  other.name = "db";
  CHECK(c.decide(other, "Warning", "BackOff", "again", at(0)));
  CHECK(c.decide(kPod, "Warning", "BackOff", "again", at(301)));
}
