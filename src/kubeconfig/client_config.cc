#include "kubeconfig/client_config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>

#include "base/decimal.h"
#include "base/strings.h"
#include "kubeconfig/exec_plugin.h"
#include "kubeconfig/paths.h"
#include "kubeconfig/proxy_environment.h"
#include "kubeconfig/url.h"
#include "kubeconfig/validation.h"

namespace skerry::kubeconfig {
namespace {

constexpr std::string_view kNotFoundContext = "Error in configuration: context was not found for specified context: ";

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

// `<key>-data` in base64 (checked when it was read), else the file named by `<key>`.
Result<std::string> data_or_file(const Json& object, const std::string& key) {
  if (const std::string data = json::str(object, key + "-data"); !data.empty()) return base64_decode(data).value_or("");
  const std::string path = json::str(object, key);
  if (path.empty()) return std::string();
  return read_named_file(path);
}

bool has_pem(const std::string& text) { return text.find("-----BEGIN ") != text.npos; }

// Scheme added ("http://", as kubectl does when there is none), query and '/' at the end removed.
Result<std::string> server_url(const std::string& server) {
  auto url = parse_url(server);
  const bool whole = url && (url->scheme == "http" || url->scheme == "https");
  if (!whole) {
    url = parse_url("http://" + server);
    if (!url || server.find("://") != server.npos || (!url->path.empty() && url->path != "/"))
      return bad("host must be a URL or a host:port pair: \"" + server + "\"");
  }
  std::string path = url->path;
  while (ends_with(path, "/")) path.pop_back();
  return url->scheme + "://" + url->authority() + path;
}

Error auth_provider_error(const std::string& name) {
  if (name == "gcp") {
    return bad("The gcp auth plugin has been removed.\nPlease use the \"gke-gcloud-auth-plugin\" kubectl/client-go credential plugin instead.\n"
               "See https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke for further details");
  }
  if (name == "azure") {
    return bad("The azure auth plugin has been removed.\nPlease use the https://github.com/Azure/kubelogin kubectl/client-go credential plugin instead.\n"
               "See https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins for further details");
  }
  if (name == "oidc")
    return bad("the auth provider \"oidc\" is not supported by this client: use an exec credential plugin (kubectl oidc-login) instead");
  return bad("no Auth Provider found for name \"" + name + "\"");
}

}  // namespace

struct ClientConfig::Impl {
  Overrides overrides;
  Environment environment;
  std::optional<Config> config;  // once read

  Status load_files();
  Status load_node_config();
  std::string context_name() const { return overrides.context.empty() ? config->current_context : overrides.context; }
  std::string cluster_name() const { return overrides.cluster.empty() ? json::str(context(), "cluster") : overrides.cluster; }
  std::string user_name() const { return overrides.user.empty() ? json::str(context(), "user") : overrides.user; }
  Json context() const;
  Result<Json> cluster() const;
  Result<Json> user() const;
  Status confirm_usable() const;
  bool in_cluster_possible() const;
  Result<RestConfig> in_cluster() const;
  std::string in_cluster_namespace() const;
  std::string default_server() const;
  Status add_server_identity(const Json& cluster, RestConfig& rest) const;
  Status add_user_identity(const Json& user, const Json& cluster, RestConfig& rest) const;
};

Status ClientConfig::Impl::load_files() {
  if (config) return {};
  const Sources sources = find_sources(overrides.kubeconfig, environment);
  Config loaded = TRY(load(sources));
  resolve_paths(loaded);
  config = std::move(loaded);
  const bool nothing_said = !sources.is_explicit && !sources.from_variable && config->empty() && overrides.server.empty() &&
                            environment.get("KUBERNETES_MASTER").empty() && !in_cluster_possible();
  return nothing_said ? load_node_config() : Status();
}

// On a Skerry node its administrator needs no kubeconfig of their own.
Status ClientConfig::Impl::load_node_config() {
  const std::string& path = environment.node_kubeconfig;
  if (path.empty()) return {};
  auto loaded = load_file(path);
  if (!loaded && loaded.error().is(Reason::kNotFound)) return {};
  if (!loaded && ::access(path.c_str(), R_OK) != 0 && errno == EACCES) {
    config.reset();
    return bad("open " + path + ": permission denied\nThis node's kubeconfig is readable by its owner only: use sudo, copy it to ~/.kube/config, or start "
               "the server with --write-kubeconfig-mode");
  }
  if (!loaded) return loaded.error();
  resolve_paths(*loaded);
  config = std::move(*loaded);
  return {};
}

std::string ClientConfig::Impl::default_server() const {
  std::string server = environment.get("KUBERNETES_MASTER");
  return server.empty() ? "http://localhost:8080" : server;
}

Json ClientConfig::Impl::context() const {
  auto it = config->contexts.find(context_name());
  Json context = it == config->contexts.end() ? Json::object() : it->second.value;
  put(context, "namespace", overrides.ns);
  return context;
}

Result<Json> ClientConfig::Impl::cluster() const {
  const std::string name = cluster_name();
  auto it = config->clusters.find(name);
  if (it == config->clusters.end() && !overrides.cluster.empty()) return bad("cluster \"" + name + "\" does not exist");
  Json cluster = it == config->clusters.end() ? Json::object() : it->second.value;
  if (json::str(cluster, "server").empty()) cluster["server"] = default_server();
  put(cluster, "server", overrides.server);
  put(cluster, "proxy-url", overrides.proxy_url);
  if (overrides.disable_compression) cluster["disable-compression"] = true;
  // Both flags replace what the file says of trust; a server by flag has the name given by flag.
  if (overrides.insecure_skip_tls_verify || !overrides.certificate_authority.empty()) {
    for (auto key : {"certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify"}) cluster.erase(key);
    put(cluster, "certificate-authority", overrides.certificate_authority);
    if (overrides.insecure_skip_tls_verify) cluster["insecure-skip-tls-verify"] = true;
  }
  if (!overrides.server.empty()) cluster.erase("tls-server-name");
  put(cluster, "tls-server-name", overrides.tls_server_name);
  return cluster;
}

Result<Json> ClientConfig::Impl::user() const {
  const std::string name = user_name();
  auto it = config->users.find(name);
  if (it == config->users.end() && !overrides.user.empty()) return bad("auth info \"" + name + "\" does not exist");
  Json user = it == config->users.end() ? Json::object() : it->second.value;
  put(user, "token", overrides.token);
  put(user, "username", overrides.username);
  put(user, "password", overrides.password);
  if (!overrides.client_certificate.empty()) user.erase("client-certificate-data");
  put(user, "client-certificate", overrides.client_certificate);
  if (!overrides.client_key.empty()) user.erase("client-key-data");
  put(user, "client-key", overrides.client_key);
  put(user, "as", overrides.as);
  put(user, "as-uid", overrides.as_uid);
  if (!overrides.as_groups.empty()) user["as-groups"] = overrides.as_groups;
  if (overrides.as_user_extra.empty()) return user;
  Json extra = Json::object();
  for (const std::string& pair : overrides.as_user_extra) {
    const size_t equals = pair.find('=');
    if (equals != pair.npos) extra[pair.substr(0, equals)].push_back(pair.substr(equals + 1));
  }
  if (!extra.empty()) user["as-user-extra"] = std::move(extra);
  return user;
}

Status ClientConfig::Impl::confirm_usable() const {
  if (const std::string name = context_name(); !name.empty() && !config->contexts.contains(name))
    return bad(std::string(kNotFoundContext) + name);
  const auto value_or_empty = [](Result<Json> value) { return value ? *value : Json::object(); };
  std::vector<std::string> problems = user_problems(user_name(), value_or_empty(user()));
  for (std::string& problem : cluster_problems(cluster_name(), value_or_empty(cluster()))) problems.push_back(std::move(problem));
  return all_problems(problems);
}

bool ClientConfig::Impl::in_cluster_possible() const {
  struct stat st {};
  return !environment.get("KUBERNETES_SERVICE_HOST").empty() && !environment.get("KUBERNETES_SERVICE_PORT").empty() &&
         ::stat((environment.service_account_dir + "/token").c_str(), &st) == 0 && !S_ISDIR(st.st_mode);
}

Result<RestConfig> ClientConfig::Impl::in_cluster() const {
  const std::string& dir = environment.service_account_dir;
  RestConfig rest;
  std::string host = environment.get("KUBERNETES_SERVICE_HOST");
  if (host.find(':') != host.npos) host = "[" + host + "]";
  rest.server = "https://" + host + ":" + environment.get("KUBERNETES_SERVICE_PORT");
  if (!overrides.server.empty()) rest.server = TRY(server_url(overrides.server));
  rest.bearer_token_file = dir + "/token";
  rest.bearer_token = std::string(trim(TRY(read_named_file(rest.bearer_token_file))));
  if (!overrides.token.empty()) rest.bearer_token = overrides.token, rest.bearer_token_file.clear();
  if (!overrides.certificate_authority.empty()) {
    rest.tls.ca_pem = TRY(read_named_file(overrides.certificate_authority));
  } else if (auto ca = read_named_file(dir + "/ca.crt"); ca && has_pem(*ca)) {
    rest.tls.ca_pem = *ca;
  }
  rest.proxy = proxy_from_environment(rest.server, environment);
  return rest;
}

std::string ClientConfig::Impl::in_cluster_namespace() const {
  if (std::string ns = environment.get("POD_NAMESPACE"); !ns.empty()) return ns;
  auto text = read_named_file(environment.service_account_dir + "/namespace");
  const std::string ns(text ? trim(*text) : "");
  return ns.empty() ? "default" : ns;
}

Status ClientConfig::Impl::add_server_identity(const Json& cluster, RestConfig& rest) const {
  rest.tls.insecure = json::boolean(cluster, "insecure-skip-tls-verify");
  rest.tls.server_name = json::str(cluster, "tls-server-name");
  rest.tls.ca_pem = TRY(data_or_file(cluster, "certificate-authority"));
  if (rest.tls.insecure && !rest.tls.ca_pem.empty()) return bad("specifying a root certificates file with the insecure flag is not allowed");
  if (!rest.tls.ca_pem.empty() && !has_pem(rest.tls.ca_pem)) return bad("unable to load root certificates: unable to parse bytes as PEM block");
  return {};
}

Status ClientConfig::Impl::add_user_identity(const Json& user, const Json& cluster, RestConfig& rest) const {
  rest.bearer_token = json::str(user, "token");
  rest.bearer_token_file = json::str(user, "tokenFile");
  if (rest.bearer_token.empty() && !rest.bearer_token_file.empty())
    rest.bearer_token = std::string(trim(TRY(read_named_file(rest.bearer_token_file))));
  if (!json::str(user, "client-certificate").empty() || !json::str(user, "client-certificate-data").empty()) {
    rest.tls.cert_pem = TRY(data_or_file(user, "client-certificate"));
    rest.tls.key_pem = TRY(data_or_file(user, "client-key"));
    if (!has_pem(rest.tls.cert_pem)) return bad("tls: failed to find any PEM data in certificate input");
    if (!has_pem(rest.tls.key_pem)) return bad("tls: failed to find any PEM data in key input");
  }
  rest.username = json::str(user, "username");
  rest.password = json::str(user, "password");
  if (const Json& provider = json::find(user, "auth-provider"); provider.is_object()) return auth_provider_error(json::str(provider, "name"));
  if (const Json& exec = json::find(user, "exec"); exec.is_object()) rest.exec = TRY(read_exec_plugin(exec, cluster, rest.tls.ca_pem));
  const bool identified = !rest.username.empty() || !rest.tls.cert_pem.empty() || !rest.bearer_token.empty() || rest.exec;
  if (identified || !environment.prompt) return {};
  auto name = environment.prompt("Username", true);
  auto password = name ? environment.prompt("Password", false) : std::nullopt;
  if (!name || !password) return bad("EOF");
  rest.username = *name;
  rest.password = *password;
  return {};
}

ClientConfig::ClientConfig(Overrides overrides, Environment environment) : impl_(std::make_unique<Impl>()) {
  impl_->overrides = std::move(overrides);
  impl_->environment = std::move(environment);
}

ClientConfig::~ClientConfig() = default;

Result<Config> ClientConfig::raw() {
  TRY(impl_->load_files());
  return *impl_->config;
}

Result<ClientConfig::Namespace> ClientConfig::ns() {
  Impl& impl = *impl_;
  TRY(impl.load_files());
  if (!impl.overrides.ns.empty()) return Namespace{impl.overrides.ns, true};
  TRY(impl.confirm_usable());
  if (std::string ns = json::str(impl.context(), "namespace"); !ns.empty()) return Namespace{std::move(ns), false};
  return Namespace{impl.in_cluster_possible() ? impl.in_cluster_namespace() : "default", false};
}

Result<RestConfig> ClientConfig::rest_config() {
  Impl& impl = *impl_;
  TRY(impl.load_files());
  if (const std::string& name = impl.overrides.context; !name.empty() && !impl.config->contexts.contains(name))
    return bad("context \"" + name + "\" does not exist");
  const Json user = TRY(impl.user());
  const Json cluster = TRY(impl.cluster());
  TRY(impl.confirm_usable());

  RestConfig rest;
  const std::string server = json::str(cluster, "server");
  rest.disable_compression = json::boolean(cluster, "disable-compression");
  rest.timeout = TRY(parse_timeout(impl.overrides.request_timeout));
  rest.impersonation.user = json::str(user, "as");
  rest.impersonation.uid = json::str(user, "as-uid");
  for (const Json& group : json::array_or_empty(json::find(user, "as-groups")))
    if (group.is_string()) rest.impersonation.groups.push_back(group.get<std::string>());
  for (const auto& [key, values] : json::object_or_empty(json::find(user, "as-user-extra")).items())
    for (const Json& value : json::array_or_empty(values))
      if (value.is_string()) rest.impersonation.extra[key].push_back(value.get<std::string>());
  rest.proxy = json::str(cluster, "proxy-url");

  const bool nothing_said = server == impl.default_server() && rest.impersonation.user.empty() && rest.proxy.empty() &&
                            rest.timeout.count() == 0 && !rest.disable_compression;
  if (nothing_said && impl.in_cluster_possible()) return impl.in_cluster();

  rest.server = TRY(server_url(server));
  if (rest.proxy.empty()) rest.proxy = proxy_from_environment(rest.server, impl.environment);
  // Over plain HTTP nobody is told who we are, as kubectl does.
  if (!starts_with(rest.server, "https://")) return rest;
  TRY(impl.add_server_identity(cluster, rest));
  TRY(impl.add_user_identity(user, cluster, rest));
  return rest;
}

bool shown_verbatim(const Error& error) {
  for (auto prefix : {"Error in configuration: ", "Unable to connect to the server: ", "The connection to the server "})
    if (starts_with(error.message, prefix)) return true;
  return false;
}

Result<std::chrono::milliseconds> parse_timeout(std::string_view text) {
  using std::chrono::milliseconds;
  const Error wrong = bad("Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit "
                          "(e.g. 1s | 2m | 3h)");
  constexpr double kLongest = 9.2e12;  // ms; Go's durations end there
  if (text.empty()) return milliseconds(0);
  if (auto seconds = parse_int(text); seconds && *seconds >= 0) return milliseconds(static_cast<int64_t>(std::min(*seconds * 1e3, kLongest)));
  static constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1e-6}, {"us", 1e-3}, {"µs", 1e-3}, {"μs", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}};
  double total = 0;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = parse_double(text.substr(0, digits));
    if (!number) return wrong;
    text.remove_prefix(digits);
    const size_t unit_end = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view unit = text.substr(0, unit_end);
    text.remove_prefix(unit_end);
    double factor = 0;
    for (const auto& [name, value] : kUnits)
      if (name == unit) factor = value;
    if (factor == 0) return wrong;
    total += *number * factor;
  }
  if (total > kLongest) return wrong;
  return milliseconds(static_cast<int64_t>(std::ceil(total)));
}

}  // namespace skerry::kubeconfig
