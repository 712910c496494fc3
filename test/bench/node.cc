// A node at rest: memory, processor, disk; how long it takes to start.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <unistd.h>

#include "../bench/http.h"
#include "../bench/measure.h"
#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::bench;
using test::Cluster;
using test::Machine;

namespace {

void rest(int seconds) { std::this_thread::sleep_for(std::chrono::seconds(seconds)); }

// Seconds from fork until /readyz says ok, asked on a new connection every millisecond.
double start_until_ready(Machine& m) {
  TimePoint start = now();
  m.start_server();
  double took = -1;
  std::thread asker([&] {
    enter_netns(m.netns());
    Target target = Target::anonymous();
    while (took < 0 && seconds_since(start) < 30) {
      try {
        Connection x(target);
        if (x.request("GET", "/readyz") == 200) took = seconds_since(start);
      } catch (const std::exception&) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  asker.join();
  REQUIRE_MESSAGE(took > 0, "not ready within 30 seconds");
  return took;
}

void print_minute(const std::string& name, const std::string& dir) {
  auto pids = skerry_processes(dir);
  double cpu = cpu_seconds(pids), written = written_kb(pids);
  rest(60);
  pids = skerry_processes(dir);
  print(name + "_cpu", (cpu_seconds(pids) - cpu) / 60 * 100, "%");
  print(name + "_written", written_kb(pids) - written, "kB/min");
}

}  // namespace

TEST_CASE("size") { print("executable", static_cast<double>(std::filesystem::file_size(test::skerry())) / 1e6, "MB"); }

TEST_CASE("start") {
  test::Lan lan;
  Machine m(lan, "node-1");
  print("ready_first_start", start_until_ready(m) * 1000, "ms");
  std::vector<double> again;
  for (int i = 0; i < 7; ++i) {
    // Until it serves there is nothing to stop cleanly.
    REQUIRE(m.stop() == 0);
    again.push_back(start_until_ready(m));
  }
  print("ready_again_p50", percentile(again, 0.5) * 1000, "ms");
  print("ready_again_max", percentile(again, 1) * 1000, "ms");
}

TEST_CASE("idle") {
  Cluster c;
  rest(60);
  auto pids = skerry_processes(c.server.dir());
  print("idle_server_pss", pss_mb(pids), "MB");
  print("idle_server_rss", rss_mb(pids), "MB");
  print_minute("idle_server", c.server.dir());
}

TEST_CASE("idle agent") {
  Cluster c;
  // An executable of its own, so that it does not share its pages with the server's process.
  const std::string copy = c.server.dir() + "/skerry-agent", original = test::skerry();
  std::filesystem::copy_file(original, copy);
  setenv("SKERRY", copy.c_str(), 1);
  {
    Machine m(c.lan, "node-2");
    m.start_agent("https://" + c.server.ip() + ":6443", c.token());
    c.wait_node("node-2");
    rest(60);
    print("idle_agent_pss", pss_mb(skerry_processes(m.dir())), "MB");
    print("idle_agent_rss", rss_mb(skerry_processes(m.dir())), "MB");
    print_minute("idle_agent", m.dir());
    m.stop();
  }
  setenv("SKERRY", original.c_str(), 1);
}

namespace {

// Processes that run `sleep <marker>`.
int count_sleepers(const std::string& marker) {
  int n = 0;
  for (auto& e : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(e.path() / "cmdline", std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (text.str() == std::string("sleep\0", 6) + marker + '\0') ++n;
  }
  return n;
}

}  // namespace

// A node loses power, and comes back while its server cannot be reached.
TEST_CASE("offline") {
  Cluster c;
  Machine m(c.lan, "node-2");
  const std::string url = "https://" + c.server.ip() + ":6443", token = c.token();
  m.start_agent(url, token);
  c.wait_node("node-2");
  const std::string marker = std::to_string(1000000 + getpid());
  for (int i = 0; i < 10; ++i)
    c.apply("apiVersion: v1\nkind: Pod\nmetadata: {name: p" + std::to_string(i) +
            "}\nspec: {nodeName: node-2, terminationGracePeriodSeconds: 0, containers: [{name: c, image: 'skerry.local/busybox:1', "
            "imagePullPolicy: IfNotPresent, command: [sleep, '" + marker + "']}]}\n");
  test::wait_for("ten pods", [&] { return count_sleepers(marker) == 10; });
  rest(5);
  c.server.stop();
  m.power_cut();
  REQUIRE(count_sleepers(marker) == 0);
  TimePoint start = now();
  m.start_agent(url, token);
  while (count_sleepers(marker) < 10 && seconds_since(start) < 60) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(count_sleepers(marker) == 10);
  print("offline_reboot_10_pods", seconds_since(start), "s");
}
