// The commands of `kubectl config` in one process. What the stock client prints is compared by test/kubectl/config_diff.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kubectl/config/commands.h"
#include "kubectl/main.h"

using namespace skerry;
using namespace skerry::kubectl;
using kubeconfig::Config;

namespace {

struct Run {
  int code = 0;
  std::string out, err;
};

struct Folder {
  Folder() {
    char name[] = "/tmp/skerry-kubectl-config-XXXXXX";
    REQUIRE(mkdtemp(name));
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  std::string path;

  Run operator()(std::vector<std::string> args) const {
    args.insert(args.begin(), "config");
    args.insert(args.end(), {"--kubeconfig", path + "/k"});
    std::istringstream in;
    std::ostringstream out, err;
    Run run;
    run.code = run_kubectl(args, {in, out, err});
    run.out = out.str();
    run.err = err.str();
    return run;
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path + "/" + name) << text; }
};

Config some_config() {
  Config config;
  config.clusters["c"].value = {{"server", "https://c"}, {"certificate-authority-data", "aGk="}};
  config.clusters["d"].value = {{"server", "https://d"}};
  config.users["u"].value = {{"token", "t"}, {"password", "p"}, {"client-key-data", "aGk="}, {"username", "n"}};
  config.contexts["x"].value = {{"cluster", "c"}, {"user", "u"}};
  config.contexts["y"].value = {{"cluster", "none"}, {"user", "u"}};
  config.current_context = "x";
  return config;
}

}  // namespace

TEST_CASE("kubectl config: entries are made, changed, chosen, renamed and deleted") {
  Folder kubectl;
  CHECK(kubectl({"set-cluster", "c", "--server=https://c", "--tls-server-name=name"}).out == "Cluster \"c\" set.\n");
  CHECK(kubectl({"set-credentials", "u", "--username=a", "--password=b"}).out == "User \"u\" set.\n");
  CHECK(kubectl({"set-credentials", "u", "--token=t"}).code == 0);
  CHECK(kubectl({"set-context", "x", "--cluster=c", "--user=u", "-n", "web"}).out == "Context \"x\" created.\n");
  CHECK(kubectl({"set-context", "x", "--user=u"}).out == "Context \"x\" modified.\n");
  CHECK(kubectl({"use", "x"}).out == "Switched to context \"x\".\n");
  CHECK(kubectl({"get-contexts"}).out == "CURRENT   NAME   CLUSTER   AUTHINFO   NAMESPACE\n*         x      c         u          web\n");
  const Run view = kubectl({"view"});
  CHECK(view.out == R"(apiVersion: v1
clusters:
- cluster:
    server: https://c
    tls-server-name: name
  name: c
contexts:
- context:
    cluster: c
    namespace: web
    user: u
  name: x
current-context: x
kind: Config
users:
- name: u
  user:
    token: REDACTED
)");
  CHECK(kubectl({"view", "--raw", "-o", "jsonpath={.users[0].user.token}"}).out == "t");
  CHECK(kubectl({"rename-context", "x", "y"}).out == "Context \"x\" renamed to \"y\".\n");
  CHECK(kubectl({"current-context"}).out == "y\n");
  const Run deleted = kubectl({"delete-context", "y"});
  CHECK(deleted.out == "deleted context y from " + kubectl.path + "/k\n");
  CHECK(deleted.err == "warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n");
  const Run missing = kubectl({"use-context", "nope"});
  CHECK(missing.code == 1);
  CHECK(missing.err == "error: no context exists with the name: \"nope\"\n");
  CHECK(kubectl({"set-context", "a", "--current"}).err == "error: you cannot specify both a context name and --current\n");
}

TEST_CASE("kubectl config: a plugin's command stays as it was given") {
  // The stock client writes a path below the kubeconfig's folder as a bare name and then looks for it in PATH.
  Folder kubectl;
  CHECK(kubectl({"set-credentials", "u", "--exec-command=" + kubectl.path + "/plugin", "--exec-api-version=client.authentication.k8s.io/v1"}).code == 0);
  CHECK(kubectl({"view", "-o", "jsonpath={.users[0].user.exec.command}"}).out == kubectl.path + "/plugin");
  CHECK(kubectl({"set-credentials", "u", "--exec-env=A=1", "--exec-env=B=2,C=3"}).code == 0);
  CHECK(kubectl({"set-credentials", "u", "--exec-env=A-"}).code == 0);
  CHECK(kubectl({"view", "-o", "jsonpath={.users[0].user.exec.env[*].value}"}).out == "2,C=3");
}

TEST_CASE("kubectl config: certificates by name, or inside") {
  Folder kubectl;
  kubectl.write("ca.pem", "hi");
  const std::string ca = "--certificate-authority=" + kubectl.path + "/ca.pem";
  CHECK(kubectl({"set-cluster", "c", ca}).code == 0);
  CHECK(kubectl({"view", "-o", "jsonpath={.clusters[0].cluster.certificate-authority}"}).out == "ca.pem");
  CHECK(kubectl({"view", "--flatten", "-o", "jsonpath={.clusters[0].cluster.certificate-authority-data}"}).out == "aGk=");
  CHECK(kubectl({"set-cluster", "c", ca, "--embed-certs"}).code == 0);
  CHECK(kubectl({"view", "-o", "jsonpath={.clusters[0].cluster}"}).out == R"({"certificate-authority-data":"DATA+OMITTED","server":""})");
  CHECK(kubectl({"set-cluster", "c", "--insecure-skip-tls-verify"}).code == 0);
  CHECK(kubectl({"view", "-o", "jsonpath={.clusters[0].cluster}"}).out == R"({"insecure-skip-tls-verify":true,"server":""})");
}

TEST_CASE("kubectl config: properties by path") {
  Config config = some_config();
  const auto set = [&](const std::string& path, const std::string& value, bool raw = false) {
    auto done = config::set_property(config, path, value, raw);
    return done ? std::string() : done.error().message;
  };
  CHECK(set("clusters.my.cluster.server", "https://x") == "");
  CHECK(config.clusters["my.cluster"].value["server"] == "https://x");
  CHECK(set("clusters.c.certificate-authority-data", "raw", true) == "");
  CHECK(config.clusters["c"].value["certificate-authority-data"] == "cmF3");
  CHECK(set("clusters.c.insecure-skip-tls-verify", "yes") == "strconv.ParseBool: parsing \"yes\": invalid syntax");
  CHECK(set("clusters.c.certificate-authority-data", "!") == "error decoding input value: illegal base64 data at input byte 0");
  CHECK(set("users.u.act-as", "me") == "");
  CHECK(config.users["u"].value["as"] == "me");
  CHECK(set("users.u.exec.command", "x") == "unable to parse one or more field values of users.u.exec.command");
  CHECK(set("clusters.c", "x").starts_with("can't set a map to a value"));
  CHECK(set("foo", "x") == "unable to parse foo after [] at api.Config");
  CHECK_FALSE(config.clusters.contains("c.foo"));
  CHECK(config::unset_property(config, "users.u.act-as"));
  CHECK_FALSE(config.users["u"].value.contains("as"));
  CHECK(config::unset_property(config, "clusters.nope.server").error().message == "current map key `nope` is invalid");
  CHECK(config::unset_property(config, "contexts"));
  CHECK(config.contexts.empty());
}

TEST_CASE("kubectl config: what view leaves out") {
  Config config = some_config();
  config::redact(config);
  CHECK(config.users["u"].value == Json{{"token", "REDACTED"}, {"password", "REDACTED"}, {"client-key-data", "DATA+OMITTED"}, {"username", "n"}});
  CHECK(config.clusters["c"].value["certificate-authority-data"] == "DATA+OMITTED");
  REQUIRE(config::minify(config, ""));
  CHECK(config.clusters.size() == 1);
  CHECK(config.contexts.size() == 1);
  CHECK(config::minify(config, "nope").error().message == "cannot locate context nope");
  config = some_config();
  CHECK(config::minify(config, "y").error().message == "cannot locate cluster none");
  config.current_context.clear();
  CHECK(config::minify(config, "").error().message == "current-context must exist in order to minify");
}
