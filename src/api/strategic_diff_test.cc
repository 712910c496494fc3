#include "api/strategic_diff.h"

#include <doctest/doctest.h>

#include "api/strategic_merge.h"
#include "json/patch.h"

using namespace skerry;

namespace {

const api::Type& pod_spec_owner() { return *api::find_type("apps/v1.Deployment"); }

Json deployment(Json containers) { return {{"spec", {{"template", {{"spec", {{"containers", std::move(containers)}}}}}}}}; }

Json apply(const Json& original, const Json& modified, const Json& current) {
  Json patch = api::three_way_strategic_patch(pod_spec_owner(), original, modified, current);
  auto result = api::apply_strategic_merge(&pod_spec_owner(), current, patch);
  REQUIRE(result.has_value());
  return *result;
}

}  // namespace

TEST_CASE("strategic diff: nothing to do gives an empty patch") {
  Json d = deployment({{{"name", "a"}, {"image", "x"}}});
  Json current = deployment({{{"name", "a"}, {"image", "x"}, {"imagePullPolicy", "Always"}}, {{"name", "injected"}, {"image", "y"}}});
  CHECK(api::three_way_strategic_patch(pod_spec_owner(), d, d, current) == Json::object());
}

TEST_CASE("strategic diff: elements of keyed lists are changed, added, removed; what others added stays") {
  Json original = deployment({{{"name", "a"}, {"image", "x"}, {"tty", true}}, {{"name", "old"}, {"image", "o"}}});
  Json modified = deployment({{{"name", "b"}, {"image", "new"}}, {{"name", "a"}, {"image", "x2"}}});
  Json current = deployment({{{"name", "a"}, {"image", "x"}, {"tty", true}, {"stdin", true}}, {{"name", "old"}, {"image", "o"}}, {{"name", "sidecar"}, {"image", "s"}}});
  Json result = apply(original, modified, current);
  const Json& containers = result["spec"]["template"]["spec"]["containers"];
  Json by_name;
  for (auto& c : containers) by_name[c["name"].get<std::string>()] = c;
  CHECK(by_name.size() == 3);
  CHECK(by_name["a"] == Json{{"name", "a"}, {"image", "x2"}, {"stdin", true}});
  CHECK(by_name["b"]["image"] == "new");
  CHECK(by_name.contains("sidecar"));
  CHECK(containers[0]["name"] == "b");
}

TEST_CASE("strategic diff: fields that left the file are removed, others' fields stay") {
  Json original = {{"metadata", {{"labels", {{"a", "1"}, {"b", "2"}}}}}, {"spec", {{"replicas", 3}, {"paused", true}}}};
  Json modified = {{"metadata", {{"labels", {{"a", "9"}}}}}, {"spec", {{"replicas", 3}}}};
  Json current = {{"metadata", {{"labels", {{"a", "1"}, {"b", "2"}, {"c", "3"}}}}}, {"spec", {{"replicas", 5}, {"paused", true}}}};
  CHECK(apply(original, modified, current) == Json{{"metadata", {{"labels", {{"a", "9"}, {"c", "3"}}}}}, {"spec", {{"replicas", 3}}}});
}

TEST_CASE("strategic diff: sets of finalizers, retainKeys of a strategy") {
  Json original = {{"metadata", {{"finalizers", {"x/a", "x/b"}}}}};
  Json modified = {{"metadata", {{"finalizers", {"x/a", "x/c"}}}}, {"spec", {{"strategy", {{"type", "Recreate"}}}}}};
  Json current = {{"metadata", {{"finalizers", {"x/a", "x/b", "x/other"}}}},
                  {"spec", {{"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", 1}}}}}}}};
  Json result = apply(original, modified, current);
  CHECK(result["spec"]["strategy"] == Json{{"type", "Recreate"}});
  auto& finalizers = result["metadata"]["finalizers"];
  CHECK(std::find(finalizers.begin(), finalizers.end(), "x/other") != finalizers.end());
  CHECK(std::find(finalizers.begin(), finalizers.end(), "x/c") != finalizers.end());
  CHECK(std::find(finalizers.begin(), finalizers.end(), "x/b") == finalizers.end());
}

TEST_CASE("strategic diff: merge patches for kinds without a type") {
  Json original = {{"spec", {{"a", 1}, {"gone", {{"x", 1}}}, {"list", {1, 2}}}}};
  Json modified = {{"spec", {{"a", 2}, {"list", {1}}}}};
  Json current = {{"spec", {{"a", 1}, {"gone", {{"x", 1}}}, {"list", {1, 2}}, {"others", true}}}};
  Json patch = api::three_way_merge_patch(original, modified, current);
  CHECK(json::apply_merge_patch(current, patch) == Json{{"spec", {{"a", 2}, {"list", {1}}, {"others", true}}}});
  CHECK(api::three_way_merge_patch(modified, modified, Json{{"spec", {{"a", 2}, {"list", {1}}, {"b", 3}}}}) == Json::object());
}
