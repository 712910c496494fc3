// logs, exec, attach and port-forward with kubectl of before (SPDY) and after (WebSocket) the change of protocol.
#include <doctest/doctest.h>

#include <signal.h>

#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::test;

namespace {

Cluster& with_pod() {
  Cluster& c = shared_cluster();
  static bool made = false;
  if (!made) {
    c.apply(R"(apiVersion: v1
kind: Pod
metadata: {name: talk}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: counter, image: "skerry.local/busybox:1", command: [sh, -c, "for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; exec cat"], stdin: true}
  - {name: echo, image: "skerry.local/busybox:1", command: [cat], stdin: true}
  - {name: web, image: "skerry.local/demo:1"}
)");
    c.wait_ready("talk");
    // Ready is a container that has started: what it prints may come later.
    wait_for("the counter's output", [&] { return c.kubectl({"logs", "talk", "-c", "counter"}).out.find("oops") != std::string::npos; });
    made = true;
  }
  return c;
}

}  // namespace

TEST_CASE("logs: whole, tail, timestamps, since, follow") {
  if (!can_run_nodes()) return;
  Cluster& c = with_pod();
  for (const std::string version : {"1.20", "1.32"}) {
    CAPTURE(version);
    auto logs = [&](std::vector<std::string> more) {
      std::vector<std::string> args{"logs", "talk", "-c", "counter"};
      args.insert(args.end(), more.begin(), more.end());
      return c.kubectl(args, {}, version).out;
    };
    CHECK(logs({}) == "line 1\nline 2\nline 3\nline 4\nline 5\noops\n");
    CHECK(logs({"--tail=2"}) == "line 5\noops\n");
    CHECK(logs({"--tail=1", "--timestamps"}).find("Z oops") != std::string::npos);
    CHECK(logs({"--since=1h", "--tail=1"}) == "oops\n");
    CHECK(logs({"--limit-bytes=6"}) == "line 1");
  }
  Output none = c.kubectl({"logs", "talk", "-c", "counter", "-p"});
  CHECK(none.code != 0);
  CHECK(none.err.find("previous terminated container") != std::string::npos);
}

TEST_CASE("exec: output, error stream, exit code, input, terminal") {
  if (!can_run_nodes()) return;
  Cluster& c = with_pod();
  for (const std::string version : {"1.20", "1.32"}) {
    CAPTURE(version);
    Output o = c.kubectl({"exec", "talk", "-c", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7"}, {}, version);
    CHECK(o.code == 7);
    CHECK(o.out == "out\n");
    CHECK(o.err.find("err\n") != std::string::npos);
    RunOptions in;
    in.input = "through the pipe\n";
    CHECK(c.kubectl({"exec", "-i", "talk", "-c", "web", "--", "cat"}, in, version).out == "through the pipe\n");
    std::string big(200000, 'x');
    in.input = big;
    CHECK(c.kubectl({"exec", "-i", "talk", "-c", "web", "--", "wc", "-c"}, in, version).out.find("200000") != std::string::npos);
    // A terminal of a given size: script(1) gives kubectl one.
    std::string command = tool("kubectl-" + version) + " exec -it talk -c web -- sh -c 'tty; until [ \"$(stty size)\" != \"0 0\" ]; do sleep 0.1; done; stty size'";
    RunOptions tty;
    tty.env["KUBECONFIG"] = c.server.kubeconfig();
    Output t = c.server.run({"script", "-qec", "stty rows 33 cols 77; " + command, "/dev/null"}, tty);
    // See Cluster::kubectl() about such clients.
    for (int i = 0; i < 5 && t.out.find("Unknown stream id") != std::string::npos; ++i) t = c.server.run({"script", "-qec", "stty rows 33 cols 77; " + command, "/dev/null"}, tty);
    CHECK_MESSAGE(t.out.find("/dev/pts/") != std::string::npos, t.out);
    CHECK_MESSAGE(t.out.find("33 77") != std::string::npos, t.out);
    CHECK(c.kubectl({"exec", "talk", "-c", "nobody", "--", "true"}, {}, version).code != 0);
    CHECK(c.kubectl({"exec", "talk", "-c", "web", "--", "/no/such/program"}, {}, version).code != 0);
  }
}

TEST_CASE("attach and port-forward") {
  if (!can_run_nodes()) return;
  Cluster& c = with_pod();
  int port = 18080;
  for (const std::string version : {"1.20", "1.32"}) {
    CAPTURE(version);
    RunOptions options;
    options.netns = c.server.netns();
    options.env["KUBECONFIG"] = c.server.kubeconfig();
    ++port;
    std::string log = c.server.dir() + "/forward-" + version;
    Background forward({tool("kubectl-" + version), "port-forward", "pod/talk", std::to_string(port) + ":8080"}, options, log);
    wait_for("an answer through the forwarded port", [&] {
      return c.server.run({"curl", "-s", "-f", "-m", "2", "http://127.0.0.1:" + std::to_string(port)}).out.find("hello from talk") == 0;
    });
    for (int i = 0; i < 5; ++i)
      CHECK(c.server.run({"curl", "-s", "-f", "-m", "30", "http://127.0.0.1:" + std::to_string(port)}).code == 0);
    forward.signal(SIGINT);
    forward.wait();

    std::string attached = c.server.dir() + "/attach-" + version;
    Background attach({"sh", "-c", "(echo ping-" + version + "; sleep 30) | " + tool("kubectl-" + version) + " attach -i talk -c echo"}, options, attached);
    wait_for("the echo of what was typed", [&] { return read_file(attached).find("ping-" + version) != std::string::npos; });
  }
}

TEST_CASE("attach: with stdinOnce the end of the client's input is the end of the container's") {
  if (!can_run_nodes()) return;
  Cluster& c = with_pod();
  for (const std::string version : {"1.20", "1.36"}) {  // SPDY's half-closed stream, WebSocket's closed channel
    CAPTURE(version);
    RunOptions in;
    in.input = "x\n";
    Output o = c.kubectl({"run", "once", "-i", "--rm", "--restart=Never", "--image=skerry.local/busybox:1", "--", "cat"}, in, version);
    CHECK_MESSAGE(o.code == 0, o.err);
    CHECK_MESSAGE(o.out.starts_with("x\n"), o.out);
  }
}

TEST_CASE("debug: an ephemeral container sees the processes of its target, runs once and ends with its pod") {
  if (!can_run_nodes()) return;
  Cluster& c = with_pod();
  c.apply(R"(apiVersion: v1
kind: Pod
metadata: {name: patient}
spec:
  terminationGracePeriodSeconds: 0
  restartPolicy: Never
  containers:
  - {name: app, image: "skerry.local/busybox:1", command: [sh, -c, "until [ -e /tmp/end ]; do sleep 0.1; done"]}
)");
  c.wait_ready("patient");
  auto ephemeral = [&](const std::string& name) {
    const Json pod = c.get("pod", "patient");
    for (auto& s : json::array_or_empty(json::find(pod, {"status", "ephemeralContainerStatuses"})))
      if (json::str(s, "name") == name) return s;
    return Json();
  };
  RunOptions in;
  in.input = "read command < /proc/1/cmdline; echo first process: $command; ls /proc/1/root/bin/sh; exit 3\n";
  Output o = c.kubectl({"debug", "-i", "patient", "--image=skerry.local/busybox:1", "--target=app", "-c", "look", "--", "sh"}, in, "1.36");
  CHECK_MESSAGE(o.out.find("until [ -e /tmp/end ]") != std::string::npos, o.out << o.err);
  CHECK_MESSAGE(o.out.find("/proc/1/root/bin/sh") != std::string::npos, o.out << o.err);
  wait_for("its end in the status", [&] { return json::integer(json::find(ephemeral("look"), {"state", "terminated"}), "exitCode") == 3; });
  CHECK(c.kubectl({"logs", "patient", "-c", "look"}).out.find("first process") != std::string::npos);

  Output on = c.kubectl({"debug", "patient", "--image=skerry.local/busybox:1", "-c", "stay", "--", "sh", "-c", "echo here; exec sleep 10000"}, {}, "1.36");
  CHECK_MESSAGE(on.code == 0, on.err);
  wait_for("the second one", [&] { return json::find(ephemeral("stay"), {"state", "running"}).is_object(); });
  const std::string id = json::str(ephemeral("stay"), "containerID");
  CHECK(c.kubectl({"exec", "patient", "-c", "stay", "--", "echo", "in it"}).out == "in it\n");
  const Json pod = c.get("pod", "patient");
  CHECK(json::str(pod, {"status", "phase"}) == "Running");
  CHECK(json::integer(ephemeral("look"), "restartCount", -1) == 0);

  // The pod is over with its own container.
  c.must({"exec", "patient", "-c", "app", "--", "touch", "/tmp/end"});
  wait_for("the pod's end", [&] { return json::str(c.get("pod", "patient"), {"status", "phase"}) == "Succeeded"; });
  CHECK(json::find(ephemeral("stay"), {"state", "terminated"}).is_object());
  CHECK(json::str(ephemeral("stay"), "containerID") == id);
}

TEST_CASE("exec: a refusal is said once, in the words of Kubernetes") {
  if (!can_run_nodes()) return;
  Cluster& c = with_pod();
  c.apply(R"(apiVersion: v1
kind: Pod
metadata: {name: never}
spec:
  containers:
  - {name: app, image: "skerry.local/absent:1", imagePullPolicy: Never}
)");
  wait_for("the node's word", [&] { return !json::array_or_empty(json::find(c.get("pod", "never"), {"status", "containerStatuses"})).empty(); });
  CHECK(c.kubectl({"exec", "never", "--", "true"}, {}, "1.20").err == "error: unable to upgrade connection: container not found (\"app\")\n");
  CHECK(c.kubectl({"exec", "never", "--", "true"}, {}, "1.36").err ==
        "error: Internal error occurred: unable to upgrade connection: container not found (\"app\")\n");
}
