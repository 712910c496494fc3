// Two nodes: joining, pods and Services across, DNS, node ports.
#include <doctest/doctest.h>

#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::test;

namespace {

std::string url(Cluster& c) { return "https://" + c.server.ip() + ":6443"; }

std::string pod_on(const std::string& name, const std::string& node) {
  return R"(apiVersion: v1
kind: Pod
metadata: {name: )" + name + R"(, labels: {app: cross}}
spec:
  nodeName: )" + node + R"(
  terminationGracePeriodSeconds: 0
  containers: [{name: web, image: "skerry.local/demo:1"}]
---
)";
}

}  // namespace

TEST_CASE("two nodes: pods reach each other and Services reach both, by address and by name") {
  if (!can_run_nodes()) return;
  Cluster c;
  Machine agent(c.lan, "node-2");
  agent.start_agent(url(c), c.token());
  c.wait_node("node-2");

  c.apply(pod_on("one", "node-1") + pod_on("two", "node-2") + R"(apiVersion: v1
kind: Service
metadata: {name: cross}
spec:
  type: NodePort
  selector: {app: cross}
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: cross}, ports: [{name: http, port: 8080}]}
)");
  c.wait_ready("one");
  c.wait_ready("two");
  auto from = [&](const std::string& pod, const std::string& target) {
    return c.kubectl({"exec", pod, "--", "timeout", "10", "wget", "-q", "-O", "-", "http://" + target}).out;
  };
  std::string ip1 = c.jsonpath("pod/one", "{.status.podIP}"), ip2 = c.jsonpath("pod/two", "{.status.podIP}");
  wait_for("pod to pod over the tunnel", [&] { return from("one", ip2 + ":8080").find("hello from two") == 0; });
  CHECK(from("two", ip1 + ":8080").find("hello from one") == 0);
  for (std::string pod : {"one", "two"}) {
    bool saw_one = false, saw_two = false;
    wait_for("both backends from " + pod, [&] {
      std::string answer = from(pod, "cross");
      saw_one = saw_one || answer.find("hello from one") == 0;
      saw_two = saw_two || answer.find("hello from two") == 0;
      return saw_one && saw_two;
    });
  }
  wait_for("both addresses by name", [&] {
    std::string names = c.kubectl({"exec", "one", "--", "nslookup", "headless.default.svc.cluster.local"}).out;
    return names.find(ip1) != std::string::npos && names.find(ip2) != std::string::npos;
  });
  CHECK(c.must({"exec", "two", "--", "nslookup", "kubernetes.default.svc.cluster.local"}).find("10.43.0.1") != std::string::npos);
  CHECK(c.kubectl({"exec", "two", "--", "nslookup", "nobody.default.svc.cluster.local"}).code != 0);

  // Node ports answer on every node, from outside and from the node itself.
  for (const std::string& ip : {c.server.ip(), agent.ip()}) {
    RunOptions outside;
    outside.netns = c.lan.netns();
    wait_for("node port on " + ip, [&] { return run({"curl", "-s", "-f", "-m", "2", "http://" + ip + ":30080"}, outside).out.find("hello") == 0; });
  }
  CHECK(agent.run({"curl", "-s", "-f", "-m", "30", "http://" + agent.ip() + ":30080"}).out.find("hello") == 0);
  CHECK(c.must({"logs", "two"}).find("Traceback") == std::string::npos);
}

TEST_CASE("joining needs the right token of the right cluster, and a name of one's own") {
  if (!can_run_nodes()) return;
  Cluster c;
  std::string token = c.token();
  auto refused = [&](const std::string& with, const std::string& because) {
    Machine m(c.lan, "stranger");
    m.start_agent(url(c), with);
    int code = m.process().wait(std::chrono::seconds(60));
    CHECK(code != 0);
    std::string log = read_file(m.log_path());
    CHECK_MESSAGE(log.find(because) != std::string::npos, log);
  };
  std::string wrong_secret = token.substr(0, token.rfind(':') + 1) + "0123456789abcdef";
  refused(wrong_secret, "nauthorized");
  std::string wrong_ca = token;
  wrong_ca[5] = wrong_ca[5] == '0' ? '1' : '0';
  refused(wrong_ca, "CA");
  CHECK(c.get("node", "stranger").is_null());

  Machine first(c.lan, "node-2"), second(c.lan, "node-2");
  first.start_agent(url(c), token);
  c.wait_node("node-2");
  second.start_agent(url(c), token);
  CHECK(second.process().wait(std::chrono::seconds(60)) != 0);
  CHECK(c.jsonpath("node/node-2", "{.status.addresses[?(@.type==\"InternalIP\")].address}") == first.ip());
}
