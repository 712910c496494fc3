#include "admission/plugins.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::admission;

namespace {

struct World {
  std::map<std::string, Json> objects;  // "resource/ns/name"

  Reader reader() {
    return {[this](const api::Gvr& gvr, const std::string& ns, const std::string& name) -> api::ObjectPtr {
              auto it = objects.find(gvr.resource + "/" + ns + "/" + name);
              return it == objects.end() ? nullptr : api::Object::from_json(it->second);
            },
            [this](const api::Gvr& gvr, const std::string&) {
              std::vector<api::ObjectPtr> out;
              for (const auto& [key, value] : objects)
                if (key.rfind(gvr.resource + "/", 0) == 0) out.push_back(api::Object::from_json(value));
              return out;
            }};
  }
};

api::Request create(const api::Gvr& gvr, const std::string& ns) {
  api::Request r;
  r.verb = api::Verb::kCreate;
  r.gvr = gvr;
  r.ns = ns;
  return r;
}

Status run(Plugin& plugin, const api::Request& request, Json* object, const Json* existing = nullptr,
           api::Verb operation = api::Verb::kCreate) {
  Attempt attempt{request, operation, object, existing, {}};
  if (object)
    if (auto s = plugin.mutate(attempt); !s) return s;
  return plugin.validate(attempt);
}

Json pod() { return {{"metadata", {{"name", "p"}}}, {"spec", {{"containers", Json::array({Json{{"name", "c"}}})}}}}; }

}  // namespace

TEST_CASE("namespace lifecycle: only into namespaces that are there and stay") {
  World world;
  world.objects["namespaces//a"] = {{"metadata", {{"name", "a"}}}};
  world.objects["namespaces//b"] = {{"metadata", {{"name", "b"}, {"deletionTimestamp", "2026-01-01T00:00:00Z"}}}};
  auto plugin = make_namespace_lifecycle(world.reader());
  Json p = pod();
  CHECK(run(*plugin, create(api::kPods, "a"), &p));
  auto missing = run(*plugin, create(api::kPods, "x"), &p);
  REQUIRE(!missing);
  CHECK(missing.error().message == "namespaces \"x\" not found");
  auto ending = run(*plugin, create(api::kPods, "b"), &p);
  REQUIRE(!ending);
  CHECK(ending.error().message ==
        "pods \"p\" is forbidden: unable to create new content in namespace b because it is being terminated");
  CHECK(ending.error().details->causes.at(0).reason == "NamespaceTerminating");
}

TEST_CASE("service account: the token is mounted once, unless somebody says no") {
  World world;
  SeededRandom random(1);
  auto plugin = make_service_account(world.reader(), random);
  Json p = pod();
  CHECK(!run(*plugin, create(api::kPods, "a"), &p));
  world.objects["serviceaccounts/a/default"] = {{"metadata", {{"name", "default"}}}, {"imagePullSecrets", Json::array({Json{{"name", "s"}}})}};
  p = pod();
  REQUIRE(run(*plugin, create(api::kPods, "a"), &p));
  CHECK(p["spec"]["volumes"].size() == 1);
  CHECK(p["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount");
  CHECK(p["spec"]["imagePullSecrets"][0]["name"] == "s");
  Json again = p;
  REQUIRE(run(*plugin, create(api::kPods, "a"), &again));
  CHECK(again == p);
  p = pod();
  p["spec"]["automountServiceAccountToken"] = false;
  REQUIRE(run(*plugin, create(api::kPods, "a"), &p));
  CHECK(!p["spec"].contains("volumes"));
}

TEST_CASE("priority: from the class, the default class, or zero; never by hand") {
  World world;
  auto plugin = make_priority(world.reader());
  Json p = pod();
  REQUIRE(run(*plugin, create(api::kPods, "a"), &p));
  CHECK(p["spec"]["priority"] == 0);
  world.objects["priorityclasses//high"] = {{"metadata", {{"name", "high"}}}, {"value", 7}, {"globalDefault", true}, {"preemptionPolicy", "Never"}};
  p = pod();
  REQUIRE(run(*plugin, create(api::kPods, "a"), &p));
  CHECK(p["spec"]["priorityClassName"] == "high");
  CHECK(p["spec"]["preemptionPolicy"] == "Never");
  p = pod();
  p["spec"]["priority"] = 9;
  CHECK(!run(*plugin, create(api::kPods, "a"), &p));
  p = pod();
  p["spec"]["priorityClassName"] = "none";
  CHECK(!run(*plugin, create(api::kPods, "a"), &p));
}

TEST_CASE("node restriction: a node writes about itself") {
  World world;
  world.objects["pods/a/mine"] = {{"metadata", {{"name", "mine"}, {"uid", "u"}}}, {"spec", {{"nodeName", "n1"}}}};
  world.objects["pods/a/other"] = {{"metadata", {{"name", "other"}, {"uid", "v"}}}, {"spec", {{"nodeName", "n2"}}}};
  auto plugin = make_node_restriction(world.reader());
  auto as_node = [](api::Request r) {
    r.user.name = "system:node:n1";
    r.user.groups = {"system:nodes"};
    return r;
  };
  auto request = as_node(create(api::kPods, "a"));
  Json p = pod();
  CHECK(!run(*plugin, request, &p));
  request.subresource = "status";
  request.name = "mine";
  CHECK(run(*plugin, request, &p, &p, api::Verb::kUpdate));
  request.name = "other";
  CHECK(!run(*plugin, request, &p, &p, api::Verb::kUpdate));
  auto node = as_node(create(api::kNodes, ""));
  Json n = {{"metadata", {{"name", "n1"}, {"labels", {{"kubernetes.io/hostname", "n1"}, {"a", "b"}}}}}};
  CHECK(run(*plugin, node, &n));
  n["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = "";
  CHECK(!run(*plugin, node, &n));
  n = {{"metadata", {{"name", "n2"}}}};
  CHECK(!run(*plugin, node, &n));
  auto token = as_node(create(api::kServiceAccounts, "a"));
  token.name = "default";
  token.subresource = "token";
  Json body = {{"spec", {{"boundObjectRef", {{"kind", "Pod"}, {"apiVersion", "v1"}, {"name", "mine"}, {"uid", "u"}}}}}};
  CHECK(run(*plugin, token, &body));
  body["spec"]["boundObjectRef"]["name"] = "other";
  CHECK(!run(*plugin, token, &body));
}

TEST_CASE("tolerations and taints are added once") {
  auto tolerations = make_default_toleration_seconds();
  Json p = pod();
  p["spec"]["tolerations"] = Json::array({Json{{"key", "node.kubernetes.io/not-ready"}, {"operator", "Exists"}, {"effect", "NoExecute"}}});
  REQUIRE(run(*tolerations, create(api::kPods, "a"), &p));
  CHECK(p["spec"]["tolerations"].size() == 2);
  p = pod();
  p["spec"]["tolerations"] = Json::array({Json{{"operator", "Exists"}}});
  REQUIRE(run(*tolerations, create(api::kPods, "a"), &p));
  CHECK(p["spec"]["tolerations"].size() == 1);
  auto taints = make_taint_nodes_by_condition();
  Json n = {{"metadata", {{"name", "n"}}}};
  REQUIRE(run(*taints, create(api::kNodes, ""), &n));
  CHECK(n["spec"]["taints"][0]["key"] == "node.kubernetes.io/not-ready");
}
