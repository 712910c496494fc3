#include "agent/probes.h"

#include <doctest/doctest.h>

using namespace skerry::agent;

TEST_CASE("probes: thresholds count consecutive results") {
  ProbeCounter ready(ProbeType::kReadiness, 2, 3);
  CHECK_FALSE(ready.good());
  CHECK_FALSE(ready.add(true));
  CHECK(ready.add(true));
  CHECK(ready.good());
  CHECK_FALSE(ready.add(false));
  CHECK_FALSE(ready.add(false));
  CHECK_FALSE(ready.add(true));
  CHECK(ready.good());
  CHECK_FALSE(ready.add(false));
  CHECK_FALSE(ready.add(false));
  CHECK(ready.add(false));
  CHECK_FALSE(ready.good());
}

TEST_CASE("probes: liveness is good until the failure threshold, startup not until it succeeds") {
  ProbeCounter live(ProbeType::kLiveness, 1, 2), startup(ProbeType::kStartup, 1, 2);
  CHECK(live.good());
  CHECK_FALSE(live.add(false));
  CHECK(live.good());
  CHECK(live.add(false));
  CHECK(live.failed());
  CHECK_FALSE(startup.good());
  CHECK_FALSE(startup.failed());
  CHECK(startup.add(true));
  CHECK(startup.good());
}
