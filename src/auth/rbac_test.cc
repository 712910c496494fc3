#include "auth/rbac.h"

#include <doctest/doctest.h>

#include "auth/default_roles.h"
#include "auth/node_authorizer.h"

using namespace skerry;
using namespace skerry::auth;

namespace {

api::UserInfo user(const std::string& name, std::vector<std::string> groups = {}) {
  api::UserInfo u;
  u.name = name;
  u.groups = std::move(groups);
  return u;
}

Attributes asks(const api::UserInfo& who, const std::string& verb, const std::string& resource, const std::string& ns = "",
                const std::string& name = "", const std::string& sub = "", const std::string& group = "") {
  Attributes a;
  a.user = who;
  a.verb = verb;
  a.resource = resource;
  a.ns = ns;
  a.name = name;
  a.subresource = sub;
  a.group = group;
  return a;
}

void load_defaults(Rbac& rbac) {
  std::vector<api::ObjectPtr> all;
  for (const auto& r : default_cluster_roles()) all.push_back(api::Object::from_json(r));
  // admin aggregates edit, which aggregates view: every round comes one step further.
  for (int round = 0; round < 3; ++round)
    for (auto& object : all) {
      Json role = object->json();
      if (auto rules = aggregate(role, all)) role["rules"] = *rules;
      object = api::Object::from_json(role);
    }
  for (const auto& object : all) rbac.set(api::kClusterRoles, object);
  for (const auto& b : default_cluster_role_bindings()) rbac.set(api::kClusterRoleBindings, api::Object::from_json(b));
}

Json binding(const std::string& name, const std::string& ns, const std::string& role_kind, const std::string& role, const std::string& who) {
  return {{"metadata", {{"name", name}, {"namespace", ns}}},
          {"roleRef", {{"kind", role_kind}, {"name", role}}},
          {"subjects", Json::array({Json{{"kind", "User"}, {"name", who}}})}};
}

}  // namespace

TEST_CASE("rbac: default roles let view read, edit write, and nobody read secrets with view") {
  Rbac rbac;
  load_defaults(rbac);
  rbac.set(api::kRoleBindings, api::Object::from_json(binding("v", "a", "ClusterRole", "view", "vera")));
  rbac.set(api::kRoleBindings, api::Object::from_json(binding("e", "a", "ClusterRole", "edit", "eddy")));
  CHECK(rbac.authorize(asks(user("vera"), "list", "pods", "a")).allowed());
  CHECK(!rbac.authorize(asks(user("vera"), "list", "pods", "b")).allowed());
  CHECK(!rbac.authorize(asks(user("vera"), "list", "pods")).allowed());
  CHECK(!rbac.authorize(asks(user("vera"), "get", "secrets", "a", "s")).allowed());
  CHECK(!rbac.authorize(asks(user("vera"), "create", "pods", "a")).allowed());
  CHECK(rbac.authorize(asks(user("eddy"), "get", "secrets", "a", "s")).allowed());
  CHECK(rbac.authorize(asks(user("eddy"), "patch", "deployments", "a", "d", "scale", "apps")).allowed());
  CHECK(!rbac.authorize(asks(user("eddy"), "create", "roles", "a", "", "", "rbac.authorization.k8s.io")).allowed());
  rbac.erase(api::kRoleBindings, "a/v");
  CHECK(!rbac.authorize(asks(user("vera"), "list", "pods", "a")).allowed());
}

TEST_CASE("rbac: paths, with prefixes") {
  Rbac rbac;
  load_defaults(rbac);
  Attributes a;
  a.user = user("system:anonymous", {"system:unauthenticated"});
  a.verb = "get";
  a.path = "/version";
  CHECK(rbac.authorize(a).allowed());
  a.path = "/metrics";
  CHECK(!rbac.authorize(a).allowed());
  a.path = "/apis/apps/v1";
  CHECK(!rbac.authorize(a).allowed());
  a.user = user("x", {"system:authenticated"});
  CHECK(rbac.authorize(a).allowed());
}

TEST_CASE("rbac: messages are Kubernetes'") {
  CHECK(forbidden(asks(user("x"), "list", "pods", "y")).message ==
        "pods is forbidden: User \"x\" cannot list resource \"pods\" in API group \"\" in the namespace \"y\"");
  CHECK(forbidden(asks(user("x"), "get", "deployments", "", "d", "scale", "apps")).message ==
        "deployments.apps \"d\" is forbidden: User \"x\" cannot get resource \"deployments/scale\" in API group \"apps\" at the cluster scope");
}

TEST_CASE("rbac: nobody grants what they do not hold") {
  Rbac rbac;
  load_defaults(rbac);
  rbac.set(api::kRoleBindings, api::Object::from_json(binding("adm", "a", "ClusterRole", "admin", "ada")));
  api::Request request;
  request.verb = api::Verb::kCreate;
  request.gvr = api::kRoles;
  request.ns = "a";
  request.user = user("ada");
  Json modest = {{"metadata", {{"name", "r"}}}, {"rules", Json::array({rule_json({{"get"}, {""}, {"pods"}, {}, {}})})}};
  CHECK(rbac.check_write(request, modest, Json(), rbac));
  Json greedy = {{"metadata", {{"name", "r"}}}, {"rules", Json::array({rule_json({{"*"}, {"*"}, {"*"}, {}, {}})})}};
  auto refused = rbac.check_write(request, greedy, Json(), rbac);
  REQUIRE(!refused);
  CHECK(refused.error().message.find("is attempting to grant RBAC permissions not currently held") != std::string::npos);
  CHECK(rbac.check_write(request, greedy, greedy, rbac));  // nothing changes
  request.gvr = api::kRoleBindings;
  CHECK(rbac.check_write(request, binding("b", "a", "ClusterRole", "edit", "eve"), Json(), rbac));
  CHECK(!rbac.check_write(request, binding("b", "a", "ClusterRole", "cluster-admin", "eve"), Json(), rbac));
}

TEST_CASE("rbac: resource names cover only themselves") {
  PolicyRule named{{"get"}, {""}, {"secrets"}, {"a"}, {}};
  CHECK(uncovered({named}, {named}).empty());
  CHECK(uncovered({named}, {{{"get"}, {""}, {"secrets"}, {}, {}}}).size() == 1);
  CHECK(!rule_allows(named, asks(user("x"), "get", "secrets", "n", "b")));
  CHECK(!rule_allows(named, asks(user("x"), "list", "secrets", "n")));
}

TEST_CASE("node authoriser: only what its pods refer to") {
  NodeAuthorizer nodes;
  Json pod = {{"metadata", {{"name", "p"}, {"namespace", "ns"}}},
              {"spec", {{"nodeName", "n1"}, {"serviceAccountName", "sa"},
                        {"volumes", Json::array({Json{{"name", "v"}, {"secret", {{"secretName", "s"}}}}})}}}};
  nodes.set_pod(api::Object::from_json(pod));
  auto n1 = user("system:node:n1", {"system:nodes"}), n2 = user("system:node:n2", {"system:nodes"});
  CHECK(nodes.authorize(asks(n1, "get", "secrets", "ns", "s")).allowed());
  CHECK(!nodes.authorize(asks(n2, "get", "secrets", "ns", "s")).allowed());
  CHECK(!nodes.authorize(asks(n1, "list", "secrets", "ns")).allowed());
  CHECK(!nodes.authorize(asks(n1, "update", "secrets", "ns", "s")).allowed());
  CHECK(nodes.authorize(asks(n1, "create", "serviceaccounts", "ns", "sa", "token")).allowed());
  CHECK(nodes.authorize(asks(n1, "update", "nodes", "", "n1", "status")).allowed());
  CHECK(!nodes.authorize(asks(n1, "update", "nodes", "", "n2", "status")).allowed());
  CHECK(!nodes.authorize(asks(n1, "delete", "nodes", "", "n1")).allowed());
  CHECK(nodes.authorize(asks(n1, "update", "leases", "kube-node-lease", "n1", "", "coordination.k8s.io")).allowed());
  CHECK(!nodes.authorize(asks(n1, "update", "leases", "kube-node-lease", "n2", "", "coordination.k8s.io")).allowed());
  CHECK(nodes.authorize(asks(n1, "list", "services")).allowed());
  CHECK(!nodes.authorize(asks(n1, "list", "deployments", "", "", "", "apps")).allowed());
  CHECK(nodes.authorize(asks(n1, "get", "pods", "ns", "p")).allowed());
  CHECK(!nodes.authorize(asks(n2, "get", "pods", "ns", "p")).allowed());
  CHECK(!nodes.authorize(asks(n1, "list", "pods")).allowed());
  Attributes own = asks(n1, "watch", "pods");
  own.field_selector = "spec.nodeName=n1";
  CHECK(nodes.authorize(own).allowed());
  own.user = n2;
  CHECK(!nodes.authorize(own).allowed());
  nodes.erase_pod("ns/p");
  CHECK(!nodes.authorize(asks(n1, "get", "secrets", "ns", "s")).allowed());
}

TEST_CASE("default roles: reconciling adds and takes nothing away") {
  Json wanted = default_cluster_roles().front();
  CHECK(reconcile_default(wanted, Json()));
  CHECK(!reconcile_default(wanted, wanted));
  Json edited = wanted;
  edited["rules"].erase(edited["rules"].begin());
  edited["rules"].push_back(rule_json({{"get"}, {"x"}, {"y"}, {}, {}}));
  auto fixed = reconcile_default(wanted, edited);
  REQUIRE(fixed);
  CHECK((*fixed)["rules"].size() == 3);
  edited["metadata"]["annotations"]["rbac.authorization.kubernetes.io/autoupdate"] = "false";
  CHECK(!reconcile_default(wanted, edited));
}
