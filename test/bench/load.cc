// The API under load: durable creates, gets, patches with 1, 16 and 64 connections; a long list; watchers.
#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "../bench/http.h"
#include "../bench/measure.h"
#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::bench;
using test::Cluster;

namespace {

constexpr double kSeconds = 5;
constexpr int kPayload = 1024;
const std::string kBase = "/api/v1/namespaces/default/configmaps";

std::string config_map(const std::string& name, const std::string& seq) {
  static const std::string payload(kPayload, 'x');
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + R"(","labels":{"app":"bench"}},"data":{"seq":")" + seq + R"(","payload":")" + payload + "\"}}";
}

// Runs f(connection, n), n = 0, 1, ..., on `connections` threads, for `seconds` or until n reaches `limit`.
// Returns the latencies of all calls. With a rate, calls are due at that many a second, and latency counts from then.
template <class F>
std::vector<double> drive(Cluster& c, int connections, double seconds, int64_t limit, F f, double* took = nullptr, double rate = 0) {
  Target target = Target::from_kubeconfig(c.server.kubeconfig());
  std::atomic<int64_t> next{0};
  std::atomic<int> ready{0}, errors{0};
  std::atomic<bool> go{false};
  std::mutex mutex;
  std::vector<double> all;
  std::string complaint;
  std::vector<std::thread> threads;
  TimePoint start;
  for (int i = 0; i < connections; ++i)
    threads.emplace_back([&] {
      std::vector<double> mine;
      try {
        enter_netns(c.server.netns());
        Connection connection(target);
        (void)connection.request("GET", "/readyz");
        ++ready;
        while (!go) std::this_thread::yield();
        for (;;) {
          int64_t n = next++;
          if (n >= limit || seconds_since(start) > seconds) break;
          TimePoint t = now();
          if (rate > 0) {
            t = start + std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(static_cast<double>(n) / rate));
            std::this_thread::sleep_until(t);
          }
          int code = f(connection, n);
          mine.push_back(seconds_since(t));
          if (code >= 300) {
            ++errors;
            std::lock_guard l(mutex);
            complaint = "status " + std::to_string(code);
          }
        }
      } catch (const std::exception& e) {
        ++errors;
        std::lock_guard l(mutex);
        complaint = e.what();
        ++ready;
      }
      std::lock_guard l(mutex);
      all.insert(all.end(), mine.begin(), mine.end());
    });
  while (ready < connections) std::this_thread::yield();
  start = now();
  go = true;
  for (auto& t : threads) t.join();
  if (took != nullptr) *took = seconds_since(start);
  CHECK_MESSAGE(errors == 0, complaint);
  return all;
}

void report(const std::string& name, const std::vector<double>& latencies, double took) {
  print(name + "_rate", static_cast<double>(latencies.size()) / took, "1/s");
  print_latency(name, latencies);
}

}  // namespace

TEST_CASE("load") {
  raise_file_limit();
  Cluster c;
  for (int connections : {1, 16, 64}) {
    const std::string suffix = "_" + std::to_string(connections);
    double took = 0;
    auto latencies = drive(c, connections, kSeconds, INT64_MAX,
                           [&](Connection& x, int64_t n) { return x.request("POST", kBase, "application/json", config_map("cm" + std::to_string(connections) + "-" + std::to_string(n), "0")); }, &took);
    report("create" + suffix, latencies, took);
    latencies = drive(c, connections, kSeconds, INT64_MAX,
                      [&](Connection& x, int64_t n) { return x.request("GET", kBase + "/cm" + std::to_string(connections) + "-" + std::to_string(n % 1000)); }, &took);
    report("get" + suffix, latencies, took);
    latencies = drive(c, connections, kSeconds, INT64_MAX,
                      [&](Connection& x, int64_t n) {
                        return x.request("PATCH", kBase + "/cm" + std::to_string(connections) + "-" + std::to_string(n % 1000), "application/merge-patch+json",
                                         R"({"data":{"seq":")" + std::to_string(n) + "\"}}");
                      }, &took);
    report("patch" + suffix, latencies, took);
  }
  double took = 0;
  auto paced = drive(c, 64, kSeconds, INT64_MAX,
                     [&](Connection& x, int64_t n) { return x.request("POST", kBase, "application/json", config_map("paced-" + std::to_string(n), "0")); }, &took, 10000);
  report("create_64_at_10000", paced, took);
  print("server_pss_after_load", pss_mb({c.server.process().pid()}), "MB");
}

TEST_CASE("list") {
  Cluster c;
  drive(c, 16, 600, 10000, [&](Connection& x, int64_t n) { return x.request("POST", kBase, "application/json", config_map("cm-" + std::to_string(n), "0")); });
  std::string body;
  double took = 0;
  auto one = drive(c, 1, 60, 10, [&](Connection& x, int64_t) { return x.request("GET", kBase, "", "", &body); }, &took);
  CHECK(body.size() > 10000u * kPayload);
  print_latency("list_10000_1", one);
  auto four = drive(c, 4, 60, 40, [&](Connection& x, int64_t) { return x.request("GET", kBase); }, &took);
  print_latency("list_10000_4", four);
  print("list_10000_bytes", static_cast<double>(body.size()) / 1e6, "MB");
  print("server_pss_10000_configmaps", pss_mb({c.server.process().pid()}), "MB");
}

TEST_CASE("watchers") {
  raise_file_limit();
  Cluster c;
  constexpr int kWatchers = 100, kUpdates = 1000;
  c.must({"create", "configmap", "beat", "--from-literal=seq=start"});
  const std::string revision = c.jsonpath("configmap/beat", "{.metadata.resourceVersion}");
  Target target = Target::from_kubeconfig(c.server.kubeconfig());
  std::vector<std::atomic<int64_t>> sent(kUpdates);
  TimePoint epoch = now();
  std::atomic<int> ready{0};
  std::atomic<int64_t> delivered{0};
  std::mutex mutex;
  std::vector<double> all;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWatchers; ++w)
    threads.emplace_back([&] {
      std::vector<double> mine;
      try {
        enter_netns(c.server.netns());
        Connection x(target);
        int code = x.start_watch(kBase + "?watch=1&fieldSelector=metadata.name%3Dbeat&resourceVersion=" + revision);
        ++ready;
        std::string_view line;
        while (code == 200 && mine.size() < kUpdates && x.read_line(line)) {
          size_t at = line.find("\"seq\":\"");
          if (at == std::string_view::npos) continue;
          int n = std::atoi(line.data() + at + 7);
          double latency = seconds_since(epoch) - static_cast<double>(sent[static_cast<size_t>(n)].load()) / 1e9;
          mine.push_back(latency);
          ++delivered;
        }
      } catch (const std::exception&) {
        ++ready;
      }
      std::lock_guard l(mutex);
      all.insert(all.end(), mine.begin(), mine.end());
    });
  test::wait_for("the watchers", [&] { return ready == kWatchers; });
  std::thread updater([&] {
    enter_netns(c.server.netns());
    Connection x(target);
    for (int i = 0; i < kUpdates; ++i) {
      sent[static_cast<size_t>(i)] = static_cast<int64_t>(seconds_since(epoch) * 1e9);
      (void)x.request("PATCH", kBase + "/beat", "application/merge-patch+json", R"({"data":{"seq":")" + std::to_string(i) + "\"}}");
    }
  });
  updater.join();
  test::wait_for("all events", [&] { return delivered == int64_t{kWatchers} * kUpdates; });
  for (auto& t : threads) t.join();
  print_latency("watch_100", all);
}

TEST_CASE("idle watches") {
  raise_file_limit();
  Cluster c;
  constexpr int kWatches = 1000;
  Target target = Target::from_kubeconfig(c.server.kubeconfig());
  const std::string revision = c.jsonpath("configmap/kube-root-ca.crt", "{.metadata.resourceVersion}");
  auto settle = [] { std::this_thread::sleep_for(std::chrono::seconds(5)); };
  settle();
  double before = pss_mb({c.server.process().pid()});
  std::vector<std::unique_ptr<Connection>> watches;
  std::thread opener([&] {
    enter_netns(c.server.netns());
    for (int i = 0; i < kWatches; ++i) {
      watches.push_back(std::make_unique<Connection>(target));
      if (watches.back()->start_watch("/api/v1/namespaces/default/secrets?watch=1&resourceVersion=" + revision) != 200) return;
    }
  });
  opener.join();
  REQUIRE(watches.size() == kWatches);
  settle();
  print("memory_per_idle_watch", (pss_mb({c.server.process().pid()}) - before) * 1024 / kWatches, "kB");
}
