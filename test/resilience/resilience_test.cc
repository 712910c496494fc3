// Death and resurrection: of skerry, of its containers, of its server.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::test;

namespace {

const char* kKeeper = R"(apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {greeting: hello}
---
apiVersion: v1
kind: Secret
metadata: {name: hush}
stringData: {password: swordfish}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: keeper}
spec:
  replicas: 2
  selector: {matchLabels: {app: keeper}}
  template:
    metadata: {labels: {app: keeper}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: skerry.local/demo:1
        env:
        - {name: GREETING, valueFrom: {configMapKeyRef: {name: words, key: greeting}}}
        volumeMounts: [{name: hush, mountPath: /hush}]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1, timeoutSeconds: 30}
      volumes: [{name: hush, secret: {secretName: hush}}]
---
apiVersion: v1
kind: Service
metadata: {name: keeper}
spec:
  selector: {app: keeper}
  ports: [{port: 80, targetPort: 8080}]
)";

std::string started(Cluster& c) {
  return c.jsonpath("pods", "{range .items[*]}{.metadata.name}={.status.containerStatuses[0].containerID}@{.status.containerStatuses[0].restartCount} {end}");
}

// Its Service's ready endpoints, and the version of the object that lists them: any change of it is a new one.
std::string endpoints(Cluster& c) {
  return c.kubectl({"get", "endpointslices", "-l", "kubernetes.io/service-name=keeper", "-o",
                    "jsonpath={.items[*].endpoints[*].conditions.ready} {.items[*].metadata.resourceVersion}"}).out;
}

bool answers(const Machine& m, const std::string& ip) {
  return m.run({"curl", "-s", "-f", "-m", "10", "http://" + ip + "/"}).out.find("hello") != std::string::npos;
}

// SIGKILL to every process of a container, behind everybody's back; how many there were.
int kill_container(const Machine& m, const std::string& id) {
  std::set<int> pids;
  for (auto& hierarchy : std::filesystem::directory_iterator("/sys/fs/cgroup")) {
    for (std::filesystem::path root : {hierarchy.path(), std::filesystem::path("/sys/fs/cgroup")}) {
      std::error_code ec;
      for (auto& group : std::filesystem::recursive_directory_iterator(root / ("skerry-" + m.instance()), ec)) {
        if (group.path().filename() != id) continue;
        std::ifstream in(group.path() / "cgroup.procs");
        for (int pid; in >> pid;) pids.insert(pid);
      }
    }
  }
  for (int pid : pids) kill(pid, SIGKILL);
  return static_cast<int>(pids.size());
}

// The node's own copy of the API is written some 200 ms after a change: true when it holds both ready endpoints, and
// both pods with so many restarts.
bool mirrored(const Machine& m, int restarts) {
  const char* count = "import sqlite3,sys\n"
                      "db=sqlite3.connect('file:'+sys.argv[1]+'?mode=ro',uri=True)\n"
                      "rows=db.execute(\"select value from object where collection like 'endpointslices%' and key like '%keeper%'\")\n"
                      "print(sum(bytes(v).decode().count('\"ready\":true') for (v,) in rows))\n"
                      "rows=db.execute(\"select value from object where collection='pods' and key like '%keeper%'\")\n"
                      "print(sum(bytes(v).decode().count('\"restartCount\":'+sys.argv[2]+',') for (v,) in rows))\n";
  return m.run({"python3", "-c", count, m.data_dir() + "/agent/mirror.db", std::to_string(restarts)}).out == "2\n2\n";
}

}  // namespace

TEST_CASE("SIGTERM and a new start: pods run on and are adopted") {
  if (!can_run_nodes()) return;
  Cluster c;
  c.apply(kKeeper);
  c.wait_deployment("keeper");
  std::string before = started(c), ip = c.jsonpath("service/keeper", "{.spec.clusterIP}"), served_by;
  wait_for("both endpoints", [&] { return (served_by = endpoints(c)).starts_with("true true "); });
  CHECK(c.server.stop() == 0);
  CHECK(answers(c.server, ip));
  c.server.start_server();
  c.wait_node("node-1");
  c.wait_deployment("keeper");
  CHECK(started(c) == before);
  // That the node is ready may be what the server remembers of before.
  wait_for("its logs", [&] { return c.kubectl({"logs", "deployment/keeper"}).code == 0; });

  // kill -9, while writes go on: what was acknowledged is there afterwards.
  int acknowledged = 0;
  for (int i = 0; i < 20; ++i) {
    Output o = c.kubectl({"create", "configmap", "n" + std::to_string(i), "--from-literal=i=" + std::to_string(i)});
    if (o.code == 0) ++acknowledged;
    if (i == 15) c.server.kill_hard();
  }
  CHECK(acknowledged >= 16);
  CHECK(answers(c.server, ip));
  c.server.start_server();
  c.wait_node("node-1");
  for (int i = 0; i < acknowledged; ++i) CHECK(c.jsonpath("configmap/n" + std::to_string(i), "{.data.i}") == std::to_string(i));
  CHECK(started(c) == before);
  // Nothing that was ready has been taken out of its Service for a moment, by neither start.
  CHECK(endpoints(c) == served_by);
  CHECK(c.kubectl({"get", "events", "-A", "--field-selector", "reason=NodeNotReady", "-o", "name"}).out == "");
  wait_for("a command in an adopted pod", [&] { return c.kubectl({"exec", "deployment/keeper", "--", "sh", "-c", "true"}).code == 0; });

  // What happens while nobody watches is noticed: a container that ended is restarted, the other one left alone.
  std::string id = c.jsonpath("pods", "{.items[0].status.containerStatuses[0].containerID}");
  id = id.substr(id.rfind('/') + 1);
  c.server.kill_hard();
  REQUIRE(kill_container(c.server, id) > 0);
  c.server.start_server();
  c.wait_node("node-1");
  wait_for("the restart of what ended", [&] { return c.jsonpath("pods", "{.items[*].status.containerStatuses[0].restartCount}") == "1 0"; });
  CHECK(c.jsonpath("pods", "{.items[0].status.containerStatuses[0].lastState.terminated.exitCode}") == "137");
  c.wait_deployment("keeper");
}

TEST_CASE("an agent that lost power starts its pods again while the server cannot be reached, and catches up later") {
  if (!can_run_nodes()) return;
  Cluster c;
  Machine agent(c.lan, "node-2");
  agent.start_agent("https://" + c.server.ip() + ":6443", c.token());
  c.wait_node("node-2");
  c.must({"cordon", "node-1"});
  c.apply(kKeeper);
  c.wait_deployment("keeper");
  std::string ip = c.jsonpath("service/keeper", "{.spec.clusterIP}");
  wait_for("an answer on node-2", [&] { return answers(agent, ip); });

  wait_for("the mirror to be written", [&] { return mirrored(agent, 0); });
  c.server.stop();
  agent.power_cut();
  CHECK_FALSE(answers(agent, ip));
  agent.start_agent("https://" + c.server.ip() + ":6443", "");
  wait_for("the pods again, without a server", [&] { return answers(agent, ip); });

  c.server.start_server();
  c.wait_node("node-1");
  c.wait_node("node-2");
  wait_for("restarts to be reported", [&] { return c.jsonpath("pods", "{.items[*].status.containerStatuses[0].restartCount}") == "1 1"; });
  c.wait_deployment("keeper");
  wait_for("the secret in a pod", [&] { return c.kubectl({"exec", "deployment/keeper", "--", "cat", "/hush/password"}).out == "swordfish"; });

  // The same with a server that takes connections and does not answer: nothing of the start may wait for it.
  wait_for("the mirror to be written", [&] { return mirrored(agent, 1); });
  c.server.process().signal(SIGSTOP);
  agent.power_cut();
  agent.start_agent("https://" + c.server.ip() + ":6443", "");
  wait_for("the pods again, with a server that is silent", [&] { return answers(agent, ip); });
  c.server.process().signal(SIGCONT);
  wait_for("restarts to be reported again", [&] { return c.jsonpath("pods", "{.items[*].status.containerStatuses[0].restartCount}") == "2 2"; });
  c.wait_deployment("keeper");
}
