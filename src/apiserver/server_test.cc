#include "apiserver/server.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "apiserver/test_server.h"
#include "base/strings.h"
#include "http/client.h"

using namespace skerry;
using namespace skerry::apiserver;

namespace {

// One server for all cases: they keep to names of their own.
TestServer& server() {
  static TestServer instance((std::filesystem::temp_directory_path() / ("skerry-apiserver-" + std::to_string(getpid()))).string());
  return instance;
}

http::Client& http_client(bool admin) {
  auto make = [](bool with_certificate) {
    http::ClientOptions options;
    options.tls.ca_pem = server().pki().server_ca().cert_pem();
    if (with_certificate) {
      options.tls.cert_pem = server().pki().admin().cert_pem;
      options.tls.key_pem = server().pki().admin().key_pem;
    }
    return options;
  };
  static http::Client with(make(true)), without(make(false));
  return admin ? with : without;
}

struct Reply {
  int code = 0;
  Json json;
  std::string body;
  http::Headers headers;
};

Reply call(const std::string& method, const std::string& path, const std::string& body = "", http::Headers headers = {}, bool admin = true) {
  http::ClientRequest request;
  request.method = method;
  request.url = server().url() + path;
  request.headers = std::move(headers);
  if (!body.empty()) {
    request.body = make_bytes(body);
    if (!request.headers.has("Content-Type")) request.headers.set("Content-Type", "application/json");
  }
  auto response = http_client(admin).send(request);
  REQUIRE_MESSAGE(response, response.error().message);
  auto json = json::parse_json(response->body);
  return {response->status, json ? *json : Json(), response->body, response->headers};
}

Json config_map(const std::string& name) { return {{"metadata", {{"name", name}}}, {"data", {{"k", "v"}}}}; }

}  // namespace

TEST_CASE("server: anonymous gets health, version and what bootstrap needs, everything else is 401") {
  for (const char* path : {"/healthz", "/livez", "/readyz", "/version", "/cacerts", "/ping"})
    CHECK_MESSAGE(call("GET", path, "", {}, false).code == 200, path);
  for (const char* path : {"/", "/metrics", "/api", "/apis", "/openapi/v2", "/api/v1/namespaces", "/v1-skerry/config", "/nowhere"}) {
    Reply r = call("GET", path, "", {}, false);
    CHECK_MESSAGE(r.code == 401, path);
    CHECK(json::str(r.json, "reason") == "Unauthorized");
  }
  CHECK(call("GET", "/api/v1/namespaces", "", {{"Authorization", "Bearer nonsense"}}, false).code == 401);
}

TEST_CASE("server: create, read, update, patch, delete; conflicts and missing things are Statuses") {
  const std::string all = "/api/v1/namespaces/default/configmaps";
  Reply created = call("POST", all, json::dump(config_map("crud")));
  CHECK(created.code == 201);
  CHECK(call("POST", all, json::dump(config_map("crud"))).code == 409);
  Json object = call("GET", all + "/crud").json;
  CHECK(json::str(object, {"data", "k"}) == "v");
  Json old = object;
  object["data"]["k"] = "w";
  CHECK(call("PUT", all + "/crud", json::dump(object)).code == 200);
  Reply conflict = call("PUT", all + "/crud", json::dump(old));
  CHECK(conflict.code == 409);
  CHECK(json::str(conflict.json, "reason") == "Conflict");
  CHECK(call("PATCH", all + "/crud", R"({"data":{"l":"x"}})", {{"Content-Type", "application/merge-patch+json"}}).json["data"].size() == 2);
  CHECK(call("PATCH", all + "/crud", "a: b", {{"Content-Type", "application/apply-patch+yaml"}}).code == 415);
  CHECK(call("DELETE", all + "/crud?dryRun=All").code == 200);
  CHECK(call("DELETE", all + "/crud").code == 200);
  Reply gone = call("GET", all + "/crud");
  CHECK(gone.code == 404);
  CHECK(json::str(gone.json, "message") == "configmaps \"crud\" not found");
  CHECK(call("POST", "/api/v1/namespaces/nowhere/configmaps", json::dump(config_map("x"))).code == 404);
  CHECK(call("POST", "/api/v1/nonsense", "{}").code == 404);
  CHECK(call("POST", "/api/v1/pods", "{}").code == 405);
  CHECK(call("DELETE", "/api/v1/namespaces/kube-system").code == 403);
}

TEST_CASE("server: bad bodies get the right Status and change nothing") {
  const std::string all = "/api/v1/namespaces/default/configmaps";
  CHECK(call("POST", all, "{\"metadata\":").code == 400);
  CHECK(call("POST", all, std::string(10000, '[')).code == 400);
  CHECK(call("POST", all, "x", {{"Content-Type", "text/plain"}}).code == 415);
  CHECK(call("POST", all, "{}", {{"Accept", "image/png"}}).code == 406);
  Json big = config_map("big");
  big["data"]["k"] = std::string(4 << 20, 'x');
  Reply large = call("POST", all, json::dump(big));
  CHECK(large.code == 413);
  CHECK(json::str(large.json, "reason") == "RequestEntityTooLarge");
  big["data"]["k"] = std::string(7 << 20, 'x');
  CHECK(call("POST", all, json::dump(big)).code == 413);
  CHECK(call("POST", all + "?fieldValidation=Strict", R"({"metadata":{"name":"strict"},"foo":1})").code == 400);
  Reply warned = call("POST", all, R"({"metadata":{"name":"warned"},"data":{"a":"1","a":"2"},"foo":1})");
  CHECK(warned.code == 201);
  CHECK(warned.headers.all("Warning").size() == 2);
  CHECK(call("GET", all + "/big").code == 404);
}

TEST_CASE("server: roles decide, and messages say so") {
  http::Headers as_vera{{"Impersonate-User", "vera"}};
  Reply refused = call("GET", "/api/v1/namespaces/default/secrets", "", as_vera);
  CHECK(refused.code == 403);
  CHECK(json::str(refused.json, "message") ==
        "secrets is forbidden: User \"vera\" cannot list resource \"secrets\" in API group \"\" in the namespace \"default\"");
  Json binding = {{"metadata", {{"name", "vera"}}},
                  {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "system:aggregate-to-view"}}},
                  {"subjects", Json::array({Json{{"kind", "User"}, {"apiGroup", "rbac.authorization.k8s.io"}, {"name", "vera"}}})}};
  CHECK(call("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", json::dump(binding)).code == 201);
  CHECK(call("GET", "/api/v1/namespaces/default/configmaps", "", as_vera).code == 200);  // at once
  CHECK(call("GET", "/api/v1/configmaps", "", as_vera).code == 403);
  CHECK(call("GET", "/api/v1/namespaces/default/configmaps", "", {{"Impersonate-User", "x"}, {"Impersonate-Group", "system:masters"}}).code == 200);
  Reply review = call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                      R"({"spec":{"resourceAttributes":{"verb":"list","resource":"configmaps","namespace":"default"}}})", as_vera);
  CHECK(review.code == 201);
  CHECK(json::boolean(review.json, {"status", "allowed"}));
  CHECK(call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", R"({"spec":{"user":"vera"}})").code == 422);
}

TEST_CASE("server: service account tokens work until what they are bound to is gone") {
  call("POST", "/api/v1/namespaces", R"({"metadata":{"name":"tokens"}})");
  CHECK(call("POST", "/api/v1/namespaces/tokens/pods", R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})").code == 403);
  CHECK(call("POST", "/api/v1/namespaces/tokens/serviceaccounts", R"({"metadata":{"name":"default"}})").code == 201);
  Reply pod = call("POST", "/api/v1/namespaces/tokens/pods", R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})");
  CHECK(pod.code == 201);
  CHECK(json::str(pod.json["spec"]["volumes"][0], "name").rfind("kube-api-access-", 0) == 0);
  Reply token = call("POST", "/api/v1/namespaces/tokens/serviceaccounts/default/token",
                     R"({"spec":{"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"p"}}})");
  REQUIRE(token.code == 201);
  http::Headers bearer{{"Authorization", "Bearer " + json::str(token.json, {"status", "token"})}};
  Reply me = call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", bearer, false);
  CHECK(me.code == 201);
  CHECK(json::str(me.json, {"status", "userInfo", "username"}) == "system:serviceaccount:tokens:default");
  CHECK(call("GET", "/api/v1/namespaces/tokens/secrets", "", bearer, false).code == 403);
  CHECK(call("DELETE", "/api/v1/namespaces/tokens/pods/p?gracePeriodSeconds=0").code == 200);
  CHECK(call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", bearer, false).code == 401);
}

TEST_CASE("server: joining takes the token, and a name belongs to one machine") {
  http::Headers node{{"Authorization", "Basic " + base64_encode("node:" + std::string(TestServer::kServerSecret))}};
  http::Headers wrong{{"Authorization", "Basic " + base64_encode("node:nope")}};
  const std::string body = R"({"nodeName":"n1","nodePassword":"0123456789abcdef0123","addresses":["10.0.0.9"]})";
  CHECK(call("POST", "/v1-skerry/join", body, wrong, false).code == 401);
  Reply joined = call("POST", "/v1-skerry/join", body, node, false);
  REQUIRE(joined.code == 200);
  auto client = auth::parse_certificate(json::str(joined.json, "clientCertificate"));
  REQUIRE(client);
  CHECK(client->common_name == "system:node:n1");
  CHECK(json::str(joined.json, {"config", "clusterDNS"}) == "10.43.0.10");
  CHECK(call("POST", "/v1-skerry/join", R"({"nodeName":"n1","nodePassword":"another-machine-altogether"})", node, false).code == 403);
  CHECK(call("POST", "/v1-skerry/join", R"({"nodeName":"../x","nodePassword":"another-machine-altogether"})", node, false).code == 400);
  CHECK(call("GET", "/api/v1/secrets", "", node, false).code == 403);
}

TEST_CASE("server: a watch delivers what happens, over HTTP and in process") {
  auto admin = server().control_plane().client("test");
  std::mutex mutex;
  std::condition_variable changed;
  std::string local, remote;
  api::Request request;
  request.gvr = api::kConfigMaps;
  request.ns = "kube-public";
  request.options.resource_version = std::to_string(server().registry().revision());
  auto watch = admin->watch(request, [&](std::span<const api::WatchEvent> events) {
    std::lock_guard lock(mutex);
    for (const auto& e : events) local += std::string(api::event_type_name(e.type)) + " ";
    changed.notify_all();
  });
  REQUIRE(watch);

  http::ClientOptions options;
  options.tls.ca_pem = server().pki().server_ca().cert_pem();
  options.tls.cert_pem = server().pki().admin().cert_pem;
  options.tls.key_pem = server().pki().admin().key_pem;
  http::StreamClient streams(options);
  http::ClientRequest get;
  get.timeout = std::chrono::milliseconds(0);
  get.url = server().url() + "/api/v1/namespaces/kube-public/configmaps?watch=true&resourceVersion=" + request.options.resource_version;
  auto handle = streams.start(get, {nullptr,
                                    [&](std::string_view chunk) {
                                      std::lock_guard lock(mutex);
                                      remote += chunk;
                                      changed.notify_all();
                                    },
                                    [](Result<http::ClientResponse>) {}});
  REQUIRE(admin->create(api::kConfigMaps, "kube-public", config_map("w")));
  REQUIRE(admin->remove(api::kConfigMaps, "kube-public", "w"));
  std::unique_lock lock(mutex);
  bool done = changed.wait_for(lock, std::chrono::seconds(60), [&] {
    return local == "ADDED DELETED " && remote.find("\"type\":\"DELETED\"") != std::string::npos;
  });
  CHECK_MESSAGE(done, local << " / " << remote);
  CHECK(remote.rfind("{\"type\":\"ADDED\",\"object\":{", 0) == 0);
}

TEST_CASE("server: tables, also in watches") {
  http::Headers table{{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}};
  Reply list = call("GET", "/api/v1/namespaces", "", table);
  CHECK(json::str(list.json, "kind") == "Table");
  CHECK(json::str(list.json, "apiVersion") == "meta.k8s.io/v1");
  Reply watch = call("GET", "/api/v1/namespaces?watch=true&timeoutSeconds=1", "", table);
  auto lines = split(watch.body, '\n');
  REQUIRE(lines.size() > 4);
  auto first = json::parse_json(lines[0]), second = json::parse_json(lines[1]);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(json::str(*first, {"object", "apiVersion"}) == "meta.k8s.io/v1");
  CHECK(json::find(*first, {"object", "columnDefinitions"}).size() > 2);
  CHECK(json::find(*second, {"object", "columnDefinitions"}).size() == 0);
}

TEST_CASE("server: aggregated roles are filled") {
  for (int i = 0; i < 6000; ++i) {
    auto role = server().registry().find(api::kClusterRoles, "", "admin");
    if (role && role->bytes()->find("poddisruptionbudgets") != std::string::npos && role->bytes()->find("rolebindings") != std::string::npos) break;
    usleep(10000);  // the condition is what counts; this only paces the polling
  }
  Reply r = call("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin");
  CHECK(r.body.find("poddisruptionbudgets") != std::string::npos);
  CHECK(r.body.find("rolebindings") != std::string::npos);
}
