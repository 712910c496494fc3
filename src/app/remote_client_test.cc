// RemoteClient and Cache over HTTPS against the real API server.
#include "client/remote_client.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <thread>

#include "apiserver/test_server.h"
#include "client/cache.h"
#include "client/events.h"
#include "kubeconfig/client_config.h"

using namespace skerry;

namespace {

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 12000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

Json config_map(const std::string& name, const std::string& value) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", {{"k", value}}}};
}

}  // namespace

TEST_CASE("remote client: every verb, errors as the server tells them, a cache, and a server that goes away") {
  SystemClock clock;
  Executor executor(3, clock);
  const std::string dir = "/tmp/skerry-remote-test." + std::to_string(::getpid());
  auto server = std::make_unique<apiserver::TestServer>(dir);
  auto config = kubeconfig::ClientConfig({.kubeconfig = dir + "/kubeconfig"}, kubeconfig::Environment::of_process()).rest_config();
  REQUIRE(config);
  client::RemoteOptions options;
  options.server = config->server;
  options.tls = config->tls;
  options.bearer_token = config->bearer_token;
  options.connect_timeout = seconds(30);
  client::RemoteClient remote(options, clock);
  client::Cache cache(remote, executor, api::kConfigMaps, {"default", "", ""});
  cache.start();
  REQUIRE(eventually([&] { return cache.synced(); }));

  auto created = remote.create(api::kConfigMaps, "default", config_map("a", "1"));
  REQUIRE(created);
  CHECK(remote.create(api::kConfigMaps, "default", config_map("a", "1")).error().is(Reason::kAlreadyExists));
  CHECK(eventually([&] { return cache.get("default/a") != nullptr; }));
  CHECK(cache.revision() >= (*created)->meta().revision);
  Json value = (*created)->json();
  value["data"]["k"] = "2";
  REQUIRE(remote.update(api::kConfigMaps, "default", value));
  CHECK(remote.update(api::kConfigMaps, "default", value).error().is(Reason::kConflict));
  REQUIRE(remote.patch(api::kConfigMaps, "default", "a", api::PatchType::kMerge, {{"data", {{"l", "3"}}}}));
  CHECK((*remote.get(api::kConfigMaps, "default", "a"))->json()["data"] == Json{{"k", "2"}, {"l", "3"}});
  auto list = remote.list(api::kConfigMaps, "default");
  REQUIRE(list);
  CHECK(list->items.size() >= 1);
  CHECK(list->revision > 0);
  CHECK(json::str(list->items[0]->json(), "kind") == "ConfigMap");
  auto missing = remote.get(api::kConfigMaps, "default", "none");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().is(Reason::kNotFound));
  CHECK(missing.error().message == "configmaps \"none\" not found");
  api::Options wrong;
  wrong.precondition_uid = "someone-else";
  CHECK(remote.remove(api::kConfigMaps, "default", "a", wrong).error().is(Reason::kConflict));
  REQUIRE(remote.remove(api::kConfigMaps, "default", "a"));
  CHECK(eventually([&] { return cache.get("default/a") == nullptr; }));

  // An identity the server does not know.
  auto anonymous = options;
  anonymous.tls.cert_pem.clear();
  anonymous.tls.key_pem.clear();
  client::RemoteClient nobody(anonymous, clock);
  CHECK(reason_name(nobody.list(api::kSecrets).error().reason) == "Unauthorized");
  api::Request watch;
  watch.gvr = api::kSecrets;
  CHECK(reason_name(nobody.watch(watch, [](auto) {}).error().reason) == "Unauthorized");

  {
    client::EventRecorder events(remote, executor, "tester");
    client::ObjectReference about{"v1", "ConfigMap", "default", "a", "u", "", ""};
    for (int i = 0; i < 3; ++i) {
      events.record(about, "Normal", "Tried", "it");
      events.flush();
    }
    auto written = remote.list(api::kEvents, "default");
    REQUIRE(written);
    int64_t count = 0;
    for (auto& e : written->items)
      if (Json j = e->json(); j["reason"] == "Tried") count = j["count"];
    CHECK(count == 3);
  }

  const std::string url = server->url();
  server.reset();
  auto gone = remote.list(api::kConfigMaps, "default");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().is(Reason::kServiceUnavailable));
  CHECK_FALSE(remote.reachable());
  // What it knew it still knows.
  CHECK(cache.synced());
  cache.stop();
  executor.stop();
}
