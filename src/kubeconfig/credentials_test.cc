#include "kubeconfig/credentials.h"

#include <atomic>

#include "kubeconfig/client_config.h"
#include "kubeconfig/exec_plugin.h"
#include "kubeconfig/test_support.h"

using namespace skerry;
using namespace skerry::kubeconfig;

namespace {

class TestClock final : public Clock {
 public:
  WallTime now() const override { return *parse_rfc3339("2026-01-01T00:00:00Z") + std::chrono::seconds(passed_s); }
  MonoTime mono() const override { return MonoTime(std::chrono::seconds(1000 + passed_s)); }
  std::atomic<int> passed_s{0};
};

std::string authorization(Credentials& credentials) {
  auto access = credentials.access();
  return access ? std::string(access->headers.get("Authorization")) : access.error().message;
}

// A plugin that counts its runs in a file and keeps the information it was given.
struct Plugin {
  Folder folder;
  RestConfig config;
  Plugin(const std::string& answer) {
    folder.write("plugin", "#!/bin/sh\necho x >> " + folder.path + "/runs\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > " + folder.path +
                               "/info\nn=$(wc -l < " + folder.path + "/runs)\ncat <<E\n" + answer + "\nE\n", 0755);
    config.server = "https://h";
    config.exec = ExecPlugin{.command = folder.path + "/plugin", .api_version = "client.authentication.k8s.io/v1", .interactive = ExecPlugin::Interactive::kNever,
                             .cluster_info = R"({"server":"https://h"})"};
  }
  Environment environment() const { return test_environment({{"PATH", "/usr/bin:/bin"}}); }
};

constexpr const char* kAnswer = R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t$n","expirationTimestamp":"2026-01-01T00:01:00Z"}})";

}  // namespace

TEST_CASE("credentials: a plugin is run when needed: at first, after expiry, after a 401") {
  Plugin plugin(kAnswer);
  TestClock clock;
  Credentials credentials(plugin.config, plugin.environment(), clock);
  CHECK(authorization(credentials) == "Bearer t1");
  CHECK(authorization(credentials) == "Bearer t1");
  CHECK(plugin.folder.read("info") == R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"cluster":{"server":"https://h"},"interactive":false}})");
  clock.passed_s = 61;
  CHECK(authorization(credentials) == "Bearer t2");
  clock.passed_s = 0;
  auto used = credentials.access();
  REQUIRE(used);
  CHECK(credentials.rejected(*used));
  CHECK(authorization(credentials) == "Bearer t3");
  CHECK(credentials.rejected(*used));  // another was given since: not thrown away again
  CHECK(authorization(credentials) == "Bearer t3");
}

TEST_CASE("credentials: a plugin's failures") {
  TestClock clock;
  const std::string prefix = "Unable to connect to the server: getting credentials: ";
  Plugin plugin(kAnswer);
  plugin.config.exec->command = "no-such-plugin";
  plugin.config.exec->install_hint = "get it";
  Credentials missing(plugin.config, plugin.environment(), clock);
  const std::string message = authorization(missing);
  CHECK(message.starts_with(prefix + "exec: executable no-such-plugin not found\n\nIt looks like"));
  CHECK(message.ends_with("#client-go-credential-plugins\n\nget it"));
  plugin.config.exec->command = "false";
  Credentials failing(plugin.config, plugin.environment(), clock);
  CHECK(authorization(failing) == prefix + "exec: executable false failed with exit code 1");

  const std::string v1 = R"("apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential")";
  const std::pair<std::string, std::string_view> kCases[] = {
      {"", "exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version client.authentication.k8s.io/__internal"},
      {R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"})",
       "exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version client.authentication.k8s.io/v1beta1"},
      {"{" + v1 + "}", "exec plugin didn't return a status field"},
      {"{" + v1 + R"(,"status":{}})", "exec plugin didn't return a token or cert/key pair"},
      {"{" + v1 + R"(,"status":{"clientKeyData":"x"}})", "exec plugin returned only certificate or key, not both"},
  };
  for (const auto& [answer, error] : kCases) {
    auto parsed = parse_exec_credential(answer, "client.authentication.k8s.io/v1");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message == error);
  }
}

TEST_CASE("credentials: token files are read again, headers say who is impersonated") {
  Folder folder;
  TestClock clock;
  RestConfig config;
  config.bearer_token = "first";
  config.bearer_token_file = folder.write("token", "first\n");
  config.impersonation = {"alice", "7", {"a", "b"}, {{"example.org/k", {"v"}}}};
  Credentials credentials(config, test_environment(), clock);
  CHECK(authorization(credentials) == "Bearer first");
  folder.write("token", "second");
  CHECK(authorization(credentials) == "Bearer first");
  clock.passed_s = 60;
  CHECK(authorization(credentials) == "Bearer second");
  std::filesystem::remove(folder.path + "/token");
  clock.passed_s = 200;
  CHECK(authorization(credentials) == "Bearer second");
  auto access = credentials.access();
  REQUIRE(access);
  CHECK(access->headers.get("Impersonate-User") == "alice");
  CHECK(access->headers.get("Impersonate-Uid") == "7");
  CHECK(access->headers.all("Impersonate-Group").size() == 2);
  CHECK(access->headers.get("Impersonate-Extra-example.org%2Fk") == "v");
  CHECK_FALSE(credentials.rejected(*access));
  config = RestConfig{.bearer_token = "a\r\nX-Evil: 1"};
  CHECK_FALSE(Credentials(config, test_environment(), clock).access());
}
