#include "kubeconfig/config.h"

#include <doctest/doctest.h>

#include "json/yaml.h"

using namespace skerry;
using namespace skerry::kubeconfig;

namespace {

// The same content through our own YAML writer: its style is tested where it is written.
std::string as_written(std::string_view yaml) { return json::dump_yaml(*json::parse_yaml(yaml)); }

std::string error_of(std::string_view text) {
  auto config = parse_config(text);
  return config ? "" : config.error().message;
}

}  // namespace

TEST_CASE("config: wrong types have Go's words") {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"clusters:\n- name: 123\n", "json: cannot unmarshal number into Go struct field NamedCluster.clusters.name of type string"},
      {"clusters: [{name: x, cluster: 5}]", "json: cannot unmarshal number into Go struct field NamedCluster.clusters.cluster of type v1.Cluster"},
      {"clusters: 5", "json: cannot unmarshal number into Go struct field Config.clusters of type []v1.NamedCluster"},
      {"clusters: [{name: a, cluster: {server: 5}}]", "json: cannot unmarshal number into Go struct field Cluster.clusters.cluster.server of type string"},
      {"users: [{name: a, user: {exec: {args: [1]}}}]", "json: cannot unmarshal number into Go struct field ExecConfig.users.user.exec.args of type string"},
      {"clusters: [{name: a, cluster: {certificate-authority-data: '!'}}]", "illegal base64 data at input byte 0"},
      {"kind: Foo", "no kind \"Foo\" is registered for version \"v1\" in scheme \"k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50\""},
  };
  for (const auto& [text, message] : kCases) CHECK(error_of(text) == message);
  CHECK(error_of("clusters: [{name: a},{name: a}]").starts_with("error converting *[]NamedCluster into *map[string]*api.Cluster: duplicate name \"a\" in list"));
  CHECK(error_of("- x") != "");
  CHECK(error_of("") == "");
  CHECK(error_of("clusters: null\nusers: [null]\n") == "");
}

TEST_CASE("config: written as kubectl writes it, unknown fields kept") {
  auto config = parse_config(R"(
kind: Config
foo: bar
clusters:
- {name: z, cluster: {server: "https://z", insecure-skip-tls-verify: false, zone: 7}}
- {name: a, cluster: {}}
contexts: [{name: "y", context: {namespace: "n"}}]
users:
- {name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x}, token: ""}}
)");
  REQUIRE(config);
  CHECK(dump_config(*config) == as_written(R"(apiVersion: v1
clusters:
- cluster:
    server: ""
  name: a
- cluster:
    server: https://z
    zone: 7
  name: z
contexts:
- context:
    cluster: ""
    namespace: "n"
    user: ""
  name: "y"
current-context: ""
foo: bar
kind: Config
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args: null
      command: x
      env: null
      interactiveMode: IfAvailable
      provideClusterInfo: false
)"));
  auto again = parse_config(dump_config(*config));
  REQUIRE(again);
  CHECK(dump_config(*again) == dump_config(*config));
  CHECK(dump_config_json(Config()) == R"({
    "kind": "Config",
    "apiVersion": "v1",
    "clusters": null,
    "users": null,
    "contexts": null,
    "current-context": ""
}
)");
}
