#include "runtime/registries.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "os/files.h"

using namespace skerry;
using namespace skerry::runtime;

namespace {

// "https://a/v2 repo" for each endpoint.
std::vector<std::string> where(const RegistryOptions& options, const std::string& image) {
  auto ref = parse_reference(image);
  REQUIRE(ref);
  std::vector<std::string> out;
  for (auto& e : endpoints_of(options, *ref)) out.push_back(e.base + " " + e.repository);
  return out;
}
using Places = std::vector<std::string>;

RegistryOptions parsed(const std::string& text) {
  auto options = parse_registries(text, "r.yaml");
  REQUIRE_MESSAGE(options, options.error().message);
  return *options;
}

}  // namespace

TEST_CASE("registries: mirrors in order, then the registry itself; paths as they are written") {
  RegistryOptions o = parsed(R"(
mirrors:
  docker.io:
    endpoint:
    - https://mirror.example:5000
    - "http://plain.example/v2/"
    - https://harbor.example/v2/hub
    - proxy.example/cache/
  registry.example:5000:
    endpoint: localhost:5001
  "*":
    endpoint: ["https://any.example"]
  quay.io:
configs:
)");
  CHECK(where(o, "nginx") == Places{"https://mirror.example:5000/v2 library/nginx", "http://plain.example/v2 library/nginx",
                                    "https://harbor.example/v2/hub library/nginx", "https://proxy.example/cache library/nginx",
                                    "https://registry-1.docker.io/v2 library/nginx"});
  CHECK(where(o, "registry.example:5000/a/b:1") == Places{"http://localhost:5001/v2 a/b", "https://registry.example:5000/v2 a/b"});
  CHECK(where(o, "ghcr.io/a") == Places{"https://any.example/v2 a", "https://ghcr.io/v2 a"});
  CHECK(where(o, "quay.io/a") == Places{"https://quay.io/v2 a"});
  auto endpoints = endpoints_of(o, *parse_reference("ghcr.io/a"));
  CHECK(endpoints[0].ns == "ghcr.io");
  CHECK(endpoints[0].is_mirror);
  CHECK(endpoints[1].ns.empty());
  o.default_endpoint = false;
  CHECK(where(o, "ghcr.io/a") == Places{"https://any.example/v2 a"});
  CHECK(where(o, "quay.io/a") == Places{"https://quay.io/v2 a"});
}

TEST_CASE("registries: which scheme a registry itself is spoken to with") {
  RegistryOptions o;
  o.plain_http = {"plain.example:80"};
  o.configs["127.0.0.1:7000"].tls.given = true;
  CHECK(where(o, "plain.example:80/a") == Places{"http://plain.example:80/v2 a"});
  CHECK(where(o, "localhost:5000/a") == Places{"http://localhost:5000/v2 a"});
  CHECK(where(o, "127.0.0.1:443/a") == Places{"https://127.0.0.1:443/v2 a"});
  CHECK(where(o, "127.0.0.1:7000/a") == Places{"https://127.0.0.1:7000/v2 a"});
}

TEST_CASE("registries: rewrites take the first pattern that changes something, and only at mirrors") {
  RegistryOptions o = parsed(R"--(
mirrors:
  docker.io:
    endpoint: ["https://m.example", "https://registry-1.docker.io/v2"]
    rewrite:
      "^nothing/(.*)": "x/$1"
      "^rancher/(.*)": "mirrorproject/rancher-images/$1"
      "(.*)": "late/$1"
)--");
  CHECK(where(o, "rancher/shell") == Places{"https://m.example/v2 mirrorproject/rancher-images/shell", "https://registry-1.docker.io/v2 mirrorproject/rancher-images/shell"});
  CHECK(where(o, "nginx") == Places{"https://m.example/v2 late/library/nginx", "https://registry-1.docker.io/v2 late/library/nginx"});
  struct { const char *text, *pattern, *replacement, *result; } rows[] = {
      {"library/nginx", "^library/(.*)", "$1", "nginx"},
      {"a/b", "(.*)/(.*)", "${2}-${1}x$$", "b-ax$"},
      {"a/b", "^a/(.*)", "$1x", ""},  // the group "1x", as in Go
      {"v12/app", "v\\d+", "n", "n/app"},
      {"aXbX", "X", "-", "a-b-"},
      {"abc", "z", "y", "abc"},
      {"abc", "^", "p/", "p/abc"},
      {"ab", "x*", "-", "-a-b-"},
      {"a", "(b)?a", "[$1]", "[]"},
  };
  for (auto& r : rows) {
    CAPTURE(r.pattern);
    auto out = rewrite(r.text, r.pattern, r.replacement);
    REQUIRE(out);
    CHECK(*out == r.result);
  }
}

TEST_CASE("registries: credentials and TLS go by the host that is contacted") {
  RegistryOptions o = parsed(R"(
mirrors:
  docker.io: {endpoint: ["https://m.example:5000"]}
configs:
  m.example:5000:
    auth: {username: u, password: p}
    tls: {ca_file: /ca, cert_file: /c, key_file: /k}
  https://old.example:
    auth: {auth: dTpwOnc=}
  docker.io:
    auth: {identity_token: t}
  "*":
    tls: {insecure_skip_verify: true}
)");
  auto docker = endpoints_of(o, *parse_reference("nginx"));
  REQUIRE(docker.size() == 2);
  CHECK(docker[0].config.auth.username == "u");
  CHECK(docker[0].config.tls.ca_file == "/ca");
  CHECK(docker[0].config.tls.key_file == "/k");
  CHECK(docker[1].config.auth.identity_token == "t");
  auto old = endpoints_of(o, *parse_reference("old.example/a"))[0];
  CHECK(old.config.auth.username == "u");
  CHECK(old.config.auth.password == "p:w");
  CHECK(endpoints_of(o, *parse_reference("other.example/a"))[0].config.tls.insecure_skip_verify);
}

TEST_CASE("registries: what is wrong is named with its line") {
  struct { const char *text, *complaint; } rows[] = {
      {"mirors:\n", "r.yaml:1: unknown key \"mirors\" (did you mean \"mirrors\"?)"},
      {"mirrors:\n  docker.io:\n    endpoints: [a]\n", "r.yaml:3: unknown key \"endpoints\" (did you mean \"endpoint\"?)"},
      {"mirrors:\n  docker.io:\n    endpoint: ['ftp://x']\n", "r.yaml:3: \"ftp://x\": an endpoint is https:// or http://"},
      {"mirrors:\n  docker.io:\n    endpoint: ['https://']\n", "r.yaml:3: \"https://\" is no endpoint"},
      {"mirrors:\n  docker.io:\n    endpoint:\n    - {a: b}\n", "r.yaml:4: endpoint is a list of plain text"},
      {"mirrors:\n  docker.io:\n    rewrite:\n      '(': x\n", "r.yaml:4: \"(\" is no regular expression"},
      {"mirrors:\n  docker.io:\n    rewrite:\n      '(?i)x': x\n", "r.yaml:4: \"(?i)x\": (?...) and lazy repetition are not supported"},
      {"mirrors:\n  docker.io:\n    rewrite:\n      '((a{9}){9}){9}': x\n", "r.yaml:4: \"((a{9}){9}){9}\": at most two counts"},
      {"mirrors:\n  docker.io:\n    rewrite:\n      'a{1,101}': x\n", "r.yaml:4: \"a{1,101}\": at most two counts"},
      {"mirrors: [a]\n", "r.yaml:1: mirrors is a mapping"},
      {"mirrors:\n  a: {}\n  a: {}\n", "r.yaml:3: mirrors: \"a\" stands there twice"},
      {"mirrors:\n  'a b': {}\n", "r.yaml:2: \"a b\" is no registry"},
      {"configs:\n  a:\n    tls:\n      insecure_skip_verify: maybe\n", "r.yaml:4: insecure_skip_verify is true or false"},
      {"configs:\n  a:\n    auth:\n      passwort: x\n", "r.yaml:4: unknown key \"passwort\" (did you mean \"password\"?)"},
      {"configs:\n  a:\n    auth:\n      auth: '%%'\n", "r.yaml:4: auth is base64"},
      {"configs:\n  a:\n    tls: {cert_file: /x}\n", "r.yaml:2: \"a\": cert_file and key_file belong together"},
      {"mirrors: {\n", "r.yaml:"},
  };
  for (auto& r : rows) {
    CAPTURE(r.text);
    auto options = parse_registries(r.text, "r.yaml");
    REQUIRE_FALSE(options);
    CAPTURE(options.error().message);
    CHECK(options.error().message.find(r.complaint) == 0);
  }
  CHECK(parse_registries("", "r.yaml"));
}

TEST_CASE("registries: the annotated example says what its comments say") {
  auto text = os::read_file("config/registries.yaml");
  REQUIRE(text);
  auto o = parse_registries(*text, "config/registries.yaml");
  REQUIRE_MESSAGE(o, o.error().message);
  CHECK(where(*o, "nginx") == Places{"https://mirror.harbour.example:5000/v2 mirrored/library/nginx", "https://harbor.example/v2/hub mirrored/library/nginx",
                                     "https://registry-1.docker.io/v2 library/nginx"});
  CHECK(where(*o, "registry.example:5000/a") == Places{"http://10.0.0.5:5000/v2 a", "https://registry.example:5000/v2 a"});
  CHECK(where(*o, "ghcr.io/a")[0] == "https://cache.harbour.example/v2 a");
  auto docker = endpoints_of(*o, *parse_reference("nginx"));
  CHECK(docker[0].config.tls.key_file == "/etc/skerry/client.key");
  CHECK(docker[1].config.auth.password == "secret");
}

TEST_CASE("registries: the file is read again when it changes; a broken one leaves what held before") {
  char name[] = "/tmp/skerry-registries-XXXXXX";
  std::string dir = mkdtemp(name), path = dir + "/registries.yaml";
  RegistryOptions base;
  base.plain_http = {"p.example"};
  RegistriesFile file(path, base);
  auto now = file.current();
  REQUIRE(now);
  CHECK((*now)->mirrors.empty());
  CHECK((*now)->plain_http.contains("p.example"));
  REQUIRE(os::write_file_atomic(path, "mirrors: {a.example: {endpoint: b}}\n"));
  CHECK((*file.current())->mirrors.contains("a.example"));
  CHECK((*file.current())->plain_http.contains("p.example"));
  REQUIRE(os::write_file_atomic(path, "mirrors: {\n"));
  CHECK((*file.current())->mirrors.contains("a.example"));
  REQUIRE(os::write_file_atomic(path, "{}"));
  CHECK((*file.current())->mirrors.empty());

  REQUIRE(os::write_file_atomic(path, "mirrors: 1\n"));
  RegistriesFile fresh(path, {});
  for (int i = 0; i < 2; ++i) {
    auto broken = fresh.current();
    REQUIRE_FALSE(broken);
    CHECK(broken.error().message == path + ":1: mirrors is a mapping");
  }
  REQUIRE(os::remove_file(path));
  CHECK(fresh.current());
  CHECK(os::remove_tree(dir));
}
