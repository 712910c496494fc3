#include <doctest/doctest.h>

#include "kubectl/wait/wait.h"

using namespace skerry;
using kubectl::Condition;

namespace {
bool met(const char* text, const Json& object) {
  auto c = Condition::parse(text);
  REQUIRE(c.has_value());
  auto result = c->met(object);
  return result && *result;
}
}  // namespace

TEST_CASE("wait: conditions compare without case and mind the generation") {
  Json o = {{"metadata", {{"generation", 2}}}, {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
  CHECK(met("condition=ready", o));
  CHECK(met("condition=Ready=True", o));
  CHECK(!met("condition=Ready=false", o));
  CHECK(!met("condition=Available", o));
  o["status"]["observedGeneration"] = 1;
  CHECK(!met("condition=Ready", o));
  o["status"]["conditions"][0]["observedGeneration"] = 2;
  CHECK(met("condition=Ready", o));
}

TEST_CASE("wait: paths with and without a value") {
  Json o = {{"status", {{"phase", "Running"}, {"n", 3}, {"list", {1, 2}}}}};
  CHECK(met("jsonpath={.status.phase}=Running", o));
  CHECK(met("jsonpath='{.status.phase}=Running'", o));
  CHECK(met("jsonpath={.status.n}=3", o));
  CHECK(met("jsonpath=.status.phase=Running", o));
  CHECK(met("jsonpath={.status.phase}", o));
  CHECK(!met("jsonpath={.status.none}", o));
  CHECK(!met("jsonpath={.status.phase}=Pending", o));
  CHECK(!met("jsonpath={.status.list}=1", o));
  CHECK(!Condition::parse("jsonpath={.a}=").has_value());
  CHECK(!Condition::parse("jsonpath={.a").has_value());
  CHECK(!Condition::parse("ready").has_value());
}

TEST_CASE("wait: mistakes in --for are told with kubectl's words") {
  auto error = [](const char* text) { return Condition::parse(text).error().message; };
  CHECK(error("jsonpath=") == "jsonpath expression cannot be empty");
  CHECK(error("jsonpath={.a}=''") == "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3");
  CHECK(error("jsonpath={.a").find("unexpected path string") == 0);
  CHECK(error("jsonpath={.a}b=c").find("unexpected path string") == 0);
  CHECK(error("ready") == "unrecognized condition: \"ready\"");
  Json o = {{"a", {{"b", 1}}}};
  auto nested = Condition::parse("jsonpath={.a}=1");
  REQUIRE(nested.has_value());
  CHECK(nested->met(o).error().message == "jsonpath leads to a nested object or list which is not supported");
}
