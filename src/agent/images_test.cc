#include "agent/images.h"

#include <doctest/doctest.h>

#include <atomic>
#include <semaphore>

#include "agent/test_runtime.h"
#include "base/strings.h"

using namespace skerry;
using namespace skerry::agent;

namespace {

struct NoRegistry final : UnusedRuntime {
  Result<std::optional<runtime::ImageInfo>> find_image(const std::string&) override { return std::optional<runtime::ImageInfo>(); }
};

struct SetClock final : Clock {
  std::atomic<int64_t> second{1000};
  WallTime now() const override { return WallTime(seconds(second.load())); }
  MonoTime mono() const override { return MonoTime(seconds(second.load())); }
};

}  // namespace

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

TEST_CASE("images: waiting for the next try is told every ten seconds, however often the pod is looked at") {
  NoRegistry runtime;
  SetClock clock;
  TaskPool pool("pulls", 1);
  std::counting_semaphore<> pulled{0};
  Images images(runtime, pool, clock, [&](const std::string&) { pulled.release(); });
  const Json pod = {{"metadata", {{"uid", "u"}, {"namespace", "n"}}}, {"spec", Json::object()}}, container = {{"name", "c"}, {"image", "a:1"}};
  const Lookup lookup = [](const Reference&) -> Result<api::ObjectPtr> { return Error(Reason::kNotFound, "none"); };
  int waits = 0;
  const auto look = [&] {
    return images.ensure(pod, container, 0, lookup, [&](const std::string&, const std::string& reason, const std::string&) { waits += reason == "BackOff"; });
  };
  look();
  pulled.acquire();
  look();  // tells the failure itself
  for (int i = 0; i < 9; ++i) look();
  CHECK(waits == 1);
  clock.second += 5;
  look();
  CHECK(waits == 1);
  clock.second += 5;  // the next try
  look();
  pulled.acquire();
  look();
  for (int i = 0; i < 9; ++i) look();
  CHECK(waits == 2);
  pool.stop();
}
