#include "base/executor.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <set>
#include <stdexcept>

#include "base/guarded.h"

using namespace skerry;

TEST_CASE("executor: runs what it is given, at most so much at once, and survives an exception") {
  SystemClock clock;
  Executor executor(3, clock);
  std::atomic<int> running{0}, most{0}, done{0};
  std::promise<void> all;
  executor.post([] { throw std::runtime_error("expected by this test"); });
  for (int i = 0; i < 200; ++i)
    executor.post([&] {
      int now = ++running;
      int before = most;
      while (now > before && !most.compare_exchange_weak(before, now)) {}
      std::this_thread::yield();
      --running;
      if (++done == 200) all.set_value();
    });
  REQUIRE(all.get_future().wait_for(seconds(30)) == std::future_status::ready);
  CHECK(most <= 3);
}

namespace {

// Stands still until it is let go: what is set meanwhile is set at the same moment, however busy the machine.
class HeldClock final : public Clock {
 public:
  WallTime now() const override { return real_.now(); }
  MonoTime mono() const override { return held_ ? start_ : real_.mono(); }
  void let_go() { held_ = false; }

 private:
  SystemClock real_;
  const MonoTime start_ = real_.mono();
  std::atomic<bool> held_{true};
};

}  // namespace

TEST_CASE("executor: timers run in order of their due time, and a cancelled one never") {
  HeldClock clock;
  Executor executor(1, clock);
  Guarded<std::vector<int>> order;
  std::promise<void> last;
  executor.post_after(milliseconds(60), [&] {
    order.lock()->push_back(3);
    last.set_value();
  });
  executor.post_after(milliseconds(20), [&] { order.lock()->push_back(2); });
  executor.post_after(milliseconds(0), [&] { order.lock()->push_back(1); });
  auto never = executor.post_after(milliseconds(30), [&] { order.lock()->push_back(99); });
  CHECK(executor.cancel(never));
  CHECK(!executor.cancel(never));
  CHECK(!executor.cancel(12345));
  clock.let_go();
  REQUIRE(last.get_future().wait_for(seconds(30)) == std::future_status::ready);
  CHECK(*order.lock() == std::vector<int>{1, 2, 3});
}

TEST_CASE("executor: stop finishes what runs, drops the rest, and may be called twice") {
  SystemClock clock;
  std::atomic<int> ran{0};
  std::promise<void> started, release;
  auto released = release.get_future();
  Executor executor(1, clock);
  executor.post([&] {
    started.set_value();
    released.wait();
    ++ran;
  });
  executor.post([&] { ++ran; });
  executor.post_after(std::chrono::hours(1), [&] { ++ran; });
  started.get_future().wait();
  std::thread stopper([&] { executor.stop(); });
  // Whatever is posted once stopping has begun is dropped; before, it waits behind the running work and is dropped too.
  executor.post([&] { ++ran; });
  while (executor.post_after(seconds(0), [&] { ++ran; }) != 0) std::this_thread::yield();
  release.set_value();
  stopper.join();
  executor.stop();
  CHECK(ran == 1);
  CHECK(executor.post_after(seconds(0), [] {}) == 0);
}

TEST_CASE("executor: work may post more work and timers") {
  SystemClock clock;
  Executor executor(2, clock);
  std::promise<void> done;
  std::function<void(int)> step = [&](int n) {
    if (n == 0) done.set_value();
    else if (n % 2) executor.post([&, n] { step(n - 1); });
    else executor.post_after(milliseconds(1), [&, n] { step(n - 1); });
  };
  executor.post([&] { step(10); });
  CHECK(done.get_future().wait_for(seconds(30)) == std::future_status::ready);
}
