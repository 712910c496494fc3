// Pods: how long they take to start, and what each costs.
#include <doctest/doctest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "../bench/http.h"
#include "../bench/measure.h"
#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::bench;
using test::Cluster;

namespace {

const std::string kPods = "/api/v1/namespaces/default/pods";

std::string pod(const std::string& name) {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
         R"("},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"skerry.local/busybox:1","imagePullPolicy":"IfNotPresent","command":["sleep","1000000"]}]}})";
}

// Watches all pods and keeps when each was first seen running, and gone.
class Observer {
 public:
  Observer(Cluster& c, const Target& target) {
    thread_ = std::thread([this, &c, target] {
      enter_netns(c.server.netns());
      connection_ = std::make_unique<Connection>(target);
      connection_->start_watch(kPods + "?watch=1");
      {
        std::lock_guard l(mutex_);
        ready_ = true;
      }
      changed_.notify_all();
      std::string_view line;
      while (connection_->read_line(line)) {
        TimePoint t = now();
        Json event = Json::parse(line, nullptr, false);
        if (!event.is_object()) continue;
        const Json& object = json::find(event, "object");
        std::lock_guard l(mutex_);
        auto& seen = seen_[json::str(object, {"metadata", "name"})];
        if (seen.running == TimePoint() && json::str(object, {"status", "phase"}) == "Running") seen.running = t;
        if (json::str(event, "type") == "DELETED") seen.gone = true;
        changed_.notify_all();
      }
    });
    std::unique_lock l(mutex_);
    changed_.wait(l, [&] { return ready_; });
  }
  ~Observer() {
    connection_->shut_down();
    thread_.join();
  }
  TimePoint wait_running(const std::string& name) {
    std::unique_lock l(mutex_);
    REQUIRE_MESSAGE(changed_.wait_for(l, std::chrono::seconds(120), [&] { return seen_[name].running != TimePoint(); }), name << " did not run");
    return seen_[name].running;
  }
  void wait_gone(const std::string& name) {
    std::unique_lock l(mutex_);
    REQUIRE_MESSAGE(changed_.wait_for(l, std::chrono::seconds(120), [&] { return seen_[name].gone; }), name << " did not go");
  }

 private:
  struct Seen {
    TimePoint running;
    bool gone = false;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Seen> seen_;
  bool ready_ = false;
  std::unique_ptr<Connection> connection_;
  std::thread thread_;
};

// Runs f on a thread inside the server's network.
template <class F>
void inside(Cluster& c, F f) {
  std::string failure;
  std::thread t([&] {
    try {
      enter_netns(c.server.netns());
      f();
    } catch (const std::exception& e) {
      failure = e.what();
    }
  });
  t.join();
  REQUIRE_MESSAGE(failure.empty(), failure);
}

double seconds_between(TimePoint a, TimePoint b) { return std::chrono::duration<double>(b - a).count(); }

}  // namespace

TEST_CASE("pods") {
  Cluster c;
  Target target = Target::from_kubeconfig(c.server.kubeconfig());
  Observer observer(c, target);
  inside(c, [&] {
    Connection x(target);
    std::vector<double> starts, ends;
    for (int i = 0; i < 50; ++i) {
      const std::string name = "one-" + std::to_string(i);
      TimePoint t = now();
      x.request("POST", kPods, "application/json", pod(name));
      starts.push_back(seconds_between(t, observer.wait_running(name)));
      t = now();
      x.request("DELETE", kPods + "/" + name);
      observer.wait_gone(name);
      ends.push_back(seconds_since(t));
    }
    print_latency("pod_start", starts);
    print_latency("pod_end", ends);

    std::vector<double> together;
    std::vector<TimePoint> created;
    TimePoint t = now(), last = t;
    for (int i = 0; i < 30; ++i) {
      created.push_back(now());
      x.request("POST", kPods, "application/json", pod("all-" + std::to_string(i)));
    }
    for (size_t i = 0; i < 30; ++i) {
      TimePoint r = observer.wait_running("all-" + std::to_string(i));
      together.push_back(seconds_between(created[i], r));
      last = std::max(last, r);
    }
    print("pods_30_all_running", seconds_between(t, last), "s");
    print_latency("pods_30_start", together);
  });
}

TEST_CASE("pod memory") {
  Cluster c;
  Target target = Target::from_kubeconfig(c.server.kubeconfig());
  Observer observer(c, target);
  inside(c, [&] {
    Connection x(target);
    auto settle = [] { std::this_thread::sleep_for(std::chrono::seconds(30)); };
    settle();
    auto before = skerry_processes(c.server.dir());
    double all_before = pss_mb(before), server_before = pss_mb({c.server.process().pid()});
    for (int i = 0; i < 50; ++i) {
      x.request("POST", kPods, "application/json", pod("m-" + std::to_string(i)));
      observer.wait_running("m-" + std::to_string(i));
    }
    settle();
    auto after = skerry_processes(c.server.dir());
    double all_after = pss_mb(after), server_after = pss_mb({c.server.process().pid()});
    print("pods_50_processes", static_cast<double>(after.size()), "processes");
    print("pod_memory", (all_after - all_before) * 1024 / 50, "kB");
    print("pod_memory_in_server", (server_after - server_before) * 1024 / 50, "kB");
    double cpu = cpu_seconds(after);
    std::this_thread::sleep_for(std::chrono::seconds(30));
    print("pods_50_cpu", (cpu_seconds(after) - cpu) / 30 * 100, "%");
  });
}
