#include "agent/images.h"

#include <doctest/doctest.h>

#include "base/strings.h"

using namespace skerry;
using namespace skerry::agent;

TEST_CASE("images: pull policy and registry follow from the reference") {
  struct Row { const char *image, *policy, *registry; };
  for (auto& r : std::vector<Row>{{"nginx", "Always", "docker.io"}, {"nginx:1.2", "IfNotPresent", "docker.io"}, {"nginx:latest", "Always", "docker.io"},
                                  {"r.example:5000/a/b", "Always", "r.example:5000"}, {"r.example/a@sha256:00", "IfNotPresent", "r.example"},
                                  {"localhost/a:1", "IfNotPresent", "localhost"}, {"team/a:1", "IfNotPresent", "docker.io"}}) {
    CAPTURE(r.image);
    CHECK(pull_policy(Json{{"image", r.image}}) == r.policy);
    CHECK(registry_of(r.image) == r.registry);
  }
  CHECK(pull_policy(Json{{"image", "nginx"}, {"imagePullPolicy", "Never"}}) == "Never");
}

TEST_CASE("images: credentials of pull secrets fit by registry") {
  Json config = {{"auths", {{"https://index.docker.io/v1/", {{"auth", base64_encode("me:pw:with:colons")}}}, {"*.example.org", {{"username", "u"}, {"password", "p"}}}}}};
  Json secret = {{"data", {{".dockerconfigjson", base64_encode(json::dump(config))}}}};
  auto docker = registry_auths("nginx", secret);
  REQUIRE(docker.size() == 1);
  CHECK(docker[0].username == "me");
  CHECK(docker[0].password == "pw:with:colons");
  CHECK(registry_auths("a.example.org/x", secret).size() == 1);
  CHECK(registry_auths("a.b.example.org/x", secret).empty());
}
