#include "api/selector.h"

#include <doctest/doctest.h>

#include "api/catalog.h"

using namespace skerry;
using api::FieldSelector;
using api::LabelSelector;

TEST_CASE("label selector: what matches") {
  api::Labels labels = {{"app", "web"}, {"n", "5"}, {"tier", ""}};
  struct { const char* text; bool want; } cases[] = {
      {"", true}, {"app=web", true}, {"app==web", true}, {"app = web , n=5", true}, {"app!=web", false}, {"x!=y", true},
      {"app", true}, {"!app", false}, {"!x", true}, {"app in (a, web)", true}, {"app in (a,b)", false},
      {"x notin (a)", true}, {"app notin (web)", false}, {"n>4", true}, {"n<5", false}, {"tier=", true}, {"tier in ()", true},
      {"in in (a)", false}, {"example.com/x notin (a,b),app", true},
  };
  for (auto& c : cases) {
    CAPTURE(c.text);
    auto s = LabelSelector::parse(c.text);
    REQUIRE(s);
    CHECK(s->matches(labels) == c.want);
    CHECK(s->matches_json(Json{{"app", "web"}, {"n", "5"}, {"tier", ""}}) == c.want);
    auto again = LabelSelector::parse(s->to_string());
    REQUIRE(again);
    CHECK(again->to_string() == s->to_string());
  }
  for (const char* text : {",", "a,", "a in b", "a in (b", "=a", "a=b=c", "a b", "x>y", "a=-", "!", "a/b/c=d", "a in (b c)"}) {
    CAPTURE(text);
    CHECK(!LabelSelector::parse(text));
  }
}

TEST_CASE("label selector: from objects, nothing is not everything") {
  CHECK(LabelSelector::from_json(Json())->matches_nothing());
  CHECK(LabelSelector::from_json(Json::object())->empty());
  CHECK(!LabelSelector::from_map(Json::object()).matches({}));
  auto s = LabelSelector::from_json(Json::parse(
      R"({"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"In","values":["e","d"]},{"key":"f","operator":"DoesNotExist"}]})"));
  REQUIRE(s);
  CHECK(s->to_string() == "a=b,c in (d,e),!f");
  CHECK(s->matches({{"a", "b"}, {"c", "d"}}));
  CHECK(!s->matches({{"a", "b"}, {"c", "d"}, {"f", ""}}));
}

TEST_CASE("label selector: a set of one is written as a set") {
  auto s = LabelSelector::from_json(Json::parse(
      R"({"matchLabels":{"z":"1"},"matchExpressions":[{"key":"n","operator":"NotIn","values":["only"]},{"key":"m","operator":"In","values":["x"]}]})"));
  REQUIRE(s);
  CHECK(s->to_string() == "m in (x),n notin (only),z=1");
  CHECK(LabelSelector::parse("b in (c),a!=d,e==f")->to_string() == "a!=d,b in (c),e=f");
}

TEST_CASE("field selector: only what the resource offers") {
  api::Catalog catalog;
  auto pods = catalog.find(api::kPods);
  auto pod = api::Object::from_json(Json::parse(
      R"({"metadata":{"name":"a","namespace":"n"},"spec":{"nodeName":"x","hostNetwork":true},"status":{"phase":"Running"}})"));
  auto matches = [&](const char* text) {
    auto s = FieldSelector::parse(*pods, text);
    REQUIRE(s);
    return s->matches(*pod);
  };
  CHECK(matches(""));
  CHECK(matches("metadata.name=a,metadata.namespace=n"));
  CHECK(matches("spec.nodeName=x,status.phase!=Failed"));
  CHECK(!matches("spec.nodeName="));
  CHECK(matches("spec.hostNetwork=true,status.podIP="));
  CHECK(FieldSelector::parse(*pods, "spec.foo=1").error().message == "field label not supported: spec.foo");
  CHECK(!FieldSelector::parse(*pods, "a"));
  CHECK(!FieldSelector::parse(*pods, "metadata.name=a=b"));
  CHECK(FieldSelector::parse(*pods, R"(metadata.name=a\,b)")->requirements()[0].value == "a,b");
  CHECK(*FieldSelector::parse(*pods, "metadata.name=a")->exact("metadata.name") == "a");
  CHECK(!FieldSelector::parse(*catalog.find(api::kConfigMaps), "data=1"));
}
