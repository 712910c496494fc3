#include "kubeconfig/validation.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"
#include "kubeconfig/paths.h"
#include "kubeconfig/proxy_environment.h"
#include "os/fd.h"

namespace skerry::kubeconfig {
namespace {

bool given(const Json& object, std::string_view key) { return !json::str(object, key).empty(); }

void check_readable(const Json& object, std::string_view key, const std::string& what, const std::string& name,
                    std::vector<std::string>& problems) {
  const std::string path = json::str(object, key);
  if (path.empty()) return;
  os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) problems.push_back("unable to read " + what + " " + path + " for " + name + " due to open " + path + ": " + go_errno(errno));
}

void certificate_problems(const std::string& name, const Json& user, std::vector<std::string>& problems) {
  if (given(user, "client-certificate") && given(user, "client-certificate-data"))
    problems.push_back("client-cert-data and client-cert are both specified for " + name + ". client-cert-data will override.");
  if (given(user, "client-key") && given(user, "client-key-data"))
    problems.push_back("client-key-data and client-key are both specified for " + name + "; client-key-data will override");
  if (!given(user, "client-key") && !given(user, "client-key-data"))
    problems.push_back("client-key-data or client-key must be specified for " + name + " to use the clientCert authentication method.");
  check_readable(user, "client-certificate", "client-cert", name, problems);
  check_readable(user, "client-key", "client-key", name, problems);
}

void exec_problems(const std::string& name, const Json& user, std::vector<std::string>& problems) {
  const Json& exec = user["exec"];
  if (user.contains("auth-provider") && user["auth-provider"].is_object())
    problems.push_back("authProvider cannot be provided in combination with an exec plugin for " + name);
  if (!given(exec, "command")) problems.push_back("command must be specified for " + name + " to use exec authentication plugin");
  if (!given(exec, "apiVersion")) problems.push_back("apiVersion must be specified for " + name + " to use exec authentication plugin");
  for (const Json& variable : json::array_or_empty(json::find(exec, "env")))
    if (!given(variable, "name")) problems.push_back("env variable name must be specified for " + name + " to use exec authentication plugin");
  const std::string mode = json::str(exec, "interactiveMode");
  if (mode.empty()) {
    problems.push_back("interactiveMode must be specified for " + name + " to use exec authentication plugin");
  } else if (mode != "Never" && mode != "IfAvailable" && mode != "Always") {
    problems.push_back("invalid interactiveMode for " + name + ": \"" + mode + "\"");
  }
}

}  // namespace

std::vector<std::string> user_problems(const std::string& name, const Json& user) {
  std::vector<std::string> problems, methods;
  if (given(user, "token")) methods.push_back("token");
  if (given(user, "username") || given(user, "password")) methods.push_back("basicAuth");
  if (given(user, "client-certificate") || given(user, "client-certificate-data")) certificate_problems(name, user, problems);
  if (json::find(user, "exec").is_object()) exec_problems(name, user, problems);
  if (methods.size() > 1)
    problems.push_back("more than one authentication method found for " + name + "; found [" + join(methods, " ") + "], only one is allowed");
  const bool more = given(user, "as-uid") || !json::array_or_empty(json::find(user, "as-groups")).empty() ||
                    !json::object_or_empty(json::find(user, "as-user-extra")).empty();
  if (more && !given(user, "as")) problems.push_back("requesting uid, groups or user-extra for " + name + " without impersonating a user");
  return problems;
}

std::vector<std::string> cluster_problems(const std::string& name, const Json& cluster) {
  std::vector<std::string> problems;
  if (!given(cluster, "server")) {
    problems.push_back(name.empty() ? "default cluster has no server defined" : "no server found for cluster \"" + name + "\"");
  }
  if (const std::string proxy = json::str(cluster, "proxy-url"); !proxy.empty()) {
    auto checked = check_proxy_url(proxy);
    if (!checked) problems.push_back("invalid 'proxy-url' \"" + proxy + "\" for cluster \"" + name + "\": " + checked.error().message);
  }
  if (given(cluster, "certificate-authority") && given(cluster, "certificate-authority-data")) {
    problems.push_back("certificate-authority-data and certificate-authority are both specified for " + name +
                       ". certificate-authority-data will override.");
  }
  check_readable(cluster, "certificate-authority", "certificate-authority", name, problems);
  return problems;
}

Status all_problems(const std::vector<std::string>& problems) {
  std::vector<std::string> distinct;
  for (const std::string& problem : problems)
    if (std::find(distinct.begin(), distinct.end(), problem) == distinct.end()) distinct.push_back(problem);
  if (distinct.empty()) return {};
  if (distinct.size() == 1) return Error(Reason::kBadRequest, distinct[0]);
  return Error(Reason::kBadRequest, "Error in configuration: \n* " + join(distinct, "\n* "));
}

}  // namespace skerry::kubeconfig
