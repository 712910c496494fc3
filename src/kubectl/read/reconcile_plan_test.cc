#include "kubectl/read/reconcile_plan.h"

#include <doctest/doctest.h>

namespace skerry::kubectl {
namespace {

using Operation = ReconcilePlan::Operation;

Json rule(std::vector<std::string> groups, std::vector<std::string> resources, std::vector<std::string> verbs) {
  return {{"apiGroups", groups}, {"resources", resources}, {"verbs", verbs}};
}
Json role(const Json& rules) { return {{"kind", "Role"}, {"metadata", {{"name", "r"}}}, {"rules", rules}}; }
Json binding(const char* to, const Json& subjects) {
  return {{"kind", "RoleBinding"}, {"metadata", {{"name", "b"}}}, {"roleRef", {{"kind", "Role"}, {"name", to}}}, {"subjects", subjects}};
}
Json user(const char* name) { return {{"kind", "User"}, {"name", name}, {"apiGroup", "rbac.authorization.k8s.io"}}; }

TEST_CASE("uncovered_rules: stars, subresources, names and URLs") {
  Json wanted = Json::array({rule({""}, {"pods"}, {"get", "list"})});
  CHECK(uncovered_rules(Json::array({rule({"*"}, {"*"}, {"*"})}), wanted).empty());
  CHECK(uncovered_rules(Json::array({rule({""}, {"pods"}, {"get"})}), wanted) == std::vector<Json>{rule({""}, {"pods"}, {"list"})});
  CHECK(uncovered_rules(Json::array({rule({"apps"}, {"pods"}, {"get", "list"})}), wanted).size() == 2);
  Json scale = Json::array({rule({"apps"}, {"deployments/scale"}, {"get"})});
  CHECK(uncovered_rules(Json::array({rule({"apps"}, {"*/scale"}, {"get"})}), scale).empty());
  CHECK(uncovered_rules(Json::array({rule({"apps"}, {"deployments"}, {"get"})}), scale).size() == 1);
  Json named = rule({""}, {"pods"}, {"get", "list"});
  named["resourceNames"] = {"x"};
  CHECK(uncovered_rules(Json::array({named}), wanted).size() == 2);           // one pod is not all pods
  CHECK(uncovered_rules(wanted, Json::array({named})).empty());
  Json urls = {{"nonResourceURLs", {"/a/b"}}, {"verbs", {"get"}}};
  CHECK(uncovered_rules(Json::array({{{"nonResourceURLs", {"/a/*"}}, {"verbs", {"*"}}}}), Json::array({urls})).empty());
  CHECK(uncovered_rules(Json::array({{{"nonResourceURLs", {"/b"}}, {"verbs", {"get"}}}}), Json::array({urls})).size() == 1);
}

TEST_CASE("plan_reconcile: missing permissions come in, others stay unless they are to go") {
  Json existing = role(Json::array({rule({""}, {"pods"}, {"get"})})), expected = role(Json::array({rule({""}, {"pods"}, {"list"})}));
  auto p = plan_reconcile(expected, existing, false, false);
  CHECK(p.operation == Operation::kUpdate);
  CHECK(p.object["rules"].size() == 2);
  p = plan_reconcile(expected, existing, true, false);
  CHECK(p.object["rules"] == expected["rules"]);
  CHECK(p.extra_rules.size() == 1);
  CHECK(plan_reconcile(existing, existing, true, true).operation == Operation::kNone);
  CHECK(plan_reconcile(expected, Json(), false, false).operation == Operation::kCreate);
}

TEST_CASE("plan_reconcile: a role that opted out says so; labels of the server win") {
  Json existing = role(Json::array()), expected = role(Json::array());
  existing["metadata"]["annotations"] = {{"rbac.authorization.kubernetes.io/autoupdate", "false"}};
  existing["metadata"]["labels"] = {{"a", "1"}};
  expected["metadata"]["labels"] = {{"a", "2"}, {"b", "3"}};
  auto p = plan_reconcile(expected, existing, false, false);
  CHECK(p.opted_out);
  CHECK(p.operation == Operation::kUpdate);
  CHECK(p.object["metadata"]["labels"] == Json({{"a", "1"}, {"b", "3"}}));
}

TEST_CASE("plan_reconcile: subjects, and a binding to another role") {
  Json existing = binding("r", Json::array({user("bob")})), expected = binding("r", Json::array({user("alice")}));
  CHECK(plan_reconcile(expected, existing, false, false).object["subjects"].size() == 2);
  auto p = plan_reconcile(expected, existing, false, true);
  CHECK(p.object["subjects"] == Json::array({user("alice")}));
  CHECK(p.extra_subjects == std::vector<Json>{user("bob")});
  CHECK(plan_reconcile(binding("other", Json::array()), existing, false, false).operation == Operation::kRecreate);
}

}  // namespace
}  // namespace skerry::kubectl
