#include <doctest/doctest.h>
#include <unistd.h>

#include <mutex>

#include "apiserver/test_server.h"
#include "http/client.h"
#include "http/server.h"

using namespace skerry;
using namespace skerry::apiserver;

namespace {

// A node's HTTPS endpoint that only says what it was asked, and by whom.
class FakeKubelet {
 public:
  explicit FakeKubelet(TestServer& cluster) {
    auto pair = cluster.pki().issue_node_serving("n1", {"127.0.0.1"}, cluster.clock());
    http::ServerOptions options;
    options.tls = http::ServerTls{pair->cert_pem, pair->key_pem, cluster.pki().client_ca().cert_pem()};
    server_ = std::make_unique<http::Server>(std::move(options), [](const http::Request& request, http::ResponseWriter& writer) {
      std::string who = request.peer && request.peer->verified ? request.peer->common_name : "nobody";
      std::string authorization(request.headers.get("Authorization"));
      writer.send(200, "text/plain", who + " " + request.method + " " + request.target + " [" + authorization + "]");
    });
    REQUIRE(server_->start());
  }
  uint16_t port() const { return server_->port(); }

 private:
  std::unique_ptr<http::Server> server_;
};

}  // namespace

TEST_CASE("connect: logs and proxies reach the node and the pod, errors are Statuses") {
  TestServer cluster((std::filesystem::temp_directory_path() / ("skerry-connect-" + std::to_string(getpid()))).string());
  FakeKubelet kubelet(cluster);
  auto admin = cluster.control_plane().client("test");
  REQUIRE(admin->create(api::kServiceAccounts, "default", {{"metadata", {{"name", "default"}}}}));
  auto node = admin->create(api::kNodes, "", {{"metadata", {{"name", "n1"}}}});
  REQUIRE(node);
  Json with_status = (*node)->json();
  with_status["status"]["addresses"] = Json::array({Json{{"type", "InternalIP"}, {"address", "127.0.0.1"}}});
  with_status["status"]["daemonEndpoints"] = {{"kubeletEndpoint", {{"Port", kubelet.port()}}}};
  REQUIRE(admin->update_status(api::kNodes, "", with_status));
  auto make_pod = [&](const std::string& name, const std::string& node_name, Json containers) {
    Json pod = {{"metadata", {{"name", name}}}, {"spec", {{"containers", std::move(containers)}}}};
    if (!node_name.empty()) pod["spec"]["nodeName"] = node_name;
    auto created = admin->create(api::kPods, "default", pod);
    REQUIRE_MESSAGE(created, created.error().message);
  };
  Json one = Json::array({Json{{"name", "c"}, {"image", "i"}}});
  make_pod("one", "n1", one);
  make_pod("two", "n1", Json::array({Json{{"name", "a"}, {"image", "i"}}, Json{{"name", "b"}, {"image", "i"}}}));
  make_pod("waiting", "", one);
  make_pod("lost", "n9", one);

  http::ClientOptions options;
  options.tls.ca_pem = cluster.pki().server_ca().cert_pem();
  options.tls.cert_pem = cluster.pki().admin().cert_pem;
  options.tls.key_pem = cluster.pki().admin().key_pem;
  http::Client http(options);
  auto get = [&](const std::string& path) {
    http::ClientRequest request;
    request.url = cluster.url() + "/api/v1" + path;
    request.headers.set("Authorization", "Bearer for-us-alone");
    auto response = http.send(request);
    REQUIRE_MESSAGE(response, response.error().message);
    return std::to_string(response->status) + " " + response->body;
  };
  const std::string pods = "/namespaces/default/pods/";
  CHECK(get(pods + "one/log?tailLines=5&follow=false&evil=1") ==
        "200 kube-apiserver-kubelet-client GET /containerLogs/default/one/c?follow=false&tailLines=5 []");
  CHECK(get(pods + "two/log?container=b") == "200 kube-apiserver-kubelet-client GET /containerLogs/default/two/b []");
  CHECK(get(pods + "two/log").find("a container name must be specified for pod two, choose one of: [a b]") != std::string::npos);
  CHECK(get(pods + "two/log?container=x").find("container x is not valid for pod two") != std::string::npos);
  CHECK(get(pods + "waiting/log") == "204 ");
  CHECK(get(pods + "lost/log").rfind("404 ", 0) == 0);
  CHECK(get(pods + "none/log").rfind("404 ", 0) == 0);
  CHECK(get(pods + "one/exec?command=ls&stdout=1").rfind("400 ", 0) == 0);  // no upgrade
  CHECK(get("/nodes/n1/proxy/stats/summary?x=1") == "200 kube-apiserver-kubelet-client GET /stats/summary?x=1 []");
  CHECK(get("/nodes/n1/proxy").rfind("301 ", 0) == 0);
  CHECK(get(pods + "one/proxy/x").rfind("503 ", 0) == 0);  // no address yet
  CHECK(get("/namespaces/default/services/kubernetes/proxy/").rfind("503 ", 0) == 0);
}
