#include "client/work_queue.h"

#include <doctest/doctest.h>

#include <map>

#include "base/random.h"

using skerry::client::WorkQueue;

TEST_CASE("workqueue: a key added while it is processed is handed out again, but not before done") {
  WorkQueue q;
  CHECK(q.add("a"));
  CHECK_FALSE(q.add("a"));
  CHECK(q.take() == "a");
  CHECK(q.add("a"));
  CHECK_FALSE(q.take());
  q.done("a");
  CHECK(q.take() == "a");
  q.done("a");
  CHECK_FALSE(q.take());
}

TEST_CASE("workqueue: against a model, no key is lost and none is processed twice at once") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    skerry::SeededRandom random(seed);
    WorkQueue q;
    std::map<std::string, bool> pending, running;
    for (int i = 0; i < 500; ++i) {
      std::string key(1, static_cast<char>('a' + random.below(5)));
      switch (random.below(3)) {
        case 0:
          q.add(key);
          pending[key] = true;
          break;
        case 1:
          if (auto k = q.take()) {
            CHECK(pending[*k]);
            CHECK_FALSE(running[*k]);
            pending[*k] = false;
            running[*k] = true;
          }
          break;
        default:
          if (running[key]) {
            q.done(key);
            running[key] = false;
          }
      }
    }
    for (auto& [key, is] : running)
      if (is) q.done(key);
    size_t left = 0;
    while (auto k = q.take()) {
      CHECK(pending[*k]);
      ++left;
    }
    size_t expected = 0;
    for (auto& [key, is] : pending) expected += is;
    CHECK(left == expected);
  }
}
