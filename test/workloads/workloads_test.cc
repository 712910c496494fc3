// Deployments, probes, crash loops: what users run, on the real executable with real kubectl.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::test;

namespace {

std::string deployment(const std::string& name, const std::string& image, int replicas, const std::string& extra = "") {
  return R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: )" + name + R"(}
spec:
  replicas: )" + std::to_string(replicas) + R"(
  selector: {matchLabels: {app: )" + name + R"(}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
)" + extra + R"(  template:
    metadata: {labels: {app: )" + name + R"(}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: web
        image: )" + image + R"(
        imagePullPolicy: IfNotPresent
        env: [{name: LAME_DUCK, value: "6"}]  # a busy machine may need more than a second to tell everybody
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: )" + name + R"(}
spec:
  selector: {app: )" + name + R"(}
  ports: [{port: 80, targetPort: 8080}]
)";
}

Output fetch(Cluster& c, const std::string& ip) {
  return c.server.run({"curl", "-sS", "-f", "-m", "30", "-w", "\n%{remote_ip} %{time_connect} %{time_total}", "http://" + ip + "/"});
}

std::string service_ip(Cluster& c, const std::string& name) { return c.jsonpath("service/" + name, "{.spec.clusterIP}"); }

}  // namespace

TEST_CASE("a deployment of three answers through its service, and a deleted pod is replaced") {
  if (!can_run_nodes()) return;
  Cluster& c = shared_cluster();
  c.apply(deployment("demo", "skerry.local/demo:1", 3));
  c.wait_deployment("demo");
  std::string ip = service_ip(c, "demo");
  wait_for("an answer through the service", [&] { return fetch(c, ip).out.find("version 1") != std::string::npos; });

  std::string pods = c.jsonpath("pods", "{.items[?(@.metadata.labels.app==\"demo\")].metadata.name}");
  std::string first = pods.substr(0, pods.find(' '));
  c.must({"delete", "pod", first});
  wait_for("three ready replicas again", [&] { return c.jsonpath("deployment/demo", "{.status.readyReplicas}") == "3"; });
  CHECK(c.get("pod", first).is_null());
  c.must({"delete", "deployment,service", "demo"});
}

TEST_CASE("a rolling update under load loses no request, and is undone on request") {
  if (!can_run_nodes()) return;
  Cluster& c = shared_cluster();
  c.apply(deployment("roll", "skerry.local/demo:1", 3));
  c.wait_deployment("roll");
  std::string ip = service_ip(c, "roll");
  wait_for("an answer", [&] { return fetch(c, ip).code == 0; });

  std::atomic<int> good{0}, bad{0};
  std::string complaint;
  std::jthread load([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      Output o = fetch(c, ip);
      if (o.code == 0 && o.out.find("hello") != std::string::npos) {
        ++good;
      } else {
        ++bad;
        complaint += o.err + o.out + "\n";
      }
    }
  });
  c.must({"set", "image", "deployment/roll", "web=skerry.local/demo:2"});
  c.wait_deployment("roll");
  wait_for("version 2 only", [&] {
    for (int i = 0; i < 10; ++i)
      if (fetch(c, ip).out.find("version 2") == std::string::npos) return false;
    return true;
  });
  wait_for("enough requests", [&] { return good > 20; });
  load.request_stop();
  load.join();
  CHECK_MESSAGE(bad == 0, complaint);

  c.must({"rollout", "undo", "deployment/roll"});
  c.wait_deployment("roll");
  wait_for("version 1 again", [&] { return fetch(c, ip).out.find("version 1") != std::string::npos; });
  c.must({"delete", "deployment,service", "roll"});
}

TEST_CASE("a broken image stalls the update while the old pods serve, and rollback mends it") {
  if (!can_run_nodes()) return;
  Cluster& c = shared_cluster();
  c.apply(deployment("broken", "skerry.local/demo:1", 2));
  c.wait_deployment("broken");
  std::string ip = service_ip(c, "broken");
  // Only now: a busy machine may take longer to start the first pods.
  c.must({"patch", "deployment", "broken", "-p", "{\"spec\":{\"progressDeadlineSeconds\":3}}"});
  c.must({"set", "image", "deployment/broken", "web=127.0.0.1:1/no/such:image"});
  wait_for("the pull to fail", [&] {
    std::string reasons = c.jsonpath("pods", "{.items[*].status.containerStatuses[*].state.waiting.reason}");
    return reasons.find("ErrImagePull") != std::string::npos || reasons.find("ImagePullBackOff") != std::string::npos;
  });
  wait_for("ProgressDeadlineExceeded", [&] {
    return c.jsonpath("deployment/broken", "{.status.conditions[?(@.type==\"Progressing\")].reason}") == "ProgressDeadlineExceeded";
  });
  CHECK(c.jsonpath("deployment/broken", "{.status.availableReplicas}") == "2");
  CHECK(fetch(c, ip).code == 0);
  c.must({"patch", "deployment", "broken", "-p", "{\"spec\":{\"progressDeadlineSeconds\":600}}"});
  c.must({"rollout", "undo", "deployment/broken"});
  c.wait_deployment("broken");
  c.must({"delete", "deployment,service", "broken"});
}

TEST_CASE("a container that keeps failing is restarted with back-off") {
  if (!can_run_nodes()) return;
  Cluster& c = shared_cluster();
  c.apply(R"(apiVersion: v1
kind: Pod
metadata: {name: crash}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: "skerry.local/busybox:1", command: [sh, -c, "echo going down; exit 3"]}
)");
  wait_for("CrashLoopBackOff", [&] {
    return c.jsonpath("pod/crash", "{.status.containerStatuses[0].state.waiting.reason}") == "CrashLoopBackOff";
  });
  CHECK(c.jsonpath("pod/crash", "{.status.containerStatuses[0].lastState.terminated.exitCode}") == "3");
  wait_for("the BackOff event", [&] { return c.must({"get", "events"}).find("BackOff") != std::string::npos; });
  CHECK(c.must({"logs", "crash", "-p"}).find("going down") != std::string::npos);
  c.must({"delete", "pod", "crash"});
}

TEST_CASE("probes: readiness gates traffic, liveness restarts, startup holds both back") {
  if (!can_run_nodes()) return;
  Cluster& c = shared_cluster();
  c.apply(R"(apiVersion: v1
kind: Pod
metadata: {name: probed}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: ready
    image: skerry.local/busybox:1
    command: [sleep, "1000"]
    readinessProbe: {exec: {command: [cat, /tmp/ready]}, periodSeconds: 1}
  - name: live
    image: skerry.local/busybox:1
    command: [sh, -c, "touch /tmp/live; sleep 1000"]
    startupProbe: {exec: {command: [cat, /tmp/live]}, periodSeconds: 1, failureThreshold: 30}
    livenessProbe: {exec: {command: [cat, /tmp/live]}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 60}  # slow is not dead
)");
  wait_for("both running", [&] { return c.jsonpath("pod/probed", "{.status.phase}") == "Running"; });
  CHECK(c.jsonpath("pod/probed", "{.status.conditions[?(@.type==\"Ready\")].status}") == "False");
  c.must({"exec", "probed", "-c", "ready", "--", "touch", "/tmp/ready"});
  c.wait_ready("probed");
  c.must({"exec", "probed", "-c", "live", "--", "rm", "/tmp/live"});
  wait_for("a restart", [&] { return c.jsonpath("pod/probed", "{.status.containerStatuses[?(@.name==\"live\")].restartCount}") == "1"; });
  CHECK(c.jsonpath("pod/probed", "{.status.containerStatuses[?(@.name==\"ready\")].restartCount}") == "0");
  c.must({"delete", "pod", "probed"});
}
