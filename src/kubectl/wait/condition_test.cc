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
