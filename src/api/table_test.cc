#include "api/table.h"

#include <doctest/doctest.h>

#include "api/catalog.h"

using namespace skerry;
using namespace skerry::api;

namespace {
const WallTime kNow = *parse_rfc3339("2020-01-02T00:00:00Z");

Json cells(const Gvr& gvr, const char* text) {
  static const Catalog catalog;
  Json table = table_of(*catalog.find(gvr), *Object::from_json(Json::parse(text)), kNow);
  CHECK(table["columnDefinitions"].size() == table["rows"][0]["cells"].size());
  return table["rows"][0]["cells"];
}
}  // namespace

TEST_CASE("table: durations as kubectl prints them") {
  using namespace std::chrono_literals;
  struct { std::chrono::nanoseconds d; const char* want; } cases[] = {
      {-5s, "<invalid>"}, {-500ms, "0s"}, {0s, "0s"}, {119s, "119s"}, {120s, "2m"}, {125s, "2m5s"}, {10min, "10m"}, {179min, "179m"},
      {3h, "3h"}, {185min, "3h5m"}, {8h, "8h"}, {47h, "47h"}, {48h, "2d"}, {51h, "2d3h"}, {24h * 8, "8d"}, {24h * 729, "729d"}, {24h * 731, "2y1d"}, {24h * 365 * 9, "9y"}};
  for (auto& c : cases) CHECK(human_duration(c.d) == c.want);
}

TEST_CASE("table: pods tell what their containers do") {
  auto status = [](const char* text) { return cells(kPods, text)[2]; };
  Json running = cells(kPods, R"({"metadata":{"name":"a","creationTimestamp":"2020-01-01T23:59:00Z"},"spec":{"nodeName":"n","containers":[{},{}]},
    "status":{"phase":"Running","podIP":"10.0.0.1","containerStatuses":[{"ready":true,"state":{"running":{}}},
    {"restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"finishedAt":"2020-01-01T23:59:50Z"}}}]}})");
  CHECK(json::dump(running) == R"x(["a","1/2","CrashLoopBackOff","2 (10s ago)","60s","10.0.0.1","n","<none>","<none>"])x");
  CHECK(status(R"({"spec":{"containers":[{}],"initContainers":[{"name":"i"},{"name":"j"}]},"status":{"phase":"Pending",
    "initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},{"name":"j","state":{"running":{}}}]}})") == "Init:1/2");
  CHECK(status(R"({"status":{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":3}}}]}})") == "ExitCode:3");
  CHECK(status(R"({"status":{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}})") == "Completed");
  CHECK(status(R"({"metadata":{"deletionTimestamp":"2020-01-01T23:59:00Z"},"status":{"phase":"Running"}})") == "Terminating");
}

TEST_CASE("table: other kinds, and the kinds without columns of their own") {
  CHECK(json::dump(cells(kServices, R"({"metadata":{"name":"s"},"spec":{"type":"NodePort","clusterIP":"10.43.0.9","selector":{"a":"b"},"ports":[{"port":80,"nodePort":30080,"protocol":"TCP"}]}})")) ==
        R"(["s","NodePort","10.43.0.9","<none>","80:30080/TCP","<unknown>","a=b"])");
  CHECK(json::dump(cells(kNodes, R"({"metadata":{"name":"n","labels":{"node-role.kubernetes.io/control-plane":""}},"spec":{"unschedulable":true},
    "status":{"conditions":[{"type":"Ready","status":"True"}],"nodeInfo":{"kubeletVersion":"v1.36.0"}}})")[1]) == "\"Ready,SchedulingDisabled\"");
  CHECK(cells(kDeployments, R"({"metadata":{"name":"d"},"spec":{"replicas":3},"status":{"readyReplicas":1}})")[1] == "1/3");
  CHECK(cells(Gvr{"flowcontrol.apiserver.k8s.io", "v1", "flowschemas"}, R"({"metadata":{"name":"x"}})").size() == 2);
  static const Catalog catalog;
  for (const auto& row : catalog.all()) {
    if (!row->stored) continue;
    Json table = table_of(*row, *Object::from_json(Json::parse(R"({"metadata":{"name":"x"}})")), kNow);
    CAPTURE(row->kind);
    CHECK(table["columnDefinitions"].size() == table["rows"][0]["cells"].size());
  }
}

TEST_CASE("table: includeObject and headers") {
  static const Catalog catalog;
  auto object = Object::from_json(Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","resourceVersion":"7"},"data":{"a":"b"}})"));
  auto row = catalog.find(kConfigMaps);
  Json meta = table_of(*row, *object, kNow);
  CHECK(meta["rows"][0]["object"]["kind"] == "PartialObjectMetadata");
  CHECK(!meta["rows"][0]["object"].contains("data"));
  CHECK(meta["metadata"]["resourceVersion"] == "7");
  TableOptions options{IncludeObject::kObject, false, "v1beta1"};
  List list{{object}, 9, "", std::nullopt};
  Json full = table_of_list(*row, list, kNow, options);
  CHECK(full["rows"][0]["object"]["data"]["a"] == "b");
  CHECK(full["columnDefinitions"].is_null());
  CHECK(full["apiVersion"] == "meta.k8s.io/v1beta1");
  CHECK(!parse_include_object("x"));
}
