// For the tests of this folder: a registry on a store in a temporary folder, and one line per request.
#pragma once

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "api/catalog.h"
#include "registry/registry.h"
#include "store/sqlite_store.h"

namespace skerry::registry::test {

// Moves only when told.
class ManualClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::seconds(1'800'000'000)) + at_.load(); }
  MonoTime mono() const override { return MonoTime(std::chrono::hours(1)) + at_.load(); }
  void advance(std::chrono::nanoseconds d) { at_.store(at_.load() + d); }

 private:
  std::atomic<std::chrono::nanoseconds> at_{std::chrono::nanoseconds(0)};
};

struct World {
  std::string folder;
  ManualClock clock;
  SystemRandom random;
  api::Catalog catalog;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Registry> registry;
  Options options;

  explicit World(Options o = {}) : options(std::move(o)) {
    char name[] = "/tmp/skerry-registry-XXXXXX";
    folder = mkdtemp(name);
    open();
    for (const char* ns : {"default", "kube-system"})
      (void)create(api::kNamespaces, "", {{"metadata", {{"name", ns}}}});
  }
  ~World() {
    registry.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }
  void open() {
    store::SqliteOptions store_options;
    store_options.path = folder + "/state.db";
    store = std::move(*store::open_sqlite_store(store_options, clock));
    registry = std::move(*Registry::open(*store, catalog, clock, random, options));
  }
  void restart() {
    registry.reset();
    store.reset();
    open();
  }

  Result<api::Response> call(api::Request request, const Hooks& hooks = {}) {
    auto row = catalog.find(request.gvr);
    return registry->execute(row, std::move(request), hooks);
  }
  api::Request request(api::Verb verb, const api::Gvr& gvr, const std::string& ns, const std::string& name = "") {
    api::Request r;
    r.verb = verb;
    r.gvr = gvr;
    r.ns = ns;
    r.name = name;
    r.user.name = "tester";
    return r;
  }
  Result<api::ObjectPtr> object(Result<api::Response> response) {
    if (!response) return response.error();
    return response->object;
  }
  Result<api::ObjectPtr> create(const api::Gvr& gvr, const std::string& ns, Json body) {
    auto r = request(api::Verb::kCreate, gvr, ns);
    r.body = std::move(body);
    return object(call(std::move(r)));
  }
  Result<api::ObjectPtr> get(const api::Gvr& gvr, const std::string& ns, const std::string& name) {
    return object(call(request(api::Verb::kGet, gvr, ns, name)));
  }
  Result<api::ObjectPtr> update(const api::Gvr& gvr, const std::string& ns, Json body, const std::string& sub = "") {
    auto r = request(api::Verb::kUpdate, gvr, ns, json::str(body, {"metadata", "name"}));
    r.subresource = sub;
    r.body = std::move(body);
    return object(call(std::move(r)));
  }
  Result<api::ObjectPtr> patch(const api::Gvr& gvr, const std::string& ns, const std::string& name, Json body,
                               const std::string& sub = "") {
    auto r = request(api::Verb::kPatch, gvr, ns, name);
    r.subresource = sub;
    r.patch_type = api::PatchType::kMerge;
    r.body = std::move(body);
    return object(call(std::move(r)));
  }
  Result<api::ObjectPtr> remove(const api::Gvr& gvr, const std::string& ns, const std::string& name, api::Options o = {}) {
    auto r = request(api::Verb::kDelete, gvr, ns, name);
    r.options = std::move(o);
    return object(call(std::move(r)));
  }
  Result<api::List> list(const api::Gvr& gvr, const std::string& ns, api::Options o = {}) {
    auto r = request(api::Verb::kList, gvr, ns);
    r.options = std::move(o);
    auto response = call(std::move(r));
    if (!response) return response.error();
    return *response->list;
  }
  Result<std::unique_ptr<WatchStream>> watch(const api::Gvr& gvr, const std::string& ns, api::Options o = {},
                                             std::function<void()> wake = [] {}) {
    auto r = request(api::Verb::kWatch, gvr, ns);
    r.options = std::move(o);
    return registry->watch(catalog.find(gvr), r, std::move(wake));
  }
};

inline Json config_map(const std::string& name, const std::string& value = "v", Json labels = Json::object()) {
  return {{"metadata", {{"name", name}, {"labels", std::move(labels)}}}, {"data", {{"k", value}}}};
}
inline Json pod(const std::string& name) {
  return {{"metadata", {{"name", name}}}, {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", "busybox"}}})}}}};
}
inline Json service(const std::string& name, Json spec = Json::object()) {
  spec["ports"] = Json::array({{{"port", 80}}});
  return {{"metadata", {{"name", name}}}, {"spec", std::move(spec)}};
}
inline Json deployment(const std::string& name) {
  Json labels = {{"app", name}};
  return {{"metadata", {{"name", name}}},
          {"spec", {{"replicas", 2}, {"selector", {{"matchLabels", labels}}},
                    {"template", {{"metadata", {{"labels", labels}}},
                                  {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", "busybox"}}})}}}}}}}};
}

}  // namespace skerry::registry::test
