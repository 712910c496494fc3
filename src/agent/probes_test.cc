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

TEST_CASE("probes: an agent that starts anew goes on with what the status says of the same container") {
  const skerry::Json status = skerry::Json::parse(R"({"containerStatuses":[
    {"name":"a","containerID":"skerry://1","ready":true,"started":true},{"name":"b","containerID":"skerry://2","ready":false,"started":true}],
    "initContainerStatuses":[{"name":"s","containerID":"skerry://3","ready":true,"started":true}]})");
  CHECK(was_good(status, "a", "1", ProbeType::kReadiness));
  CHECK(was_good(status, "s", "3", ProbeType::kReadiness));
  CHECK_FALSE(was_good(status, "a", "9", ProbeType::kReadiness));  // another container by now
  CHECK_FALSE(was_good(status, "b", "2", ProbeType::kReadiness));
  CHECK(was_good(status, "b", "2", ProbeType::kStartup));
  CHECK_FALSE(was_good(skerry::Json::object(), "a", "1", ProbeType::kReadiness));
  ProbeCounter ready(ProbeType::kReadiness, 1, 2, true);
  CHECK(ready.good());
  CHECK_FALSE(ready.add(false));
  CHECK(ready.good());
  CHECK(ready.add(false));
  CHECK_FALSE(ready.good());
}
