// Services without eBPF, and images from a registry.
#include <doctest/doctest.h>

#include <filesystem>

#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::test;

namespace {

Cluster& cluster() {
  static Cluster c({"--service-proxy", "nftables", "--insecure-registry", "10.99.0.1:5000", "--insecure-registry", "10.99.0.1:5001"});
  return c;
}

// A registry on the network, outside of every node.
class Registry {
 public:
  Registry(Cluster& c, int port, bool with_login) : address_(c.lan.address() + ":" + std::to_string(port)), netns_(c.lan.netns()) {
    std::string dir = c.server.dir() + "/registry-" + std::to_string(port);
    std::filesystem::create_directories(dir);
    // bcrypt of "open-sesame".
    write_file(dir + "/users", "puller:$2b$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n");
    write_file(dir + "/config.yml", "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: " + dir + "/data}}\nhttp: {addr: '" + address_ + "'}\n" +
                                        (with_login ? "auth: {htpasswd: {realm: test, path: " + dir + "/users}}\n" : ""));
    RunOptions options;
    options.netns = netns_;
    process_ = std::make_unique<Background>(std::vector<std::string>{tool("docker-registry"), "serve", dir + "/config.yml"}, options, dir + "/log");
    wait_for("the registry", [&] {
      REQUIRE_MESSAGE(process_->running(), read_file(dir + "/log"));
      return run({"curl", "-s", "-m", "2", "http://" + address_ + "/v2/"}, options).code == 0;
    });
  }
  // The image's full name.
  std::string push(const std::string& archive, const std::string& name, const std::string& login = "") {
    std::vector<std::string> argv{"python3", "test/tools/push_image.py", image(archive), "http://" + address_ + "/" + name};
    if (!login.empty()) argv.push_back(login);
    RunOptions options;
    options.netns = netns_;
    Output o = run(argv, options);
    REQUIRE_MESSAGE(o.code == 0, o.err);
    return address_ + "/" + name;
  }
  const std::string& address() const { return address_; }

 private:
  std::string address_, netns_;
  std::unique_ptr<Background> process_;
};

std::string pod(const std::string& name, const std::string& image, const std::string& more = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec:\n  terminationGracePeriodSeconds: 0\n" + more +
         "  containers: [{name: web, image: '" + image + "'}]\n";
}

std::string waiting(Cluster& c, const std::string& pod, const std::string& field) {
  return c.jsonpath("pod/" + pod, "{.status.containerStatuses[0].state.waiting." + field + "}");
}

}  // namespace

TEST_CASE("services by nftables: cluster addresses from pods and host, names, node ports") {
  if (!can_run_nodes()) return;
  Cluster& c = cluster();
  CHECK(read_file(c.server.log_path()).find("service addresses by nftables") != std::string::npos);
  c.apply(R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: demo}
spec:
  replicas: 2
  selector: {matchLabels: {app: demo}}
  template:
    metadata: {labels: {app: demo}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "skerry.local/demo:1", readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}}]
---
apiVersion: v1
kind: Service
metadata: {name: demo}
spec:
  type: NodePort
  selector: {app: demo}
  ports: [{port: 80, targetPort: 8080, nodePort: 30090}]
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
)");
  c.wait_deployment("demo");
  std::string ip = c.jsonpath("service/demo", "{.spec.clusterIP}");
  std::string names = c.jsonpath("pods", "{.items[?(@.metadata.labels.app==\"demo\")].metadata.name}");
  std::string first = names.substr(0, names.find(' ')), second = names.substr(names.find(' ') + 1);

  wait_for("an answer to the host", [&] { return c.server.run({"curl", "-s", "-f", "-m", "5", "http://" + ip}).out.find("hello") == 0; });
  // By name, from a pod; it meets itself (the packet turns round) and its neighbour.
  bool itself = false, neighbour = false;
  wait_for("both backends from a pod", [&] {
    std::string out = c.kubectl({"exec", first, "--", "timeout", "5", "wget", "-q", "-O", "-", "http://demo.default"}).out;
    itself = itself || out.find("hello from " + first) == 0;
    neighbour = neighbour || out.find("hello from " + second) == 0;
    return itself && neighbour;
  });
  CHECK(c.must({"exec", first, "--", "nslookup", "demo.default.svc.cluster.local"}).find(ip) != std::string::npos);
  RunOptions outside;
  outside.netns = c.lan.netns();
  CHECK(run({"curl", "-s", "-f", "-m", "30", "http://" + c.server.ip() + ":30090"}, outside).out.find("hello") == 0);
  CHECK(c.server.run({"curl", "-s", "-f", "-m", "30", "http://" + c.server.ip() + ":30090"}).out.find("hello") == 0);
  CHECK(c.server.run({"curl", "-s", "-f", "-m", "30", "http://127.0.0.1:30090"}).out.find("hello") == 0);
  // Nobody behind it: refused at once (7), not silence until the time is up (28).
  CHECK(c.server.run({"curl", "-s", "-m", "30", "http://" + c.jsonpath("service/nobody", "{.spec.clusterIP}")}).code == 7);

  c.must({"delete", "service", "demo"});
  wait_for("the node port to close", [&] { return run({"curl", "-s", "-m", "2", "http://" + c.server.ip() + ":30090"}, outside).code == 7; });
  c.must({"delete", "deployment/demo", "service/nobody"});
}

TEST_CASE("images come from a registry, by tag and by digest, and a wrong name says what is wrong") {
  if (!can_run_nodes()) return;
  Cluster& c = cluster();
  Registry registry(c, 5000, false);
  std::string name = registry.push("demo-1.oci.tar", "team/demo:one");
  c.apply(pod("pulled", name));
  c.wait_ready("pulled");
  std::string id = c.jsonpath("pod/pulled", "{.status.containerStatuses[0].imageID}");
  CHECK_MESSAGE(id.find(registry.address() + "/team/demo@sha256:") != std::string::npos, id);
  std::string digest = id.substr(id.rfind("@"));
  wait_for("the event of the pull", [&] {
    return c.must({"get", "events", "--field-selector", "involvedObject.name=pulled"}).find("Successfully pulled image \"" + name + "\"") != std::string::npos;
  });
  c.apply(pod("by-digest", registry.address() + "/team/demo" + digest));
  c.wait_ready("by-digest");

  c.apply(pod("missing", registry.address() + "/team/none:1"));
  wait_for("the pull to fail", [&] { return waiting(c, "missing", "reason") == "ErrImagePull" || waiting(c, "missing", "reason") == "ImagePullBackOff"; });
  wait_for("the event of the failure", [&] {
    std::string all = c.must({"get", "events", "--field-selector", "involvedObject.name=missing"});
    return all.find("Failed to pull image \"" + registry.address() + "/team/none:1\"") != std::string::npos && all.find("not found") != std::string::npos;
  });
  c.apply(pod("nonsense", "not//an image"));
  wait_for("InvalidImageName", [&] { return waiting(c, "nonsense", "reason") == "InvalidImageName"; });
  c.must({"delete", "pod", "pulled", "by-digest", "missing", "nonsense"});
}

TEST_CASE("an image behind a login needs its pull secret") {
  if (!can_run_nodes()) return;
  Cluster& c = cluster();
  Registry registry(c, 5001, true);
  std::string name = registry.push("demo-1.oci.tar", "private/demo:one", "puller:open-sesame");
  c.apply(pod("stranger", name));
  wait_for("the pull to be refused", [&] { return waiting(c, "stranger", "reason") == "ErrImagePull" || waiting(c, "stranger", "reason") == "ImagePullBackOff"; });
  wait_for("the reason in an event", [&] {
    std::string all = c.must({"get", "events", "--field-selector", "involvedObject.name=stranger"});
    return all.find("pull access denied") != std::string::npos && all.find("no basic auth credentials") != std::string::npos;
  });
  auto secret = [&](const std::string& as, const std::string& password) {
    c.must({"create", "secret", "docker-registry", as, "--docker-server=" + registry.address(), "--docker-username=puller", "--docker-password=" + password});
  };
  secret("wrong", "shut-sesame");
  secret("right", "open-sesame");
  c.apply(pod("liar", name, "  imagePullSecrets: [{name: wrong}]\n"));
  wait_for("the wrong password to be refused", [&] { return waiting(c, "liar", "reason").find("Pull") != std::string::npos; });
  c.apply(pod("guest", name, "  imagePullSecrets: [{name: right}]\n"));
  c.wait_ready("guest");
  c.must({"delete", "pod", "stranger", "liar", "guest"});
}

TEST_CASE("skerry images: list, remove, import beside a running skerry") {
  if (!can_run_nodes()) return;
  Cluster& c = cluster();
  auto list = [&] {
    Output o = c.server.skerry({"images", "list"});
    REQUIRE_MESSAGE(o.code == 0, o.err);
    return o.out;
  };
  CHECK(list().find("skerry.local/demo:2") != std::string::npos);
  Output removed = c.server.skerry({"images", "remove", "skerry.local/demo:2"});
  CHECK_MESSAGE(removed.code == 0, removed.err);
  CHECK(list().find("skerry.local/demo:2") == std::string::npos);
  auto with_policy = [&](const std::string& name) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec:\n  terminationGracePeriodSeconds: 0\n"
           "  containers: [{name: web, image: 'skerry.local/demo:2', imagePullPolicy: Never}]\n";
  };
  c.apply(with_policy("offline"));
  wait_for("ErrImageNeverPull", [&] { return waiting(c, "offline", "reason") == "ErrImageNeverPull"; });
  Output imported = c.server.skerry({"images", "import", image("demo-2.tar")});
  CHECK_MESSAGE(imported.code == 0, imported.err);
  CHECK(list().find("skerry.local/demo:2") != std::string::npos);
  c.wait_ready("offline");
  c.must({"delete", "pod", "offline"});
  CHECK(c.server.skerry({"images", "remove", "skerry.local/absent:1"}).code != 0);
  std::string broken = c.server.dir() + "/broken.tar";
  write_file(broken, "this is no archive");
  CHECK(c.server.skerry({"images", "import", broken}).code != 0);
}
