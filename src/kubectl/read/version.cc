// kubectl version.
#include <sys/utsname.h>

#include "api/version.h"
#include "base/strings.h"
#include "embedded/version.h"
#include "json/yaml.h"
#include "kubectl/objects.h"
#include "kubectl/read/commands.h"
#include "kubectl/session.h"
#include "output/json_text.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"client", 0, kBool, "false", "If true, shows client version only (no server required)."},
      {"output", 'o', kString, "", "One of 'yaml' or 'json'."},
  };
}

std::string platform() {
  utsname u{};
  ::uname(&u);
  std::string_view m = u.machine;
  std::string arch(m == "x86_64" ? "amd64" : m == "aarch64" ? "arm64" : starts_with(m, "arm") ? "arm" : m);
  return "linux/" + arch;
}

Json client_version() {
  return {{"major", "1"}, {"minor", "36"}, {"gitVersion", api::kKubernetesVersion}, {"gitCommit", embedded::kGitCommit},
          {"gitTreeState", embedded::kGitTreeState}, {"buildDate", embedded::kCommitDate}, {"goVersion", ""}, {"compiler", embedded::kCompiler},
          {"platform", platform()}};
}

// More than one minor version apart is not supported, as kubectl warns.
void warn_of_skew(Session& s, const Json& server) {
  auto minor = parse_int(std::string_view(json::str(server, "minor")).substr(0, json::str(server, "minor").find_first_not_of("0123456789")));
  if (!minor) return;
  if (std::abs(*minor - 36) > 1)
    s.err << "Warning: version difference between client (1.36) and server (" << json::str(server, "major") << "." << *minor
          << ") exceeds the supported minor version skew of +/-1\n";
}

Result<int> run(Session& s) {
  std::string format = s.flags.text("output");
  if (!s.words().empty()) return plain_error("extra arguments: [" + join(s.words(), " ") + "]");
  if (!format.empty() && format != "json" && format != "yaml") return plain_error("--output must be 'yaml' or 'json'");
  Json server;
  Result<int> result = 0;
  if (!s.flags.boolean("client")) {
    auto rest = s.rest();
    auto answer = rest ? (*rest)->json({.path = "/version"}) : Result<Json>(rest.error());
    if (answer) server = std::move(*answer);
    else result = answer.error();
  }
  if (format.empty()) {
    s.out << "Client Version: " << api::kKubernetesVersion << "\nKustomize Version: " << api::kKustomizeVersion << '\n';
    if (!server.is_null()) s.out << "Server Version: " << json::str(server, "gitVersion") << '\n';
  } else if (format == "json") {
    output::OrderedJson o;
    o["clientVersion"] = client_version();
    o["kustomizeVersion"] = api::kKustomizeVersion;
    if (!server.is_null()) o["serverVersion"] = server;
    s.out << output::dump_json(o, 2) << '\n';
  } else {
    Json o = {{"clientVersion", client_version()}, {"kustomizeVersion", api::kKustomizeVersion}};
    if (!server.is_null()) o["serverVersion"] = server;
    s.out << json::dump_yaml(o);
  }
  s.out << std::flush;
  if (!server.is_null()) warn_of_skew(s, server);
  return result;
}

}  // namespace

constexpr Command kVersion{
    .use = "version",
    .brief = "Print the client and server version information",
    .text = "Print the version of this client and, unless --client is given, of the server of the current context.",
    .examples = "  # Client and server\n  kubectl version\n\n  # This client alone\n  kubectl version --client\n",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
