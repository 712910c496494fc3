#include "client/kubeconfig.h"

#include <cerrno>
#include <fstream>
#include <sstream>

#include "base/strings.h"
#include "json/yaml.h"

namespace skerry::client {
namespace {

constexpr std::streamoff kLargestFile = 4 << 20;

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return errno_error("open " + path, errno);
  if (in.tellg() > kLargestFile) return Error(Reason::kBadRequest, path + " is too large");
  in.seekg(0);
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return errno_error("read " + path, errno);
  return text.str();
}

// lists: [{name: x, <member>: {...}}]
Result<Json> named(const Json& config, std::string_view list, const std::string& name, std::string_view member) {
  for (auto& entry : json::array_or_empty(json::find(config, list)))
    if (json::str(entry, "name") == name) return json::object_or_empty(json::find(entry, member));
  return Error(Reason::kBadRequest,
               "kubeconfig has no " + std::string(member) + " named \"" + name + "\"");
}

// `<key>-data` in base64, or a file named by `<key>`.
Result<std::string> data_or_file(const Json& entry, const std::string& key, const std::string& folder) {
  if (std::string data = json::str(entry, key + "-data"); !data.empty()) {
    auto decoded = base64_decode(data);
    if (!decoded) return Error(Reason::kBadRequest, "kubeconfig: " + key + "-data is not base64");
    return *decoded;
  }
  std::string path = json::str(entry, key);
  if (path.empty()) return std::string();
  if (path[0] != '/' && !folder.empty()) path = folder + "/" + path;
  return read_file(path);
}

}  // namespace

RemoteOptions Kubeconfig::remote_options() const {
  RemoteOptions o;
  o.server = server;
  o.tls = tls;
  o.bearer_token = bearer_token;
  return o;
}

Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& folder, std::string_view context) {
  Json config = TRY(json::parse_yaml(text));
  std::string wanted = context.empty() ? json::str(config, "current-context") : std::string(context);
  if (wanted.empty()) return Error(Reason::kBadRequest, "kubeconfig has no current-context");
  Json ctx = TRY(named(config, "contexts", wanted, "context"));
  Json cluster = TRY(named(config, "clusters", json::str(ctx, "cluster"), "cluster"));
  Kubeconfig k;
  k.ns = json::str(ctx, "namespace");
  k.server = json::str(cluster, "server");
  if (k.server.empty()) return Error(Reason::kBadRequest, "kubeconfig: the cluster has no server");
  k.tls.ca_pem = TRY(data_or_file(cluster, "certificate-authority", folder));
  k.tls.insecure = json::boolean(cluster, "insecure-skip-tls-verify");
  k.tls.server_name = json::str(cluster, "tls-server-name");
  if (std::string user_name = json::str(ctx, "user"); !user_name.empty()) {
    Json user = TRY(named(config, "users", user_name, "user"));
    for (auto unsupported : {"exec", "auth-provider"})
      if (user.contains(unsupported))
        return Error(Reason::kBadRequest, std::string("kubeconfig: users with \"") + unsupported + "\" are not supported");
    k.tls.cert_pem = TRY(data_or_file(user, "client-certificate", folder));
    k.tls.key_pem = TRY(data_or_file(user, "client-key", folder));
    k.bearer_token = json::str(user, "token");
    if (std::string path = json::str(user, "tokenFile"); k.bearer_token.empty() && !path.empty())
      k.bearer_token = trim(TRY(read_file(path[0] == '/' || folder.empty() ? path : folder + "/" + path)));
  }
  return k;
}

Result<Kubeconfig> load_kubeconfig(const std::string& path, std::string_view context) {
  std::string text = TRY(read_file(path));
  auto slash = path.rfind('/');
  return parse_kubeconfig(text, slash == std::string::npos ? "." : path.substr(0, slash), context);
}

}  // namespace skerry::client
