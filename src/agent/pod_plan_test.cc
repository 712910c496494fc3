#include "agent/pod_plan.h"

#include <doctest/doctest.h>

#include "agent/pod_status.h"

using namespace skerry;
using namespace skerry::agent;
using runtime::ContainerInfo;
using runtime::ContainerState;

namespace {

const WallTime kNow = *parse_rfc3339("2026-01-02T03:04:05Z");
Json parse(std::string_view text) { return json::parse_json(text).value(); }

Json pod_json(const std::string& policy, const std::string& inits = "[]", const std::string& containers = R"([{"name":"a","image":"i"}])") {
  return parse(R"({"metadata":{"name":"p","namespace":"ns","uid":"u"},"spec":{"restartPolicy":")" + policy + R"(","initContainers":)" + inits +
               R"(,"containers":)" + containers + "}}");
}

Json with_debugger(Json pod) {
  pod["spec"]["ephemeralContainers"] = parse(R"([{"name":"z","image":"i"},{"name":"dbg","image":"i","targetContainerName":"a"}])");
  return pod;
}

ContainerInfo container(const std::string& name, uint32_t attempt, ContainerState state, int exit_code = 0, int seconds_ago = 60, const std::string& sandbox = "s") {
  ContainerInfo c;
  c.id = name + std::to_string(attempt);
  c.sandbox_id = sandbox;
  c.config.name = name;
  c.config.attempt = attempt;
  c.state = state;
  c.exit_code = exit_code;
  c.reason = state == ContainerState::kExited ? (exit_code == 0 ? "Completed" : "Error") : "";
  c.created_at = c.started_at = kNow - seconds(seconds_ago + 10);
  if (state == ContainerState::kExited) c.finished_at = kNow - seconds(seconds_ago);
  return c;
}

Observed seen(std::vector<ContainerInfo> containers, bool ready = true) {
  Observed o;
  o.sandbox.emplace();
  o.sandbox->id = "s";
  o.sandbox->state = ready ? runtime::SandboxState::kReady : runtime::SandboxState::kNotReady;
  o.containers = std::move(containers);
  return o;
}

std::string text_of(const Plan& p) {
  std::string out;
  if (p.new_sandbox) out += "sandbox" + std::to_string(p.sandbox_attempt) + " ";
  for (auto& s : p.start) out += "start:" + s + " ";
  for (auto& k : p.kill) out += "kill:" + k.id + " ";
  for (auto& [n, w] : p.waiting) out += "wait:" + n + " ";
  if (p.stop_sandbox) out += "stop ";
  if (!out.empty()) out.pop_back();
  return out;
}

const auto R = ContainerState::kRunning;
const auto X = ContainerState::kExited;
const char* kInit = R"([{"name":"i1"},{"name":"side","restartPolicy":"Always"},{"name":"i2"}])";

}  // namespace

TEST_CASE("plan: the next step of a pod's life") {
  struct Row { const char* what; Json pod; Observed seen; bool ending; const char* plan; };
  Observed nothing;
  const std::string two = R"([{"name":"a"},{"name":"b"}])";
  std::vector<Row> rows = {
      {"nothing yet: a sandbox", pod_json("Always"), nothing, false, "sandbox0"},
      {"a sandbox: all containers", pod_json("Always", "[]", two), seen({}), false, "start:a start:b"},
      {"all runs", pod_json("Always"), seen({container("a", 0, R)}), false, ""},
      {"a dead sandbox: what runs in it ends first", pod_json("Always"), seen({container("a", 0, R)}, false), false, "kill:a0"},
      {"a dead sandbox: a new one", pod_json("Always"), seen({container("a", 0, X, 137)}, false), false, "sandbox1"},
      {"first init container", pod_json("Always", kInit), seen({}), false, "start:i1"},
      {"init container still runs", pod_json("Always", kInit), seen({container("i1", 0, R)}), false, ""},
      {"then the sidecar", pod_json("Always", kInit), seen({container("i1", 0, X)}), false, "start:side"},
      {"the sidecar runs: the next init container", pod_json("Always", kInit), seen({container("i1", 0, X), container("side", 0, R)}), false, "start:i2"},
      {"all initialised", pod_json("Always", kInit), seen({container("i1", 0, X), container("side", 0, R), container("i2", 0, X)}), false, "start:a"},
      {"init containers run once", pod_json("Always", kInit), seen({container("side", 0, R), container("a", 0, R)}), false, ""},
      {"a failed init container is tried again", pod_json("Always", kInit), seen({container("i1", 0, X, 1)}), false, "start:i1"},
      {"or fails the pod", pod_json("Never", kInit), seen({container("i1", 0, X, 1)}), false, "stop"},
      {"a dead sidecar comes back beside running containers", pod_json("Always", kInit), seen({container("side", 0, X, 1), container("a", 0, R)}), false, "start:side"},
      {"Always: again after success", pod_json("Always"), seen({container("a", 0, X)}), false, "start:a"},
      {"OnFailure: again after failure", pod_json("OnFailure"), seen({container("a", 0, X, 1)}), false, "start:a"},
      {"OnFailure: done", pod_json("OnFailure"), seen({container("a", 0, X)}), false, "stop"},
      {"Never: done, with one of two still running", pod_json("Never", "[]", two), seen({container("a", 0, X, 1), container("b", 0, R)}), false, ""},
      {"done: the sidecar ends too", pod_json("Never", kInit), seen({container("a", 0, X), container("side", 0, R)}), false, "kill:side0"},
      {"ending: ordinary containers first", pod_json("Always", kInit), seen({container("a", 0, R), container("side", 0, R)}), true, "kill:a0"},
      {"ending: then sidecars", pod_json("Always", kInit), seen({container("a", 0, X), container("side", 0, R)}), true, "kill:side0"},
      {"ending: then the sandbox", pod_json("Always", kInit), seen({container("a", 0, X), container("side", 0, X)}), true, "stop"},
      {"ephemeral containers wait for the sandbox only", with_debugger(pod_json("Always", kInit)), seen({container("i1", 0, R)}), false, "start:z start:dbg"},
      {"and run once, whatever their end", with_debugger(pod_json("Always")), seen({container("a", 0, R), container("z", 0, X, 1), container("dbg", 0, X)}), false, ""},
      {"also in a new sandbox", with_debugger(pod_json("Always")), seen({container("a", 0, R), container("z", 0, X, 1, 60, "old"), container("dbg", 0, X, 0, 60, "old")}), false, ""},
      {"they keep no pod alive", with_debugger(pod_json("Never")), seen({container("a", 0, X), container("dbg", 0, R)}), false, "kill:dbg0"},
      {"and end with it", with_debugger(pod_json("Always")), seen({container("a", 0, R), container("dbg", 0, R)}), true, "kill:a0 kill:dbg0"},
      {"done in a dead sandbox stays done", pod_json("OnFailure"), seen({container("a", 0, X)}, false), false, "stop"},
  };
  for (auto& row : rows) {
    CAPTURE(row.what);
    CHECK(text_of(make_plan(model_of(row.pod), row.seen, {}, kNow, row.ending)) == row.plan);
  }
}

TEST_CASE("plan: a crashed container waits for its back-off, counted from its end") {
  auto pod = model_of(pod_json("Always"));
  auto o = seen({container("a", 3, X, 1, 15)});
  Plan p = make_plan(pod, o, {{"a", seconds(40)}}, kNow, false);
  CHECK(text_of(p) == "wait:a");
  CHECK(p.waiting["a"].reason == "CrashLoopBackOff");
  CHECK(p.waiting["a"].message == "back-off 40s restarting failed container=a pod=p_ns(u)");
  REQUIRE(p.wake_after);
  CHECK(*p.wake_after == milliseconds(25005));
  CHECK(text_of(make_plan(pod, o, {{"a", seconds(10)}}, kNow, false)) == "start:a");
}

TEST_CASE("plan: probes and hooks that failed kill their container, and only that") {
  auto pod = model_of(pod_json("Always", "[]", R"([{"name":"a"},{"name":"b"}])"));
  auto o = seen({container("a", 0, R), container("b", 0, R)});
  o.probes["a0"].failed = ProbeType::kLiveness;
  o.probes["a0"].termination_grace_s = 3;
  Plan p = make_plan(pod, o, {}, kNow, false);
  REQUIRE(p.kill.size() == 1);
  CHECK(p.kill[0].message == "Container a failed liveness probe, will be restarted");
  CHECK(p.kill[0].grace_s == 3);
  o.probes.clear();
  o.hook_failed.insert("b0");
  CHECK(text_of(make_plan(pod, o, {}, kNow, false)) == "kill:b0");
}

TEST_CASE("plan: a sidecar that has not started holds the next container back") {
  auto pod = model_of(pod_json("Always", kInit));
  auto o = seen({container("i1", 0, X), container("side", 0, R)});
  o.probes["side0"].started = false;
  CHECK(text_of(make_plan(pod, o, {}, kNow, false)) == "");
}

namespace {
Json status_of(const Json& pod, const Observed& o, const Json& old = Json::object(), std::map<std::string, Waiting> waiting = {}, bool ending = false,
               std::optional<PodFailure> failure = {}, bool init_failed = false) {
  PodModel model = model_of(pod);
  PodFacts facts;
  facts.pod_ips = {"10.42.0.5"};
  facts.host_ip = "192.0.2.7";
  return make_status({.pod = pod, .old_status = old, .model = model, .seen = o, .facts = facts, .waiting = waiting, .now = kNow, .ending = ending,
                      .init_failed = init_failed, .failure = failure, .message_of = nullptr});
}
std::string condition(const Json& status, const char* type) {
  for (auto& c : status["conditions"])
    if (c["type"] == type) return json::str(c, "status") + (c.contains("reason") ? " " + json::str(c, "reason") : "");
  return "<none>";
}
}  // namespace

TEST_CASE("status: phases, conditions and reasons as kubelet writes them") {
  const std::string two = R"([{"name":"b","image":"i"},{"name":"a","image":"i"}])";
  Json s = status_of(pod_json("Always", kInit), seen({container("i1", 0, R)}));
  CHECK(s["phase"] == "Pending");
  CHECK(condition(s, "Initialized") == "False ContainersNotInitialized");
  CHECK(s["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing");
  CHECK(condition(s, "PodReadyToStartContainers") == "True");

  s = status_of(pod_json("Always", "[]", two), seen({container("a", 0, R), container("b", 0, R)}));
  CHECK(s["phase"] == "Running");
  CHECK(condition(s, "Ready") == "True");
  CHECK(s["containerStatuses"][0]["name"] == "a");
  CHECK(s["podIP"] == "10.42.0.5");
  CHECK(s["qosClass"] == "BestEffort");

  s = status_of(pod_json("Always"), seen({container("a", 1, X, 1), container("a", 0, X, 2)}), Json::object(), {{"a", {"CrashLoopBackOff", "back-off"}}});
  CHECK(s["phase"] == "Running");
  CHECK(s["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff");
  CHECK(s["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1);
  CHECK(s["containerStatuses"][0]["restartCount"] == 1);
  CHECK(condition(s, "Ready") == "False ContainersNotReady");

  s = status_of(pod_json("Never", "[]", two), seen({container("a", 0, X), container("b", 0, X)}));
  CHECK(s["phase"] == "Succeeded");
  CHECK(condition(s, "Ready") == "False PodCompleted");
  CHECK(condition(s, "Initialized") == "True PodCompleted");
  s = status_of(pod_json("Never", "[]", two), seen({container("a", 0, X, 3), container("b", 0, X)}));
  CHECK(s["phase"] == "Failed");
  CHECK(condition(s, "ContainersReady") == "False PodFailed");

  s = status_of(pod_json("Never", kInit), seen({container("i1", 0, X, 1)}), Json::object(), {}, true, {}, true);
  CHECK(s["phase"] == "Failed");
  CHECK(s["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing");

  s = status_of(pod_json("Always"), seen({container("a", 0, X, 137)}), parse(R"({"phase":"Running"})"), {}, true);
  CHECK(s["phase"] == "Failed");
  s = status_of(pod_json("Always"), seen({container("a", 0, X, 137)}), parse(R"({"phase":"Running"})"), {}, true, PodFailure{"DeadlineExceeded", "late"});
  CHECK(s["reason"] == "DeadlineExceeded");
}

TEST_CASE("status: ephemeral containers have theirs and count for nothing") {
  Json pod = with_debugger(pod_json("Always", kInit));
  Json s = status_of(pod, seen({container("i1", 0, X), container("side", 0, R), container("i2", 0, X), container("a", 0, R), container("dbg", 0, X, 3)}));
  CHECK(s["phase"] == "Running");
  CHECK(condition(s, "Ready") == "True");
  CHECK(s["containerStatuses"].size() == 1);
  Json& list = s["ephemeralContainerStatuses"];
  REQUIRE(list.size() == 2);
  CHECK(list[0]["name"] == "dbg");
  CHECK(list[0]["state"]["terminated"]["exitCode"] == 3);
  CHECK(list[0]["ready"] == false);
  CHECK_FALSE(list[0].contains("started"));
  CHECK(list[1]["state"]["waiting"]["reason"] == "PodInitializing");

  s = status_of(with_debugger(pod_json("Always")), seen({container("a", 0, R), container("z", 0, R)}));
  CHECK(s["ephemeralContainerStatuses"][1]["state"].contains("running"));
  CHECK(s["ephemeralContainerStatuses"][1]["ready"] == false);
  CHECK(s["ephemeralContainerStatuses"][0]["state"]["waiting"]["reason"] == "ContainerCreating");
  // Still running while its pod is over: not over yet.
  CHECK(status_of(with_debugger(pod_json("Never")), seen({container("a", 0, X), container("z", 0, R)}))["phase"] == "Running");
  // One whose container is lost has ended: it is not made again.
  Json old = parse(R"({"ephemeralContainerStatuses":[{"name":"dbg","containerID":"skerry://x","ready":false,"restartCount":0,"lastState":{},"state":{"running":{}}}]})");
  s = status_of(with_debugger(pod_json("Always")), seen({container("a", 0, R)}), old);
  CHECK(s["ephemeralContainerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown");
}

TEST_CASE("status: times of conditions stay while their status does; others' conditions and ended containers are kept") {
  Json pod = pod_json("Always");
  pod["status"] = parse(R"({"conditions":[{"type":"example.org/gate","status":"True"}]})");
  Json old = parse(R"({"phase":"Running","startTime":"2026-01-01T00:00:00Z","conditions":[
    {"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:01Z"},{"type":"PodScheduled","status":"False","lastTransitionTime":"2026-01-01T00:00:01Z"}],
    "containerStatuses":[{"name":"a","lastState":{"terminated":{"containerID":"skerry://gone","exitCode":9}}}]})");
  Json s = status_of(pod, seen({container("a", 1, R)}), old);
  CHECK(s["startTime"] == "2026-01-01T00:00:00Z");
  for (auto& c : s["conditions"]) {
    if (c["type"] == "Ready") CHECK(c["lastTransitionTime"] == "2026-01-01T00:00:01Z");
    if (c["type"] == "PodScheduled") CHECK(c["lastTransitionTime"] == "2026-01-02T03:04:05Z");
  }
  CHECK(condition(s, "example.org/gate") == "True");
  CHECK(s["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 9);
}
