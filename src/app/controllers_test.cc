// The controllers against the real API server, in one process. Pods are "run" by the test, which plays the kubelet.
#include "controllers/manager.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "apiserver/test_server.h"
#include "api/pod.h"
#include "client/cache.h"
#include "client/faulty_client.h"

using namespace skerry;

namespace {

struct Cluster {
  apiserver::TestServer server{"/tmp/skerry-controllers-test." + std::to_string(::getpid())};
  SystemClock clock;
  Executor executor{6, clock};
  api::Catalog catalog;
  std::unique_ptr<apiserver::LocalClient> client = server.control_plane().client("test");
  std::unique_ptr<apiserver::LocalClient> their_client = server.control_plane().client("kube-controller-manager");
  client::FaultyClient faulty{*their_client};
  std::unique_ptr<controllers::Manager> manager;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<client::Cache>> caches;

  Cluster() {
    controllers::ManagerOptions options;
    options.root_ca_pem = "CA";
    options.api_addresses = {"192.0.2.1"};
    auto made = controllers::Manager::create(options, faulty, executor, clock, catalog);
    REQUIRE(made);
    manager = std::move(*made);
    manager->start();
    REQUIRE(eventually([&] { return manager->ready(); }));
  }
  ~Cluster() {
    manager->stop();
    executor.stop();
  }

  // Waits for a condition, not for a duration; a minute is giving up.
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 12000; ++i) {
      if (condition()) return true;
      std::unique_lock l(mutex);
      changed.wait_for(l, milliseconds(5));
    }
    return false;
  }
  Json get(const api::Gvr& gvr, const std::string& name, const std::string& ns = "default") {
    auto o = client->get(gvr, ns, name);
    return o ? (*o)->json() : Json();
  }
  Json must_create(const api::Gvr& gvr, Json object, const std::string& ns = "default") {
    auto o = client->create(gvr, ns, std::move(object));
    if (!o) FAIL(o.error().message);
    return (*o)->json();
  }
  std::vector<Json> list(const api::Gvr& gvr, const std::string& selector = "", const std::string& ns = "default") {
    api::Options options;
    options.label_selector = selector;
    auto l = client->list(gvr, ns, options);
    std::vector<Json> all;
    if (l)
      for (auto& o : l->items) all.push_back(o->json());
    return all;
  }
  // Plays scheduler and kubelet: every pod that is not broken runs and is ready; what is deleted ends.
  void run_pods(const std::string& ns = "default") {
    int i = 1;
    for (auto& pod : list(api::kPods, "", ns)) {
      const std::string name = pod["metadata"]["name"];
      ++i;
      if (api::is_pod_deleting(pod)) {
        api::Options now;
        now.grace_period_s = 0;
        (void)client->remove(api::kPods, ns, name, now).has_value();
        continue;
      }
      if (json::str(pod, {"spec", "nodeName"}).empty()) {
        Json binding = {{"apiVersion", "v1"}, {"kind", "Binding"}, {"metadata", {{"name", name}}},
                        {"target", {{"kind", "Node"}, {"name", "n1"}}}};
        (void)client->create_sub(api::kPods, ns, name, "binding", binding).has_value();
      }
      if (pod["spec"]["containers"][0]["image"] == "broken" || api::is_pod_ready(pod)) continue;
      std::string now = format_rfc3339(clock.now()), ip = "10.42.0." + std::to_string(i);
      Json patch = {{"status",
                     {{"phase", "Running"},
                      {"podIP", ip},
                      {"podIPs", Json::array({{{"ip", ip}}})},
                      {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}, {"lastTransitionTime", now}}})}}}};
      (void)client->patch(api::kPods, ns, name, api::PatchType::kStrategic, patch, "status").has_value();
    }
  }
  bool settles(const std::function<bool()>& condition, const std::string& ns = "default") {
    return eventually([&] {
      run_pods(ns);
      return condition();
    });
  }
};

Json deployment(const std::string& name, int replicas, const std::string& image) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"replicas", replicas},
            {"selector", {{"matchLabels", {{"app", name}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", name}}}}},
              {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", image}}})}}}}}}}};
}

bool progressing(const Json& d, const std::string& reason) {
  return json::str(api::find_condition(d, "Progressing"), "reason") == reason;
}

}  // namespace

TEST_CASE("controllers: namespaces get their defaults, and go away with what they hold") {
  Cluster c;
  CHECK(c.eventually([&] { return !c.get(api::kServiceAccounts, "default").is_null(); }));
  CHECK(c.eventually([&] { return c.get(api::kConfigMaps, "kube-root-ca.crt")["data"]["ca.crt"] == "CA"; }));
  CHECK(c.eventually([&] { return !c.get(api::kEndpointSlices, "kubernetes").is_null(); }));
  c.must_create(api::kNamespaces, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "x"}}}}, "");
  CHECK(c.eventually([&] { return !c.get(api::kServiceAccounts, "default", "x").is_null(); }));
  c.must_create(api::kDeployments, deployment("web", 3, "ok"), "x");
  CHECK(c.settles([&] { return json::integer(c.get(api::kDeployments, "web", "x"), {"status", "availableReplicas"}) == 3; }, "x"));
  CHECK(c.client->remove(api::kNamespaces, "", "x"));
  CHECK(c.settles([&] { return c.get(api::kNamespaces, "x", "").is_null(); }, "x"));
  CHECK(c.list(api::kPods, "", "x").empty());
}

TEST_CASE("controllers: a Deployment rolls out, over and back, scales, and its pods go with it") {
  Cluster c;
  REQUIRE(c.eventually([&] { return !c.get(api::kServiceAccounts, "default").is_null(); }));
  c.must_create(api::kServices, {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"name", "web"}}},
                                 {"spec", {{"selector", {{"app", "web"}}}, {"ports", Json::array({{{"port", 80}}})}}}});
  c.must_create(api::kDeployments, deployment("web", 3, "one"));
  auto web = [&] { return c.get(api::kDeployments, "web"); };
  REQUIRE(c.settles([&] { return progressing(web(), "NewReplicaSetAvailable"); }));
  CHECK(web()["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1");
  CHECK(c.list(api::kReplicaSets).size() == 1);
  CHECK(c.list(api::kPods).size() == 3);
  CHECK(c.eventually([&] {
    auto slices = c.list(api::kEndpointSlices, "kubernetes.io/service-name=web");
    return slices.size() == 1 && json::array_or_empty(slices[0]["endpoints"]).size() == 3;
  }));
  CHECK(c.eventually([&] { return c.get(api::kEndpoints, "web")["subsets"][0]["addresses"].size() == 3; }));

  auto set_image = [&](const std::string& image) {
    Json patch = {{"spec", {{"template", {{"spec", {{"containers", Json::array({{{"name", "c"}, {"image", image}}})}}}}}}}};
    REQUIRE(c.client->patch(api::kDeployments, "default", "web", api::PatchType::kStrategic, patch));
  };
  // Over.
  set_image("two");
  CHECK(c.settles([&] { return json::integer(web(), {"status", "observedGeneration"}) == 2 &&
                               progressing(web(), "NewReplicaSetAvailable") && c.list(api::kPods).size() == 3; }));
  CHECK(c.list(api::kReplicaSets).size() == 2);
  CHECK(web()["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2");
  // A broken version stalls: at least three old pods stay.
  set_image("broken");
  CHECK(c.settles([&] { return c.list(api::kReplicaSets).size() == 3 && c.list(api::kPods).size() == 4; }));
  int ok = 0;
  for (auto& pod : c.list(api::kPods)) ok += pod["spec"]["containers"][0]["image"] == "two";
  CHECK(ok == 3);
  // Back: the old ReplicaSet is used again under a new revision.
  set_image("two");
  CHECK(c.settles([&] { return json::integer(web(), {"status", "updatedReplicas"}) == 3 && c.list(api::kPods).size() == 3 &&
                               json::str(web(), {"metadata", "annotations", "deployment.kubernetes.io/revision"}) == "4"; }));
  CHECK(c.list(api::kReplicaSets).size() == 3);
  // Scale, and a deleted pod is replaced.
  REQUIRE(c.client->patch(api::kDeployments, "default", "web", api::PatchType::kMerge, {{"spec", {{"replicas", 5}}}}));
  CHECK(c.settles([&] { return json::integer(web(), {"status", "availableReplicas"}) == 5; }));
  std::string victim = c.list(api::kPods)[0]["metadata"]["name"];
  REQUIRE(c.client->remove(api::kPods, "default", victim));
  CHECK(c.settles([&] { return c.get(api::kPods, victim).is_null() && c.list(api::kPods).size() == 5 &&
                               json::integer(web(), {"status", "availableReplicas"}) == 5; }));
  // Nothing moves once all is as it should be.
  auto runs = [&] {
    uint64_t n = 0;
    for (auto& s : c.manager->stats()) n += s.runs;
    return n;
  };
  CHECK(c.eventually([&] {
    uint64_t before = runs();
    std::this_thread::sleep_for(milliseconds(200));
    return runs() == before;
  }));
  REQUIRE(c.client->remove(api::kDeployments, "default", "web"));
  CHECK(c.settles([&] { return c.list(api::kReplicaSets).empty() && c.list(api::kPods).empty(); }));
}

TEST_CASE("controllers: orphaning and foreground deletion") {
  Cluster c;
  REQUIRE(c.eventually([&] { return !c.get(api::kServiceAccounts, "default").is_null(); }));
  Json rs = deployment("a", 2, "ok");
  rs["kind"] = "ReplicaSet";
  c.must_create(api::kReplicaSets, rs);
  REQUIRE(c.settles([&] { return json::integer(c.get(api::kReplicaSets, "a"), {"status", "readyReplicas"}) == 2; }));
  api::Options orphan;
  orphan.propagation_policy = "Orphan";
  REQUIRE(c.client->remove(api::kReplicaSets, "default", "a", orphan));
  REQUIRE(c.eventually([&] { return c.get(api::kReplicaSets, "a").is_null(); }));
  auto pods = c.list(api::kPods);
  REQUIRE(pods.size() == 2);
  for (auto& pod : pods) CHECK(json::array_or_empty(json::find(pod, {"metadata", "ownerReferences"})).empty());
  // A new one adopts them.
  c.must_create(api::kReplicaSets, rs);
  REQUIRE(c.eventually([&] {
    for (auto& pod : c.list(api::kPods))
      if (json::array_or_empty(json::find(pod, {"metadata", "ownerReferences"})).empty()) return false;
    return json::integer(c.get(api::kReplicaSets, "a"), {"status", "readyReplicas"}) == 2;
  }));
  CHECK(c.list(api::kPods).size() == 2);
  api::Options foreground;
  foreground.propagation_policy = "Foreground";
  REQUIRE(c.client->remove(api::kReplicaSets, "default", "a", foreground));
  // It stays until its pods are gone.
  CHECK(c.eventually([&] {
    for (auto& pod : c.list(api::kPods))
      if (!api::is_pod_deleting(pod)) return false;
    return true;
  }));
  CHECK_FALSE(c.get(api::kReplicaSets, "a").is_null());
  CHECK(c.settles([&] { return c.get(api::kReplicaSets, "a").is_null(); }));
  CHECK(c.list(api::kPods).empty());
}

TEST_CASE("controllers: nodes get addresses; a silent node is tainted and its pods are not ready") {
  Cluster c;
  auto node = [&](const std::string& name, const std::string& ready) {
    c.must_create(api::kNodes, {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name}}}}, "");
    Json patch = {{"status", {{"conditions", Json::array({{{"type", "Ready"}, {"status", ready}}})}}}};
    REQUIRE(c.client->patch(api::kNodes, "", name, api::PatchType::kStrategic, patch, "status"));
  };
  node("n1", "True");
  node("n2", "Unknown");
  CHECK(c.eventually([&] {
    std::string a = json::str(c.get(api::kNodes, "n1", ""), {"spec", "podCIDR"}), b = json::str(c.get(api::kNodes, "n2", ""), {"spec", "podCIDR"});
    return a.starts_with("10.42.") && b.starts_with("10.42.") && a != b;
  }));
  CHECK(c.eventually([&] { return json::array_or_empty(json::find(c.get(api::kNodes, "n2", ""), {"spec", "taints"})).size() == 2; }));
  CHECK(json::array_or_empty(json::find(c.get(api::kNodes, "n1", ""), {"spec", "taints"})).empty());
}

TEST_CASE("controllers: whichever call fails, before or after it was carried out, the end is the same") {
  Cluster c;
  REQUIRE(c.eventually([&] { return !c.get(api::kServiceAccounts, "default").is_null(); }));
  for (auto when : {client::FaultyClient::When::kBefore, client::FaultyClient::When::kAfter})
    for (uint64_t n = 1; n <= 12; ++n) {
      CAPTURE(n);
      const std::string name = "web" + std::to_string(n) + (when == client::FaultyClient::When::kAfter ? "a" : "b");
      c.faulty.fail_call(n, internal_error("injected"), when);
      c.must_create(api::kDeployments, deployment(name, 2, "ok"));
      CHECK(c.settles([&] {
        return progressing(c.get(api::kDeployments, name), "NewReplicaSetAvailable") &&
               c.list(api::kPods, "app=" + name).size() == 2;
      }));
      CHECK(c.list(api::kReplicaSets, "app=" + name).size() == 1);
      REQUIRE(c.client->remove(api::kDeployments, "default", name));
      CHECK(c.settles([&] { return c.list(api::kPods).empty() && c.list(api::kReplicaSets).empty(); }));
    }
}
