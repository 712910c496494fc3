#include "agent/backoff.h"

#include <doctest/doctest.h>

#include <vector>

using namespace skerry;
using namespace skerry::agent;

TEST_CASE("backoff: doubles up to the longest, begins anew after a quiet time") {
  Backoff b(seconds(10), seconds(300));
  MonoTime now{};
  CHECK(b.delay("x").count() == 0);
  std::vector<int64_t> got;
  for (int i = 0; i < 7; ++i) {
    b.next("x", now);
    got.push_back(b.delay("x").count() / 1000);
    now += seconds(60);
  }
  CHECK(got == std::vector<int64_t>{10, 20, 40, 80, 160, 300, 300});
  CHECK(b.waiting("x", now, now + seconds(299)));
  CHECK_FALSE(b.waiting("x", now, now + seconds(300)));
  b.next("x", now + seconds(700));
  CHECK(b.delay("x") == seconds(10));
}

TEST_CASE("durations read as Go prints them") {
  CHECK(go_duration(seconds(10)) == "10s");
  CHECK(go_duration(seconds(80)) == "1m20s");
  CHECK(go_duration(seconds(300)) == "5m0s");
  CHECK(go_duration(milliseconds(1234)) == "1.234s");
  CHECK(go_duration(milliseconds(15)) == "15ms");
}
