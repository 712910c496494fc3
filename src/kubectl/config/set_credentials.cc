// kubectl config set-credentials.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/config/commands.h"
#include "kubectl/config/embed.h"
#include "kubectl/help.h"

namespace skerry::kubectl::config {

namespace {

using kubeconfig::Config;
using kubeconfig::Paths;

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"auth-provider", 0, kString, "", "Auth provider of the user entry"},
      {"auth-provider-arg", 0, kStrings, "", "'key=value' for the auth provider; 'key-' removes one"},
      {"client-certificate", 0, kString, "", "File with the client certificate of the user entry"},
      {"client-key", 0, kString, "", "File with the client key of the user entry"},
      {"embed-certs", 0, kBool, "false", "Put the content of certificate and key into the user entry instead of the files' names", "true"},
      {"exec-api-version", 0, kString, "", "API version of the credential plugin"},
      {"exec-arg", 0, kStrings, "", "Arguments of the credential plugin; they replace those there are"},
      {"exec-command", 0, kString, "", "Command of the credential plugin"},
      {"exec-env", 0, kArray, "", "'key=value' for the credential plugin's environment; 'key-' removes one"},
      {"exec-interactive-mode", 0, kString, "", "Whether the credential plugin may ask the user: Never, IfAvailable, Always"},
      {"exec-provide-cluster-info", 0, kBool, "false", "Whether the credential plugin is told about the cluster", "true"},
      {"password", 0, kString, "", "password of the user entry"},
      {"token", 0, kString, "", "token of the user entry"},
      {"username", 0, kString, "", "username of the user entry"},
  };
}

// "key=value" to be set, "key-" to be removed.
struct Changes {
  std::vector<std::pair<std::string, std::string>> set{};
  std::vector<std::string> remove{};
};

Result<Changes> parse_changes(const std::vector<std::string>& words, std::string_view flag) {
  Changes changes;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals != word.npos) {
      changes.set.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    } else if (word.size() > 1 && ends_with(word, "-")) {
      changes.remove.push_back(word.substr(0, word.size() - 1));
    } else {
      return plain_error("invalid " + std::string(flag) + " format: " + word);
    }
  }
  return changes;
}

Status check(const Flags& f, const std::string& name) {
  if (name.empty()) return plain_error("you must specify a non-empty user name");
  if (!f.text("token").empty() && (!f.text("username").empty() || !f.text("password").empty()))
    return plain_error("you cannot specify more than one authentication method at the same time: --token, --username/--password");
  if (!f.boolean("embed-certs")) return {};
  const std::string cert = f.text("client-certificate"), key = f.text("client-key");
  if (cert.empty() && key.empty()) return plain_error("you must specify a --client-certificate or --client-key to embed");
  if (!cert.empty()) TRY(check_file("client-certificate", cert));
  if (!key.empty()) TRY(check_file("client-key", key));
  return {};
}

void change_provider(const Flags& f, const Changes& args, Json& user) {
  if (f.changed("auth-provider")) {
    const std::string name = f.text("auth-provider");
    if (!user.contains("auth-provider") || json::str(user["auth-provider"], "name") != name) user["auth-provider"] = Json{{"name", name}};
  }
  auto provider = user.find("auth-provider");
  if (provider == user.end() || !provider->is_object()) return;
  Json& config = (*provider)["config"];
  if (!config.is_object()) config = Json::object();
  for (const std::string& key : args.remove) config.erase(key);
  for (const auto& [key, value] : args.set) config[key] = value;
}

void change_variables(const Changes& changes, Json& exec) {
  Json variables = Json::array();
  for (const Json& variable : json::array_or_empty(json::find(exec, "env"))) {
    const std::string name = json::str(variable, "name");
    if (std::find(changes.remove.begin(), changes.remove.end(), name) == changes.remove.end()) variables.push_back(variable);
  }
  for (const auto& [key, value] : changes.set) {
    auto found = std::find_if(variables.begin(), variables.end(), [&, &key = key](const Json& v) { return json::str(v, "name") == key; });
    if (found != variables.end()) (*found)["value"] = value;
    else variables.push_back(Json{{"name", key}, {"value", value}});
  }
  exec["env"] = variables.empty() ? Json() : std::move(variables);
}

// Without a command there is no plugin, and what is said of it is lost, as in kubectl.
void change_exec(const Flags& f, const Changes& env, Json& user) {
  if (f.changed("exec-command")) user["exec"]["command"] = f.text("exec-command");
  auto found = user.find("exec");
  if (found == user.end() || !found->is_object()) return;
  Json& exec = *found;
  if (f.changed("exec-api-version")) exec["apiVersion"] = f.text("exec-api-version");
  if (f.changed("exec-provide-cluster-info")) exec["provideClusterInfo"] = f.boolean("exec-provide-cluster-info");
  if (f.changed("exec-interactive-mode")) exec["interactiveMode"] = f.text("exec-interactive-mode");
  if (f.changed("exec-arg")) exec["args"] = f.list("exec-arg");
  if (f.changed("exec-env")) change_variables(env, exec);
}

Status change(const Flags& f, const Changes& provider_args, const Changes& env, Json& user) {
  const bool embed = f.boolean("embed-certs");
  for (auto key : {"client-certificate", "client-key"})
    if (f.changed(key)) TRY(set_file(user, key, f.text(key), embed && !f.text(key).empty()));
  for (auto key : {"token", "username", "password"})
    if (f.changed(key)) set_text(user, key, f.text(key));
  change_provider(f, provider_args, user);
  change_exec(f, env, user);
  // One way of proving who one is replaces the other.
  const bool token = !f.text("token").empty(), basic = !f.text("username").empty() || !f.text("password").empty();
  if (basic) user.erase("token");
  if (token) user.erase("username"), user.erase("password");
  return {};
}

Result<int> run(Session& s) {
  const Flags& f = s.flags;
  if (s.words().size() != 1) return wrong_words(s, "unexpected args");
  const auto with_help = [&](const Error& error) {
    print_help(s.command, s.path, s.out);
    return error;
  };
  auto provider_args = parse_changes(f.list("auth-provider-arg"), "auth-provider-arg");
  if (!provider_args) return with_help(provider_args.error());
  auto env = parse_changes(f.list("exec-env"), "exec-env");
  if (!env) return with_help(env.error());
  const std::string& name = s.words()[0];
  if (const std::string mode = f.text("exec-interactive-mode"); !mode.empty() && mode != "IfAvailable" && mode != "Never" && mode != "Always")
    return plain_error("invalid interactive mode type, can be only IfAvailable, Never, Always");
  TRY(check(f, name));
  TRY(modify_config(s, Paths::kRelative,
                    [&](Config& config) -> Status { return change(f, *provider_args, *env, config.users[name].value); }));
  s.out << "User \"" << name << "\" set.\n";
  return 0;
}

}  // namespace

constexpr Command kSetCredentials{
    .use = "set-credentials NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] "
           "[--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] "
           "[--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value] [options]",
    .brief = "Set a user entry in kubeconfig",
    .text = "Make a user entry, or change the named fields of one that exists. A token replaces name and password, and the other way round.",
    .examples = "  # A client certificate, its content inside the kubeconfig\n"
                "  kubectl config set-credentials admin --client-certificate=admin.crt --client-key=admin.key --embed-certs\n\n"
                "  # A token\n  kubectl config set-credentials robot --token=abc\n\n"
                "  # A program that prints credentials\n"
                "  kubectl config set-credentials admin --exec-command=/usr/local/bin/login --exec-api-version=client.authentication.k8s.io/v1 "
                "--exec-interactive-mode=Never --exec-arg=--edge --exec-env=REGION=north\n",
    .flags = flags,
    .run = run,
    .complete = complete_users,
};

}  // namespace skerry::kubectl::config
