// What the store and the registry do per second, in-process: `name value unit` lines.
//
//   store_bench [folder]     the folder decides which disk is measured (default: the current one)
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "api/catalog.h"
#include "base/clock.h"
#include "base/random.h"
#include "registry/registry.h"
#include "store/sqlite_store.h"

using namespace skerry;

namespace {

using Time = std::chrono::steady_clock;

double ms_since(Time::time_point start) { return std::chrono::duration<double, std::milli>(Time::now() - start).count(); }

// `work(thread, i)` by `threads` for about `seconds`.
template <class Work>
void measure(const std::string& name, int threads, double seconds, Work work) {
  std::vector<std::vector<double>> taken(threads);
  std::vector<std::thread> running;
  std::atomic<bool> failed{false};
  auto start = Time::now();
  for (int t = 0; t < threads; ++t)
    running.emplace_back([&, t] {
      for (int i = 0; ms_since(start) < seconds * 1000; ++i) {
        auto begin = Time::now();
        if (!work(t, i)) failed = true;
        taken[t].push_back(ms_since(begin));
      }
    });
  for (auto& r : running) r.join();
  double elapsed = ms_since(start) / 1000;
  std::vector<double> all;
  for (auto& t : taken) all.insert(all.end(), t.begin(), t.end());
  std::sort(all.begin(), all.end());
  std::string label = name + "_" + std::to_string(threads);
  std::printf("%s_rate %.0f per_s\n", label.c_str(), static_cast<double>(all.size()) / elapsed);
  std::printf("%s_p50 %.3f ms\n", label.c_str(), all[all.size() / 2]);
  std::printf("%s_p99 %.3f ms\n", label.c_str(), all[all.size() * 99 / 100]);
  if (failed) std::printf("%s_failed 1 count\n", label.c_str());
  std::fflush(stdout);
}

store::Transaction put(std::string key, std::string value) {
  store::Transaction t;
  t.operations.push_back({store::Operation::Kind::kPut, std::move(key), make_bytes(std::move(value)), 0});
  return t;
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = std::string(argc > 1 ? argv[1] : ".") + "/store-bench-XXXXXX";
  if (!mkdtemp(folder.data())) return perror("mkdtemp"), 1;
  SystemClock clock;
  SystemRandom random;
  store::SqliteOptions options;
  options.path = folder + "/state.db";
  auto opened = store::open_sqlite_store(options, clock);
  if (!opened) return std::fprintf(stderr, "%s\n", opened.error().message.c_str()), 1;
  store::Store& store = **opened;
  int run = 0;
  for (int threads : {1, 16, 64}) {
    ++run;
    measure("store_put", threads, 3, [&](int t, int i) {
      return store.commit(put("/bench/" + std::to_string(run) + "/" + std::to_string(t) + "/" + std::to_string(i), std::string(300, 'x'))).has_value();
    });
  }
  auto stats = store.stats();
  std::printf("store_writes_per_fsync %.1f count\n", static_cast<double>(stats.commits) / static_cast<double>(stats.groups));

  api::Catalog catalog;
  auto registry = registry::Registry::open(store, catalog, clock, random);
  if (!registry) return std::fprintf(stderr, "%s\n", registry.error().message.c_str()), 1;
  registry::Registry& r = **registry;
  auto request = [&](api::Verb verb, const api::Gvr& gvr, std::string ns, std::string name, Json body) {
    api::Request q;
    q.verb = verb;
    q.gvr = gvr;
    q.ns = std::move(ns);
    q.name = std::move(name);
    q.patch_type = verb == api::Verb::kPatch ? api::PatchType::kMerge : api::PatchType::kNone;
    q.body = std::move(body);
    auto row = catalog.find(gvr);
    return r.execute(row, std::move(q)).has_value();
  };
  request(api::Verb::kCreate, api::kNamespaces, "", "", {{"metadata", {{"name", "bench"}}}});
  std::vector<int> made(64);
  for (int threads : {1, 16, 64}) {
    ++run;
    measure("registry_create", threads, 3, [&](int t, int i) {
      std::string name = "c" + std::to_string(run) + "-" + std::to_string(t) + "-" + std::to_string(i);
      return request(api::Verb::kCreate, api::kConfigMaps, "bench", "", {{"metadata", {{"name", name}}}, {"data", {{"key", std::string(200, 'v')}}}});
    });
  }
  for (int t = 0; t < 64; ++t)
    request(api::Verb::kCreate, api::kConfigMaps, "bench", "", {{"metadata", {{"name", "p" + std::to_string(t)}}}, {"data", {{"key", "v"}}}});
  for (int threads : {1, 64})
    measure("registry_patch", threads, 2, [&](int t, int i) {
      return request(api::Verb::kPatch, api::kConfigMaps, "bench", "p" + std::to_string(t), {{"data", {{"key", std::to_string(i)}}}});
    });
  for (int threads : {1, 64})
    measure("registry_get", threads, 1, [&](int t, int) { return request(api::Verb::kGet, api::kConfigMaps, "bench", "p" + std::to_string(t), nullptr); });
  size_t objects = r.count(api::kConfigMaps);
  auto start = Time::now();
  request(api::Verb::kList, api::kConfigMaps, "bench", "", nullptr);
  std::printf("registry_list_%zu %.3f ms\n", objects, ms_since(start));
  registry->reset();
  start = Time::now();
  auto again = registry::Registry::open(store, catalog, clock, random);
  std::printf("registry_load_per_1000 %.2f ms\n", ms_since(start) * 1000 / static_cast<double>(objects));
  again->reset();
  opened->reset();
  std::filesystem::remove_all(folder);
  return 0;
}
