#include "kubeconfig/exec_plugin.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/strings.h"
#include "json/yaml.h"
#include "kubeconfig/paths.h"
#include "os/process.h"

namespace skerry::kubeconfig {
namespace {

constexpr size_t kLargestAnswer = 4 << 20;

Error plain(std::string message) { return {Reason::kUnauthorized, std::move(message)}; }

bool is_program(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

// Empty: there is none.
std::string find_program(const std::string& command, const std::string& path_list) {
  if (command.find('/') != command.npos) return is_program(command) ? command : "";
  for (std::string_view folder : split(path_list, ':')) {
    if (folder.empty()) continue;
    std::string path = std::string(folder) + "/" + command;
    if (is_program(path)) return path;
  }
  return {};
}

Error not_found(const ExecPlugin& plugin) {
  std::string message = "exec: executable " + plugin.command +
                        " not found\n\nIt looks like you are trying to use a client-go credential plugin that is not installed.\n\n"
                        "To learn more about this feature, consult the documentation available at:\n"
                        "      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins";
  if (!plugin.install_hint.empty()) message += "\n\n" + plugin.install_hint;
  return plain(message);
}

Result<bool> is_interactive(const ExecPlugin& plugin) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (plugin.interactive == ExecPlugin::Interactive::kNever) return false;
  if (plugin.interactive == ExecPlugin::Interactive::kAlways && !terminal)
    return plain("exec plugin cannot support interactive mode: standard input is not a terminal");
  return terminal;
}

std::string exec_info(const ExecPlugin& plugin, bool interactive) {
  Json info = {{"kind", "ExecCredential"}, {"apiVersion", plugin.api_version}};
  info["spec"] = Json{{"interactive", interactive}};
  if (!plugin.cluster_info.empty()) {
    auto cluster = json::parse_json(plugin.cluster_info);
    if (cluster) info["spec"]["cluster"] = *cluster;
  }
  return json::dump(info);
}

Result<std::string> read_answer(int fd) {
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read from a credential plugin", errno);
    if (n == 0) return text;
    if (text.size() + static_cast<size_t>(n) <= kLargestAnswer + 1) text.append(buffer, static_cast<size_t>(n));
  }
}

// Escape sequences of terminals could make a hint show what it is not.
std::string without_control(std::string text) {
  std::erase_if(text, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f; });
  return text;
}

}  // namespace

Result<ExecPlugin> read_exec_plugin(const Json& exec, const Json& cluster, const std::string& ca_pem) {
  ExecPlugin plugin;
  plugin.command = json::str(exec, "command");
  plugin.api_version = json::str(exec, "apiVersion");
  plugin.install_hint = without_control(json::str(exec, "installHint"));
  if (plugin.api_version != "client.authentication.k8s.io/v1" && plugin.api_version != "client.authentication.k8s.io/v1beta1")
    return Error(Reason::kBadRequest, "exec plugin: invalid apiVersion \"" + plugin.api_version + "\"");
  for (const Json& arg : json::array_or_empty(json::find(exec, "args"))) plugin.args.push_back(arg.is_string() ? arg.get<std::string>() : "");
  for (const Json& variable : json::array_or_empty(json::find(exec, "env")))
    plugin.env.emplace_back(json::str(variable, "name"), json::str(variable, "value"));
  const std::string mode = json::str(exec, "interactiveMode");
  if (mode == "Never") plugin.interactive = ExecPlugin::Interactive::kNever;
  if (mode == "Always") plugin.interactive = ExecPlugin::Interactive::kAlways;
  if (!json::boolean(exec, "provideClusterInfo")) return plugin;
  Json info = {{"server", json::str(cluster, "server")}};
  for (auto key : {"tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression"})
    if (cluster.contains(key) && cluster[key] != Json(false) && cluster[key] != Json("")) info[key] = cluster[key];
  if (!ca_pem.empty()) info["certificate-authority-data"] = base64_encode(ca_pem);
  info["config"] = nullptr;
  for (const Json& extension : json::array_or_empty(json::find(cluster, "extensions")))
    if (json::str(extension, "name") == "client.authentication.k8s.io/exec") info["config"] = json::find(extension, "extension");
  plugin.cluster_info = json::dump(info);
  return plugin;
}

Result<PluginCredentials> run_exec_plugin(const ExecPlugin& plugin, const Environment& environment) {
  const bool interactive = TRY(is_interactive(plugin));
  const std::string program = find_program(plugin.command, environment.get("PATH"));
  if (program.empty()) return not_found(plugin);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  os::Fd reader(ends[0]), writer(ends[1]);
  os::SpawnOptions options;
  options.program = program;
  options.argv = plugin.args;
  options.argv.insert(options.argv.begin(), plugin.command);
  if (environment.all_variables) options.env = environment.all_variables();
  // What comes later counts; not every program looks for the last, so earlier ones of the same name go.
  const auto put = [&](const std::string& name, const std::string& value) {
    std::erase_if(options.env, [&](const std::string& entry) { return starts_with(entry, name + "="); });
    options.env.push_back(name + "=" + value);
  };
  for (const auto& [name, value] : plugin.env) put(name, value);
  put("KUBERNETES_EXEC_INFO", exec_info(plugin, interactive));
  options.stdin_fd = interactive ? STDIN_FILENO : -1;
  options.stdout_fd = writer.get();
  options.stderr_fd = ::fcntl(STDERR_FILENO, F_GETFD) >= 0 ? STDERR_FILENO : -1;
  auto pid = os::spawn(options);
  if (!pid) return plain("exec: " + pid.error().message);
  writer.reset();
  auto answer = read_answer(reader.get());
  const int code = TRY(os::wait_for(*pid));
  if (code != 0) return plain("exec: executable " + plugin.command + " failed with exit code " + std::to_string(code));
  if (!answer) return answer.error();
  if (answer->size() > kLargestAnswer) return plain("decoding stdout: the answer of " + plugin.command + " is too large");
  return parse_exec_credential(*answer, plugin.api_version);
}

Result<PluginCredentials> parse_exec_credential(std::string_view text, const std::string& api_version) {
  auto parsed = json::parse_yaml(text);
  if (!parsed) return plain("decoding stdout: " + parsed.error().message);
  if (parsed->is_null()) *parsed = Json::object();
  if (!parsed->is_object()) return plain("decoding stdout: couldn't get version/kind; the answer is no object");
  const std::string version = json::str(*parsed, "apiVersion"), kind = json::str(*parsed, "kind");
  if (!kind.empty() && kind != "ExecCredential")
    return plain("decoding stdout: no kind \"" + kind + "\" is registered for version \"" + version + "\"");
  if (version != api_version) {
    return plain("exec plugin is configured to use API version " + api_version + ", plugin returned version " +
                 (version.empty() ? "client.authentication.k8s.io/__internal" : version));
  }
  const Json& status = json::find(*parsed, "status");
  if (!status.is_object()) return plain("exec plugin didn't return a status field");
  PluginCredentials credentials;
  credentials.token = json::str(status, "token");
  credentials.cert_pem = json::str(status, "clientCertificateData");
  credentials.key_pem = json::str(status, "clientKeyData");
  if (credentials.token.empty() && credentials.cert_pem.empty() && credentials.key_pem.empty())
    return plain("exec plugin didn't return a token or cert/key pair");
  if (credentials.cert_pem.empty() != credentials.key_pem.empty())
    return plain("exec plugin returned only certificate or key, not both");
  if (const std::string expires = json::str(status, "expirationTimestamp"); !expires.empty()) {
    credentials.expires = parse_rfc3339(expires);
    if (!credentials.expires) return plain("decoding stdout: expirationTimestamp \"" + expires + "\" is no time in RFC 3339");
  }
  return credentials;
}

}  // namespace skerry::kubeconfig
