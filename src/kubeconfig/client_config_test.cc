#include "kubeconfig/client_config.h"

#include "kubeconfig/test_support.h"

using namespace skerry;
using namespace skerry::kubeconfig;
using std::chrono::milliseconds;

namespace {

constexpr const char* kPem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

constexpr const char* kConfig = R"(
apiVersion: v1
kind: Config
clusters:
- {name: c1, cluster: {server: "https://h1:1/prefix/", certificate-authority: pki/ca.pem, tls-server-name: other, proxy-url: "socks5://p:1"}}
- {name: c2, cluster: {server: "https://h2:2"}}
- {name: both, cluster: {server: "https://h", certificate-authority: none.crt, certificate-authority-data: aGk=, proxy-url: "ftp://x"}}
- {name: nothing, cluster: {}}
contexts:
- {name: x1, context: {cluster: c1, user: u1, namespace: ns1}}
- {name: x2, context: {cluster: c2, user: tokens}}
- {name: bad, context: {cluster: both, user: two}}
- {name: two, context: {cluster: c2, user: two}}
- {name: exec, context: {cluster: c2, user: exec}}
- {name: nothing, context: {cluster: nothing, user: u1}}
- {name: missing, context: {cluster: nope, user: nope}}
current-context: x1
users:
- {name: u1, user: {token: abc}}
- {name: tokens, user: {tokenFile: token}}
- {name: two, user: {token: abc, username: a, password: b}}
- {name: exec, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./tool}}}
)";

struct Fixture {
  Folder folder;
  std::string file = folder.write("config", kConfig);
  Fixture() {
    folder.write("pki/ca.pem", kPem);
    folder.write("token", "from-file\n");
  }
  Result<RestConfig> rest(Overrides overrides, Variables variables = {}) const {
    if (overrides.kubeconfig.empty()) overrides.kubeconfig = file;
    return ClientConfig(overrides, test_environment(std::move(variables))).rest_config();
  }
  std::string rest_error(Overrides overrides) const {
    auto rest = this->rest(std::move(overrides));
    return rest ? "" : rest.error().message;
  }
  std::string ns(Overrides overrides) const {
    if (overrides.kubeconfig.empty()) overrides.kubeconfig = file;
    auto ns = ClientConfig(overrides, test_environment()).ns();
    return ns ? ns->name + (ns->given ? " given" : "") : ns.error().message;
  }
};

}  // namespace

TEST_CASE("client config: the current context, files beside the kubeconfig") {
  Fixture f;
  auto rest = f.rest({});
  REQUIRE_MESSAGE(rest, (rest ? "" : rest.error().message));
  CHECK(rest->server == "https://h1:1/prefix");
  CHECK(rest->host() == "h1:1");
  CHECK(rest->tls.ca_pem == kPem);
  CHECK(rest->tls.server_name == "other");
  CHECK(rest->bearer_token == "abc");
  CHECK(rest->proxy == "socks5://p:1");
  CHECK(f.ns({}) == "ns1");
  CHECK(f.ns({.ns = "flag"}) == "flag given");
  CHECK(f.ns({.context = "x2"}) == "default");
  rest = f.rest({.context = "x2"}, {{"HTTPS_PROXY", "proxy:3128"}});
  REQUIRE(rest);
  CHECK(rest->bearer_token == "from-file");
  CHECK(rest->proxy == "http://proxy:3128");
}

TEST_CASE("client config: flags go on top") {
  Fixture f;
  auto rest = f.rest({.cluster = "c2", .user = "tokens", .token = "t", .as = "alice", .as_uid = "7", .as_groups = {"g"}, .as_user_extra = {"k=v", "k=w"}, .request_timeout = "1m"});
  REQUIRE(rest);
  CHECK(rest->server == "https://h2:2");
  CHECK(rest->bearer_token == "t");
  CHECK(rest->impersonation.user == "alice");
  CHECK(rest->impersonation.uid == "7");
  CHECK(rest->impersonation.extra["k"] == std::vector<std::string>{"v", "w"});
  CHECK(rest->timeout == milliseconds(60000));
  rest = f.rest({.server = "https://other/"});
  REQUIRE(rest);
  CHECK(rest->server == "https://other");
  CHECK(rest->tls.server_name == "");  // that of the file's server
  rest = f.rest({.insecure_skip_tls_verify = true});
  REQUIRE(rest);
  CHECK(rest->tls.insecure);
  CHECK(rest->tls.ca_pem == "");
  rest = f.rest({.server = "plain:8080"});
  REQUIRE(rest);
  CHECK(rest->server == "http://plain:8080");
  CHECK(rest->bearer_token == "");  // never over plain HTTP
}

TEST_CASE("client config: errors read like kubectl's") {
  Fixture f;
  CHECK(f.rest_error({.context = "zz"}) == "context \"zz\" does not exist");
  CHECK(f.ns({.context = "zz"}) == "Error in configuration: context was not found for specified context: zz");
  CHECK(f.rest_error({.cluster = "zz"}) == "cluster \"zz\" does not exist");
  CHECK(f.ns({.cluster = "zz"}) == "no server found for cluster \"zz\"");
  CHECK(f.rest_error({.user = "zz"}) == "auth info \"zz\" does not exist");
  CHECK(f.rest_error({.kubeconfig = "/nope"}) == "stat /nope: no such file or directory");
  CHECK(f.rest_error({.kubeconfig = f.folder.path}) == "error loading config file \"" + f.folder.path + "\": read " + f.folder.path + ": is a directory");
  CHECK(f.rest_error({.context = "two"}) == "more than one authentication method found for two; found [token basicAuth], only one is allowed");
  CHECK(f.rest_error({.context = "exec"}) == "interactiveMode must be specified for exec to use exec authentication plugin");
  CHECK(f.rest_error({.as_groups = {"g"}}) == "requesting uid, groups or user-extra for u1 without impersonating a user");
  CHECK(f.rest_error({.request_timeout = "1x"}).starts_with("Invalid timeout value."));
  CHECK(f.rest_error({.server = "a:1/b"}) == "host must be a URL or a host:port pair: \"a:1/b\"");
  const std::string ca = f.folder.path + "/none.crt";
  CHECK(f.rest_error({.context = "bad"}) ==
        "Error in configuration: \n* more than one authentication method found for two; found [token basicAuth], only one is allowed\n"
        "* invalid 'proxy-url' \"ftp://x\" for cluster \"both\": unsupported scheme \"ftp\", must be http, https, or socks5\n"
        "* certificate-authority-data and certificate-authority are both specified for both. certificate-authority-data will override.\n"
        "* unable to read certificate-authority " + ca + " for both due to open " + ca + ": no such file or directory");
  CHECK(f.rest_error({.certificate_authority = f.file}) == "unable to load root certificates: unable to parse bytes as PEM block");
  CHECK(f.rest_error({.certificate_authority = f.folder.path + "/pki/ca.pem", .insecure_skip_tls_verify = true}) ==
        "specifying a root certificates file with the insecure flag is not allowed");
  auto rest = f.rest({.context = "nothing"});
  REQUIRE(rest);
  CHECK(rest->server == "http://localhost:8080");
}

TEST_CASE("client config: KUBECONFIG lists merge, the first entry of a name counts") {
  Folder folder;
  const std::string a = folder.write("a", "clusters: [{name: c, cluster: {server: 'https://a'}}]\n");
  const std::string b = folder.write("b", R"(
clusters: [{name: c, cluster: {server: 'https://b', proxy-url: 'http://x:1'}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {tokenFile: t}}]
current-context: x
)");
  folder.write("t", "tt");
  ClientConfig config({}, test_environment({{"KUBECONFIG", "/nope:" + a + "::" + b + ":" + a}}));
  auto rest = config.rest_config();
  REQUIRE_MESSAGE(rest, (rest ? "" : rest.error().message));
  CHECK(rest->server == "https://a");
  CHECK(rest->proxy == "");
  CHECK(rest->bearer_token == "tt");

  rest = ClientConfig({}, test_environment({{"KUBECONFIG", "/nope:/nope2"}})).rest_config();
  REQUIRE(rest);
  CHECK(rest->server == "http://localhost:8080");

  folder.write(".kube/config", "clusters: [{name: c, cluster: {server: 'https://home'}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n");
  rest = ClientConfig({}, test_environment({{"HOME", folder.path}, {"KUBECONFIG", ""}})).rest_config();
  REQUIRE(rest);
  CHECK(rest->server == "https://home");
}

TEST_CASE("client config: nobody is asked for a name unless there is someone to ask") {
  Fixture f;
  Environment environment = test_environment();
  environment.prompt = [](const std::string& what, bool shown) { return std::optional(what + (shown ? "!" : "?")); };
  auto rest = ClientConfig({.kubeconfig = f.file, .context = "missing", .server = "https://h"}, environment).rest_config();
  REQUIRE(rest);
  CHECK(rest->username == "Username!");
  CHECK(rest->password == "Password?");
  environment.prompt = [](const std::string&, bool) -> std::optional<std::string> { return std::nullopt; };
  rest = ClientConfig({.kubeconfig = f.file, .context = "missing", .server = "https://h"}, environment).rest_config();
  REQUIRE_FALSE(rest);
  CHECK(rest.error().message == "EOF");
}

TEST_CASE("client config: in a pod, and on a node") {
  Folder folder;
  folder.write("sa/token", "sa-token\n");
  folder.write("sa/ca.crt", kPem);
  folder.write("sa/namespace", "pod-ns\n");
  const Variables pod = {{"HOME", folder.path}, {"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  Environment environment = test_environment(pod);
  environment.service_account_dir = folder.path + "/sa";
  ClientConfig config({}, environment);
  auto rest = config.rest_config();
  REQUIRE(rest);
  CHECK(rest->server == "https://[fd00::1]:443");
  CHECK(rest->bearer_token == "sa-token");
  CHECK(rest->bearer_token_file == folder.path + "/sa/token");
  CHECK(rest->tls.ca_pem == kPem);
  auto ns = config.ns();
  REQUIRE(ns);
  CHECK(ns->name == "pod-ns");

  const std::string node = folder.write("node.yaml", "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:6443'}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n");
  environment = test_environment({{"HOME", "/nonexistent"}});
  environment.node_kubeconfig = node;
  rest = ClientConfig({}, environment).rest_config();
  REQUIRE(rest);
  CHECK(rest->server == "https://127.0.0.1:6443");
  environment = test_environment({{"KUBECONFIG", "/nope"}});  // said, though it is not there
  environment.node_kubeconfig = node;
  rest = ClientConfig({}, environment).rest_config();
  REQUIRE(rest);
  CHECK(rest->server == "http://localhost:8080");
}

TEST_CASE("client config: timeouts") {
  const std::pair<std::string_view, int64_t> kCases[] = {{"", 0}, {"0", 0}, {"30", 30000}, {"1s", 1000}, {"1h30m", 5400000}, {"1.5s", 1500}, {"100ms", 100}, {"5x", -1}, {"-1", -1}, {"1s ", -1}, {"s", -1}};
  for (const auto& [text, ms] : kCases) {
    auto timeout = parse_timeout(text);
    CHECK_MESSAGE((timeout ? timeout->count() : -1) == ms, text);
  }
}
