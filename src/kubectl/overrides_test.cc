#include "kubectl/overrides.h"

#include <doctest/doctest.h>

namespace skerry::kubectl {

namespace {

Json pod() {
  return Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"a"}]}})");
}

}  // namespace

TEST_CASE("overrides: a merge patch replaces lists, a strategic one merges them") {
  std::string patch = R"({"spec":{"containers":[{"name":"c","stdin":true}]}})";
  Json merged = with_overrides(pod(), patch, "merge").value();
  CHECK(merged["spec"]["containers"][0].contains("image") == false);
  CHECK(merged["spec"]["containers"][0]["stdin"] == true);
  Json strategic = with_overrides(pod(), patch, "strategic").value();
  CHECK(strategic["spec"]["containers"][0]["image"] == "a");
  CHECK(strategic["spec"]["containers"][0]["stdin"] == true);
}

TEST_CASE("overrides: a JSON patch") {
  Json patched = with_overrides(pod(), R"([{"op":"replace","path":"/spec/containers/0/image","value":"b"}])", "json").value();
  CHECK(patched["spec"]["containers"][0]["image"] == "b");
  CHECK(!with_overrides(pod(), R"([{"op":"remove","path":"/spec/nope"}])", "json"));
  CHECK(!with_overrides(pod(), "{", "json"));
}

TEST_CASE("overrides: fields that the kind does not have are dropped") {
  Json merged = with_overrides(pod(), R"({"spec":{"nope":1,"hostNetwork":true}})", "merge").value();
  CHECK(!merged["spec"].contains("nope"));
  CHECK(merged["spec"]["hostNetwork"] == true);
}

TEST_CASE("overrides: what is no patch is refused") {
  CHECK(with_overrides(pod(), "", "nope").value() == pod());
  CHECK(with_overrides(pod(), "{}", "nope").error().message == "invalid override type: nope");
  CHECK(with_overrides(pod(), "{", "merge").error().message == "Invalid JSON Patch");
  CHECK(with_overrides(pod(), "[]", "merge").error().message == "Invalid JSON Patch");
  CHECK(!with_overrides(pod(), "[]", "strategic"));
  CHECK(!with_overrides(pod(), R"({"kind":"Nope"})", "merge"));
}

}  // namespace skerry::kubectl
