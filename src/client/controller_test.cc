#include "client/controller.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <map>
#include <mutex>

using namespace skerry;
using client::Controller;
using client::Outcome;

namespace {

struct Recorder : client::Reconciler {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, int> runs;
  std::map<std::string, int> running;
  bool twice_at_once = false;
  std::function<Result<Outcome>(const std::string&, int)> act;

  Result<Outcome> reconcile(const client::Key& key) override {
    int n;
    {
      std::lock_guard l(mutex);
      n = ++runs[key];
      if (++running[key] > 1) twice_at_once = true;
    }
    struct Leave {
      Recorder& r;
      const std::string& key;
      ~Leave() {
        std::lock_guard l(r.mutex);
        --r.running[key];
        r.changed.notify_all();
      }
    } leave{*this, key};
    return act ? act(key, n) : Outcome{};
  }
  bool wait_runs(const std::string& key, int n) {
    std::unique_lock l(mutex);
    return changed.wait_for(l, seconds(60), [&] { return runs[key] >= n && running[key] == 0; });
  }
};

}  // namespace

TEST_CASE("controller: keys wait until ready, then run; errors and requeues run again") {
  SystemClock clock;
  Executor executor(3, clock);
  Recorder r;
  r.act = [](const std::string& key, int n) -> Result<Outcome> {
    if (key == "fails twice" && n <= 2) return internal_error("no");
    if (key == "throws once" && n == 1) throw std::runtime_error("oh");
    if (key == "again" && n == 1) return Outcome{milliseconds(5)};
    return Outcome{};
  };
  Controller c("test", r, executor, 2);
  std::atomic<bool> ready{false};
  for (auto key : {"plain", "fails twice", "throws once", "again"}) c.enqueue(key);
  c.start([&] { return ready.load(); });
  executor.post([&] { ready = true; });
  CHECK(r.wait_runs("plain", 1));
  CHECK(r.wait_runs("fails twice", 3));
  CHECK(r.wait_runs("throws once", 2));
  CHECK(r.wait_runs("again", 2));
  c.stop();
  CHECK_FALSE(r.twice_at_once);
  CHECK(c.stats().errors == 3);
}

TEST_CASE("controller: one key never runs twice at once, and an addition during a run is not lost") {
  SystemClock clock;
  Executor executor(4, clock);
  Recorder r;
  Controller c("test", r, executor, 4);
  c.start();
  for (int i = 0; i < 2000; ++i) c.enqueue(std::to_string(i % 3));
  for (int i = 0; i < 3; ++i) CHECK(r.wait_runs(std::to_string(i), 1));
  int before;
  {
    std::lock_guard l(r.mutex);
    before = r.runs["0"];
  }
  c.enqueue("0");
  CHECK(r.wait_runs("0", before + 1));
  CHECK_FALSE(r.twice_at_once);
}

TEST_CASE("controller: of several delays for one key the earliest counts, once") {
  SystemClock clock;
  Executor executor(1, clock);
  Recorder r;
  Controller c("test", r, executor);
  c.start();
  c.enqueue_after("k", seconds(3600));
  c.enqueue_after("k", milliseconds(20));
  c.enqueue_after("k", milliseconds(10));
  CHECK(r.wait_runs("k", 1));
  c.enqueue_after("other", milliseconds(40));
  CHECK(r.wait_runs("other", 1));
  c.stop();
  CHECK(r.runs["k"] == 1);
}
