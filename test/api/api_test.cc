// The API as clients see it, without a node: Status errors, hostile input, authentication, authorisation.
#include <doctest/doctest.h>

#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::test;

namespace {

struct Api {
  Lan lan;
  Machine server{lan, "node-1"};
  Api() {
    server.start_server({"--disable-agent"});
    wait_for("/readyz", [&] {
      REQUIRE_MESSAGE(server.running(), read_file(server.log_path()));
      return kubectl({"get", "--raw", "/readyz"}).out == "ok";
    });
  }
  Output kubectl(std::vector<std::string> args, const std::string& input = "") {
    args.insert(args.begin(), tool("kubectl-1.32"));
    RunOptions o;
    o.input = input;
    o.env["KUBECONFIG"] = server.kubeconfig();
    o.env["HOME"] = server.dir();
    return server.run(args, o);
  }
  // curl with the administrator's certificate unless `more` says otherwise: "<code> <body>".
  std::string curl(const std::string& path, std::vector<std::string> more = {}, bool admin = true, const std::string& input = "") {
    std::vector<std::string> argv{"curl", "-sk", "-w", "\n%{http_code}", "https://127.0.0.1:6443" + path};
    if (admin) {
      std::string tls = server.data_dir() + "/server/tls/";
      argv.insert(argv.end(), {"--cert", tls + "client-admin.crt", "--key", tls + "client-admin.key"});
    }
    argv.insert(argv.end(), more.begin(), more.end());
    RunOptions o;
    o.input = input;
    std::string out = server.run(argv, o).out;
    size_t nl = out.rfind('\n');
    return out.substr(nl + 1) + " " + out.substr(0, nl);
  }
};

Api& api() {
  static Api a;
  return a;
}

}  // namespace

TEST_CASE("objects: create, conflict, patch, watch, delete with kubectl") {
  if (!can_run_nodes()) return;
  Api& a = api();
  CHECK(a.kubectl({"create", "configmap", "cm", "--from-literal=k=v"}).code == 0);
  Output twice = a.kubectl({"create", "configmap", "cm"});
  CHECK(twice.err == "error: failed to create configmap: configmaps \"cm\" already exists\n");
  CHECK(a.kubectl({"patch", "configmap", "cm", "-p", "{\"data\":{\"k\":\"w\"}}"}).code == 0);
  CHECK(a.kubectl({"get", "configmap", "cm", "-o", "jsonpath={.data.k}"}).out == "w");
  CHECK(a.kubectl({"get", "configmap", "none"}).err == "Error from server (NotFound): configmaps \"none\" not found\n");
  CHECK(a.kubectl({"delete", "configmap", "cm"}).out == "configmap \"cm\" deleted\n");
  CHECK(a.kubectl({"get", "namespaces"}).out.find("kube-system") != std::string::npos);
  CHECK(a.kubectl({"api-resources"}).out.find("deployments") != std::string::npos);
  CHECK(a.kubectl({"explain", "deployment.spec.replicas"}).code == 0);
}

TEST_CASE("wrong objects are refused with Kubernetes' words and change nothing") {
  if (!can_run_nodes()) return;
  Api& a = api();
  Output o = a.kubectl({"create", "-f", "-"}, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"Bad_Name"},"spec":{"containers":[]}})");
  CHECK(o.code == 1);
  CHECK_MESSAGE(o.err.find("is invalid") != std::string::npos, o.err);
  CHECK_MESSAGE(o.err.find("spec.containers: Required value") != std::string::npos, o.err);
  CHECK(a.curl("/api/v1/namespaces/default/pods", {"-d", "{not json", "-H", "Content-Type: application/json"}).find("400 ") == 0);
  CHECK(a.curl("/api/v1/namespaces/default/pods", {"-d", "<pod/>", "-H", "Content-Type: application/xml"}).find("415 ") == 0);
  CHECK(a.curl("/api/v1/namespaces/default/nonsense").find("404 ") == 0);
  CHECK(a.curl("/api/v1/namespaces/default/pods?labelSelector=a%3D%3D%3Db").find("400 ") == 0);
  CHECK(a.curl("/api/v1/pods?fieldSelector=spec.nonsense%3Da").find("400 ") == 0);
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "[";
  CHECK(a.curl("/api/v1/namespaces/default/configmaps", {"--data-binary", "@-", "-H", "Content-Type: application/json"}, true, deep).find("400 ") == 0);
  std::string huge = "{\"data\":{\"k\":\"" + std::string(4 << 20, 'x') + "\"}}";
  CHECK(a.curl("/api/v1/namespaces/default/configmaps", {"--data-binary", "@-", "-H", "Content-Type: application/json"}, true, huge).find("413 ") == 0);
  CHECK(a.kubectl({"get", "pods"}).err.find("No resources found") == 0);
  Output ssa = a.kubectl({"apply", "--server-side", "-f", "-"}, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}})");
  CHECK(ssa.code != 0);
  CHECK_MESSAGE(ssa.err.find("not supported yet") != std::string::npos, ssa.err);
}

TEST_CASE("who one is and what one may") {
  if (!can_run_nodes()) return;
  Api& a = api();
  CHECK(a.curl("/healthz", {}, false) == "200 ok");
  CHECK(a.curl("/version", {}, false).find("200 ") == 0);
  CHECK(a.curl("/api/v1/pods", {}, false).find("401 ") == 0);
  CHECK(a.curl("/api/v1/pods", {"-H", "Authorization: Bearer nonsense"}, false).find("401 ") == 0);
  // A certificate of another authority is nobody's.
  std::string dir = a.server.dir();
  run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/O=system:masters/CN=evil", "-keyout", dir + "/evil.key", "-out", dir + "/evil.crt"});
  std::string evil = a.curl("/api/v1/pods", {"--cert", dir + "/evil.crt", "--key", dir + "/evil.key"}, false);
  CHECK_MESSAGE((evil.find("401 ") == 0 || evil.find("000") == 0), evil);

  CHECK(a.kubectl({"create", "serviceaccount", "reader"}).code == 0);
  CHECK(a.kubectl({"create", "role", "reader", "--verb=get,list", "--resource=configmaps"}).code == 0);
  CHECK(a.kubectl({"create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:reader"}).code == 0);
  std::string token = a.kubectl({"create", "token", "reader"}).out;
  while (!token.empty() && token.back() == '\n') token.pop_back();
  std::string bearer = "Authorization: Bearer " + token;
  CHECK(a.curl("/api/v1/namespaces/default/configmaps", {"-H", bearer}, false).find("200 ") == 0);
  std::string secrets = a.curl("/api/v1/namespaces/default/secrets", {"-H", bearer}, false);
  CHECK(secrets.find("403 ") == 0);
  CHECK_MESSAGE(secrets.find("User \\\"system:serviceaccount:default:reader\\\" cannot list resource \\\"secrets\\\" in API group \\\"\\\" in the namespace \\\"default\\\"") != std::string::npos, secrets);
  CHECK(a.curl("/api/v1/namespaces/default/configmaps", {"-X", "DELETE", "-H", bearer}, false).find("403 ") == 0);
  CHECK(a.kubectl({"auth", "can-i", "list", "configmaps", "--as=system:serviceaccount:default:reader"}).out == "yes\n");
  CHECK(a.kubectl({"delete", "serviceaccount", "reader"}).code == 0);
  wait_for("the token to die with its account", [&] { return a.curl("/api/v1/namespaces/default/configmaps", {"-H", bearer}, false).find("401 ") == 0; });
}

TEST_CASE("kinds that nothing acts on yet say so") {
  if (!can_run_nodes()) return;
  Output o = api().kubectl({"create", "-f", "-"}, R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}})");
  CHECK(o.code == 0);
  CHECK_MESSAGE(o.err.find("Warning:") != std::string::npos, o.err);
}

TEST_CASE("kinds that something better has replaced say so, once, whatever is asked of them") {
  if (!can_run_nodes()) return;
  const std::string warning = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n";
  CHECK(api().kubectl({"get", "endpoints", "kubernetes", "-o", "name"}).err == warning);
  CHECK(api().kubectl({"create", "-f", "-", "--dry-run=server"}, R"({"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"e"}})").err == warning);
  CHECK(api().kubectl({"get", "endpointslices", "-o", "name"}).err == "");
}

TEST_CASE("stopping and starting keeps everything") {
  if (!can_run_nodes()) return;
  Api& a = api();
  CHECK(a.kubectl({"create", "namespace", "kept"}).code == 0);
  CHECK(a.server.stop() == 0);
  a.server.start_server({"--disable-agent"});
  wait_for("/readyz", [&] { return a.kubectl({"get", "--raw", "/readyz"}).out == "ok"; });
  CHECK(a.kubectl({"get", "namespace", "kept"}).code == 0);
  CHECK(a.kubectl({"delete", "namespace", "kept"}).code == 0);
  CHECK(a.kubectl({"get", "namespace", "kept"}).code == 1);
}
