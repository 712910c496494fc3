#include "registry/registry.h"

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "registry/encoding.h"
#include "registry/test_support.h"

using namespace skerry;
using namespace skerry::registry;
using namespace skerry::registry::test;

TEST_CASE("encoding: the revision is spliced before the uid, wherever metadata stands") {
  Json object = {{"apiVersion", "v1"}, {"data", {{"metadata", "{\"uid\":1}"}}},
                 {"metadata", {{"name", "a"}, {"labels", {{"uid", "\"x"}}}, {"uid", "u"}, {"resourceVersion", "3"}}}};
  Encoded e = encode(object);
  CHECK(*e.bytes == json::dump(object));
  auto made = make_object(e, 42);
  CHECK(made->meta().revision == 42);
  Json expected = object;
  expected["metadata"]["resourceVersion"] = "42";
  CHECK(*made->bytes() == json::dump(expected));
  CHECK(*with_revision(*made, 7)->bytes() == with_revision(*e.bytes, e.offset, 7));
  CHECK(without_revision(*made->bytes()) == *e.bytes);
  CHECK(same_but_revision(*made->bytes(), *e.bytes));
  for (const char* odd : {"", "{}", "{\"metadata\":{}}", "{\"metadata\":", "[]", "{\"metadata\":3}", "{\"metadata\":{\"a\":[{\"uid\":\"x\"}]}}"})
    CHECK(revision_offset(odd) == std::string_view::npos);
}

TEST_CASE("registry: create sets what the server owns and refuses twins") {
  World w;
  auto made = w.create(api::kConfigMaps, "default", config_map("a"));
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  Json j = (*made)->json();
  CHECK(j["apiVersion"] == "v1");
  CHECK(j["kind"] == "ConfigMap");
  CHECK(j["metadata"]["namespace"] == "default");
  CHECK(j["metadata"]["uid"].get<std::string>().size() == 36);
  CHECK(j["metadata"]["creationTimestamp"] == "2027-01-15T08:00:00Z");
  CHECK(j["metadata"]["resourceVersion"] == std::to_string(w.registry->revision()));
  auto twin = w.create(api::kConfigMaps, "default", config_map("a"));
  CHECK(twin.error().is(Reason::kAlreadyExists));
  CHECK(twin.error().message == "configmaps \"a\" already exists");
  CHECK(w.create(api::kConfigMaps, "nowhere", config_map("a")).error().message == "namespaces \"nowhere\" not found");
  CHECK(w.get(api::kConfigMaps, "default", "b").error().message == "configmaps \"b\" not found");
  CHECK(w.get(api::kDeployments, "default", "b").error().message == "deployments.apps \"b\" not found");
  Json elsewhere = config_map("c");
  elsewhere["metadata"]["namespace"] = "other";
  CHECK(w.create(api::kConfigMaps, "default", elsewhere).error().is(Reason::kBadRequest));
  Json generated = config_map("");
  generated["metadata"] = {{"generateName", "gen-"}};
  auto one = w.create(api::kConfigMaps, "default", generated), two = w.create(api::kConfigMaps, "default", generated);
  REQUIRE(one);
  REQUIRE(two);
  CHECK((*one)->meta().name.starts_with("gen-"));
  CHECK((*one)->meta().name.size() == 9);
  CHECK((*one)->meta().name != (*two)->meta().name);
  w.restart();
  CHECK((*w.get(api::kConfigMaps, "default", "a"))->json() == j);
}

TEST_CASE("registry: dry run answers the object and writes nothing") {
  World w;
  int64_t before = w.registry->revision();
  auto r = w.request(api::Verb::kCreate, api::kConfigMaps, "default");
  r.body = config_map("a");
  r.options.dry_run = true;
  auto made = w.call(r);
  REQUIRE(made);
  CHECK(made->code == 201);
  CHECK(!made->object->json()["metadata"].contains("resourceVersion"));
  CHECK(w.get(api::kConfigMaps, "default", "a").error().is(Reason::kNotFound));
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("a")));
  api::Options dry;
  dry.dry_run = true;
  CHECK(w.remove(api::kConfigMaps, "default", "a", dry));
  CHECK(w.get(api::kConfigMaps, "default", "a"));
  CHECK(w.registry->revision() == before + 1);
}

TEST_CASE("registry: updates are conditional, no-ops do not write, the spec counts the generation") {
  World w;
  Json d = (*w.create(api::kDeployments, "default", deployment("d")))->json();
  CHECK(d["metadata"]["generation"] == 1);
  int64_t revision = w.registry->revision();
  CHECK((*w.update(api::kDeployments, "default", d))->meta().revision == revision);
  CHECK(w.registry->revision() == revision);
  d["metadata"]["labels"]["x"] = "y";
  d["status"] = {{"replicas", 7}};
  Json labelled = (*w.update(api::kDeployments, "default", d))->json();
  CHECK(labelled["metadata"]["generation"] == 1);
  CHECK(json::integer(labelled, {"status", "replicas"}) == 0);  // only through status
  auto conflict = w.update(api::kDeployments, "default", d);
  CHECK(conflict.error().is(Reason::kConflict));
  CHECK(conflict.error().message ==
        "Operation cannot be fulfilled on deployments.apps \"d\": the object has been modified; please apply your changes "
        "to the latest version and try again");
  labelled["spec"]["replicas"] = 3;
  labelled["metadata"]["uid"] = "";
  Json scaled = (*w.update(api::kDeployments, "default", labelled))->json();
  CHECK(scaled["metadata"]["generation"] == 2);
  CHECK(scaled["metadata"]["uid"] == d["metadata"]["uid"]);
  scaled["status"]["replicas"] = 3;
  scaled["spec"]["replicas"] = 9;
  Json status = (*w.update(api::kDeployments, "default", scaled, "status"))->json();
  CHECK(status["status"]["replicas"] == 3);
  CHECK(status["spec"]["replicas"] == 3);
  CHECK(status["metadata"]["generation"] == 2);
  Json missing = config_map("none");
  CHECK(w.update(api::kConfigMaps, "default", missing).error().is(Reason::kNotFound));
  Json stolen = status;
  stolen["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000";
  CHECK(w.update(api::kDeployments, "default", stolen).error().is(Reason::kConflict));
}

TEST_CASE("registry: patches retry, unless they name a resourceVersion") {
  World w;
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("a")));
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i)
        if (!w.patch(api::kConfigMaps, "default", "a", {{"data", {{"k" + std::to_string(t) + "-" + std::to_string(i), "v"}}}})) ++failures;
    });
  for (auto& t : threads) t.join();
  CHECK(failures == 0);
  Json j = (*w.get(api::kConfigMaps, "default", "a"))->json();
  CHECK(j["data"].size() == 201);
  CHECK(w.patch(api::kConfigMaps, "default", "a", {{"metadata", {{"resourceVersion", "1"}}}, {"data", {{"z", "z"}}}})
            .error().is(Reason::kConflict));
  CHECK(w.patch(api::kConfigMaps, "default", "a", {{"metadata", {{"resourceVersion", j["metadata"]["resourceVersion"]}}}, {"data", {{"z", "z"}}}}));
  CHECK(w.patch(api::kConfigMaps, "default", "none", Json::object()).error().is(Reason::kNotFound));
}

TEST_CASE("registry: pods go gracefully when they run, at once when they do not") {
  World w;
  REQUIRE(w.create(api::kPods, "default", pod("a")));
  Json j = (*w.get(api::kPods, "default", "a"))->json();
  CHECK(j["status"]["phase"] == "Pending");
  CHECK(j["status"]["qosClass"] == "BestEffort");
  CHECK((*w.remove(api::kPods, "default", "a"))->json()["kind"] == "Pod");
  CHECK(w.get(api::kPods, "default", "a").error().is(Reason::kNotFound));

  REQUIRE(w.create(api::kPods, "default", pod("b")));
  auto bind = w.request(api::Verb::kCreate, api::kPods, "default", "b");
  bind.subresource = "binding";
  bind.body = {{"metadata", {{"name", "b"}}}, {"target", {{"kind", "Node"}, {"name", "n1"}}}};
  auto bound = w.call(bind);
  REQUIRE(bound);
  CHECK(bound->code == 201);
  CHECK(bound->object->json()["status"] == "Success");
  CHECK(w.call(bind).error().is(Reason::kConflict));
  Json b = (*w.get(api::kPods, "default", "b"))->json();
  CHECK(b["spec"]["nodeName"] == "n1");
  CHECK(b["status"]["conditions"][0]["type"] == "PodScheduled");

  Json going = (*w.remove(api::kPods, "default", "b"))->json();
  CHECK(going["metadata"]["deletionGracePeriodSeconds"] == 30);
  CHECK(going["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:30Z");
  int64_t revision = w.registry->revision();
  REQUIRE(w.remove(api::kPods, "default", "b"));
  CHECK(w.registry->revision() == revision);
  api::Options shorter;
  shorter.grace_period_s = 5;
  CHECK((*w.remove(api::kPods, "default", "b", shorter))->json()["metadata"]["deletionGracePeriodSeconds"] == 5);
  api::Options force;
  force.grace_period_s = 0;
  force.precondition_uid = "someone-else";
  CHECK(w.remove(api::kPods, "default", "b", force).error().is(Reason::kConflict));
  force.precondition_uid = b["metadata"]["uid"];
  REQUIRE(w.remove(api::kPods, "default", "b", force));
  CHECK(w.get(api::kPods, "default", "b").error().is(Reason::kNotFound));
}

TEST_CASE("registry: finalizers hold an object until the last is gone; propagation sets the collector's") {
  World w;
  Json held = config_map("a");
  held["metadata"]["finalizers"] = {"example.com/hold"};
  REQUIRE(w.create(api::kConfigMaps, "default", held));
  Json going = (*w.remove(api::kConfigMaps, "default", "a"))->json();
  CHECK(going["metadata"]["deletionTimestamp"].is_string());
  CHECK(w.patch(api::kConfigMaps, "default", "a", {{"metadata", {{"finalizers", {"example.com/hold", "example.com/new"}}}}})
            .error().is(Reason::kInvalid));
  REQUIRE(w.patch(api::kConfigMaps, "default", "a", {{"metadata", {{"finalizers", nullptr}}}}));
  CHECK(w.get(api::kConfigMaps, "default", "a").error().is(Reason::kNotFound));

  REQUIRE(w.create(api::kDeployments, "default", deployment("d")));
  api::Options foreground;
  foreground.propagation_policy = "Foreground";
  CHECK((*w.remove(api::kDeployments, "default", "d", foreground))->json()["metadata"]["finalizers"] == Json::array({"foregroundDeletion"}));
  api::Options background;
  background.propagation_policy = "Background";
  Json status = (*w.remove(api::kDeployments, "default", "d", background))->json();
  CHECK(status["kind"] == "Status");
  CHECK(status["details"]["name"] == "d");
  CHECK(status["details"]["kind"] == "deployments");
}

TEST_CASE("registry: a namespace ends through its own finalizer and takes no new content meanwhile") {
  World w;
  Json ns = (*w.create(api::kNamespaces, "", {{"metadata", {{"name", "x"}}}}))->json();
  CHECK(ns["spec"]["finalizers"] == Json::array({"kubernetes"}));
  CHECK(ns["status"]["phase"] == "Active");
  Json going = (*w.remove(api::kNamespaces, "", "x"))->json();
  CHECK(going["status"]["phase"] == "Terminating");
  auto refused = w.create(api::kConfigMaps, "x", config_map("a"));
  CHECK(refused.error().is(Reason::kForbidden));
  CHECK(refused.error().message == "configmaps \"a\" is forbidden: unable to create new content in namespace x because it is being terminated");
  CHECK(refused.error().details->causes.at(0).reason == "NamespaceTerminating");
  going["spec"]["finalizers"] = Json::array();
  REQUIRE(w.update(api::kNamespaces, "", going, "finalize"));
  CHECK(w.get(api::kNamespaces, "", "x").error().is(Reason::kNotFound));
  CHECK(w.remove(api::kNamespaces, "", "default").error().is(Reason::kForbidden));
}

TEST_CASE("registry: services get addresses and ports once each, also after a restart") {
  Options small;
  small.service_cidr = "10.9.0.0/28";  // 14 addresses
  small.node_port_first = 30000;
  small.node_port_last = 30002;
  World w(small);
  auto ip_of = [&](const std::string& name) { return json::str((*w.get(api::kServices, "default", name))->json(), {"spec", "clusterIP"}); };
  std::set<std::string> ips;
  int made = 0;
  for (int i = 0; i < 20; ++i)
    if (w.create(api::kServices, "default", service("s" + std::to_string(i)))) {
      ++made;
      ips.insert(ip_of("s" + std::to_string(i)));
    }
  CHECK(made == 12);  // .1 and .10 are kept
  CHECK(ips.size() == 12);
  Json kubernetes = service("kubernetes", {{"clusterIP", "10.9.0.1"}});
  CHECK(w.create(api::kServices, "default", kubernetes));
  auto taken = w.create(api::kServices, "default", service("t", {{"clusterIP", ip_of("s3")}}));
  CHECK(taken.error().is(Reason::kInvalid));
  CHECK(taken.error().message.find("provided IP is already allocated") != std::string::npos);
  CHECK(w.create(api::kServices, "default", service("t", {{"clusterIP", "10.8.0.1"}})).error().message.find("not in the valid range") != std::string::npos);
  std::string freed = ip_of("s3");
  w.restart();
  REQUIRE(w.remove(api::kServices, "default", "s3"));
  REQUIRE(w.create(api::kServices, "default", service("again", {{"type", "NodePort"}})));
  CHECK(ip_of("again") == freed);

  Json again = (*w.get(api::kServices, "default", "again"))->json();
  int64_t port = again["spec"]["ports"][0]["nodePort"];
  CHECK(port >= 30000);
  CHECK(port <= 30002);
  auto port_taken = w.patch(api::kServices, "default", "s1", {{"spec", {{"type", "NodePort"}, {"ports", {{{"port", 80}, {"protocol", "TCP"}, {"targetPort", 80}, {"nodePort", port}}}}}}});
  CHECK(port_taken.error().message.find("provided port is already allocated") != std::string::npos);
  // Sent without what it was given, it keeps it.
  Json plain = service("again", {{"type", "NodePort"}});
  Json kept = (*w.update(api::kServices, "default", plain))->json();
  CHECK(kept["spec"]["clusterIP"] == freed);
  CHECK(kept["spec"]["ports"][0]["nodePort"] == port);
  // Back to ClusterIP frees the port.
  REQUIRE(w.patch(api::kServices, "default", "again", {{"spec", {{"type", "ClusterIP"}}}}));
  CHECK(!(*w.get(api::kServices, "default", "again"))->json()["spec"]["ports"][0].contains("nodePort"));
  CHECK(w.patch(api::kServices, "default", "s1", {{"spec", {{"type", "NodePort"}, {"ports", {{{"port", 80}, {"protocol", "TCP"}, {"targetPort", 80}, {"nodePort", port}}}}}}}));
}

TEST_CASE("registry: scale reads and writes replicas") {
  World w;
  REQUIRE(w.create(api::kDeployments, "default", deployment("d")));
  auto get = w.request(api::Verb::kGet, api::kDeployments, "default", "d");
  get.subresource = "scale";
  Json s = (*w.call(get)).object->json();
  CHECK(s["kind"] == "Scale");
  CHECK(s["spec"]["replicas"] == 2);
  CHECK(s["status"]["selector"] == "app=d");
  s["spec"]["replicas"] = 5;
  CHECK((*w.update(api::kDeployments, "default", s, "scale"))->json()["spec"]["replicas"] == 5);
  CHECK(w.update(api::kDeployments, "default", s, "scale").error().is(Reason::kConflict));
  CHECK((*w.patch(api::kDeployments, "default", "d", {{"spec", {{"replicas", 1}}}}, "scale"))->json()["spec"]["replicas"] == 1);
  Json d = (*w.get(api::kDeployments, "default", "d"))->json();
  CHECK(d["spec"]["replicas"] == 1);
  CHECK(d["metadata"]["generation"] == 3);
}

TEST_CASE("registry: an eviction asks the disruption budget") {
  World w;
  Json p = pod("p");
  p["metadata"]["labels"] = {{"app", "x"}};
  REQUIRE(w.create(api::kPods, "default", p));
  REQUIRE(w.patch(api::kPods, "default", "p", {{"status", {{"phase", "Running"}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}}, "status"));
  REQUIRE(w.create(api::kPodDisruptionBudgets, "default",
                   {{"metadata", {{"name", "b"}}}, {"spec", {{"minAvailable", 1}, {"selector", {{"matchLabels", {{"app", "x"}}}}}}}}));
  auto evict = w.request(api::Verb::kCreate, api::kPods, "default", "p");
  evict.subresource = "eviction";
  evict.body = {{"apiVersion", "policy/v1"}, {"kind", "Eviction"}, {"metadata", {{"name", "p"}}}};
  auto refused = w.call(evict);
  CHECK(refused.error().is(Reason::kTooManyRequests));
  REQUIRE(w.patch(api::kPodDisruptionBudgets, "default", "b",
                  {{"status", {{"observedGeneration", 1}, {"disruptionsAllowed", 1}, {"currentHealthy", 2}, {"desiredHealthy", 1}, {"expectedPods", 2}}}}, "status"));
  auto done = w.call(evict);
  REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  CHECK(w.get(api::kPods, "default", "p").error().is(Reason::kNotFound));
  Json b = (*w.get(api::kPodDisruptionBudgets, "default", "b"))->json();
  CHECK(json::integer(b, {"status", "disruptionsAllowed"}) == 0);
  CHECK(b["status"]["disruptedPods"].contains("p"));
}

TEST_CASE("registry: lease renewals stay in memory and survive a clean stop") {
  World w;
  Json lease = {{"metadata", {{"name", "n"}}}, {"spec", {{"holderIdentity", "me"}, {"renewTime", "2027-01-15T08:00:00.000000Z"}}}};
  REQUIRE(w.update(api::kLeases, "default", lease));  // leases may be created by PUT
  auto groups = w.store->stats().groups;
  Json last;
  for (int i = 1; i < 10; ++i) {
    auto r = w.patch(api::kLeases, "default", "n", {{"spec", {{"renewTime", "2027-01-15T08:00:0" + std::to_string(i) + ".000000Z"}}}});
    REQUIRE(r);
    last = (*r)->json();
  }
  CHECK(w.store->stats().groups <= groups + 1);
  CHECK(w.store->stats().volatile_commits == 9);
  w.restart();
  CHECK((*w.get(api::kLeases, "default", "n"))->json() == last);
}

TEST_CASE("registry: secrets, events in two groups, dependents, expiry of events") {
  World w;
  Json s = (*w.create(api::kSecrets, "default", {{"metadata", {{"name", "s"}}}, {"stringData", {{"a", "hello"}}}}))->json();
  CHECK(s["data"]["a"] == "aGVsbG8=");
  CHECK(!s.contains("stringData"));
  Json e = {{"metadata", {{"name", "e"}}}, {"involvedObject", {{"kind", "Pod"}, {"name", "p"}, {"namespace", "default"}}},
            {"reason", "Tested"}, {"message", "hi"}, {"type", "Normal"}, {"reportingComponent", "x"}};
  REQUIRE(w.create(api::kEvents, "default", e));
  api::Gvr newer{"events.k8s.io", "v1", "events"};
  Json seen = (*w.get(newer, "default", "e"))->json();
  CHECK(seen["apiVersion"] == "events.k8s.io/v1");
  CHECK(seen["note"] == "hi");
  CHECK(seen["regarding"]["name"] == "p");
  w.clock.advance(std::chrono::minutes(59));
  w.registry->tick();
  CHECK(w.get(api::kEvents, "default", "e"));
  w.clock.advance(std::chrono::minutes(2));
  w.registry->tick();
  CHECK(w.get(api::kEvents, "default", "e").error().is(Reason::kNotFound));

  auto owner = *w.create(api::kConfigMaps, "default", config_map("owner"));
  Json child = config_map("child");
  child["metadata"]["ownerReferences"] = {{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "owner"}, {"uid", owner->meta().uid}}};
  REQUIRE(w.create(api::kConfigMaps, "default", child));
  auto found = w.registry->dependents(owner->meta().uid);
  REQUIRE(found.size() == 1);
  CHECK(found[0].gvr == api::kConfigMaps);
  w.restart();
  CHECK(w.registry->dependents(owner->meta().uid).size() == 1);
  REQUIRE(w.remove(api::kConfigMaps, "default", "child"));
  CHECK(w.registry->dependents(owner->meta().uid).empty());
}

TEST_CASE("registry: deletecollection removes what the selector names") {
  World w;
  for (int i = 0; i < 6; ++i)
    REQUIRE(w.create(api::kConfigMaps, "default", config_map("c" + std::to_string(i), "v", {{"odd", i % 2 ? "yes" : "no"}})));
  auto r = w.request(api::Verb::kDeleteCollection, api::kConfigMaps, "default");
  r.options.label_selector = "odd=yes";
  auto done = w.call(r);
  REQUIRE(done);
  CHECK(done->list->items.size() == 3);
  CHECK(w.list(api::kConfigMaps, "default")->items.size() == 3);
}
