#include "kubeconfig/config.h"

#include <algorithm>

#include "json/yaml.h"
#include "kubeconfig/schema.h"

namespace skerry::kubeconfig {
namespace {

constexpr std::string_view kScheme = "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50";

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

// The list `list` of {name, <member>} as a map. Of a null entry the name is empty.
Status read_entries(const Json& file, std::string_view list, std::string_view member, std::string_view go_type,
                    const std::string& origin, Entries& into) {
  for (const Json& item : json::array_or_empty(json::find(file, list))) {
    const std::string name = json::str(item, "name");
    if (into.contains(name)) {
      const std::string type(go_type);
      return bad("error converting *[]Named" + type + " into *map[string]*api." + type + ": duplicate name \"" + name + "\" in list");
    }
    into[name] = Entry{json::object_or_empty(json::find(item, member)), origin};
  }
  return {};
}

// interactiveMode's default in v1beta1; v1 wants it said.
void default_exec(Json& user) {
  auto exec = user.find("exec");
  if (exec == user.end() || !exec->is_object() || !json::str(*exec, "interactiveMode").empty()) return;
  const std::string version = json::str(*exec, "apiVersion");
  if (version == "client.authentication.k8s.io/v1beta1" || version == "client.authentication.k8s.io/v1alpha1")
    (*exec)["interactiveMode"] = "IfAvailable";
}

Json named_list(const Entries& entries, const std::string& member) {
  Json list = Json::array();
  for (const auto& [name, entry] : entries) {
    Json item = {{"name", name}};
    item[member] = entry.value;
    list.push_back(std::move(item));
  }
  return entries.empty() ? Json() : list;
}

Json assemble(const Config& config) {
  Json file = config.unknown.is_object() ? config.unknown : Json::object();
  file["kind"] = "Config";
  file["apiVersion"] = "v1";
  file["preferences"] = config.preferences;
  file["clusters"] = named_list(config.clusters, "cluster");
  file["users"] = named_list(config.users, "user");
  file["contexts"] = named_list(config.contexts, "context");
  file["current-context"] = config.current_context;
  Json extensions = Json::array();
  for (const auto& [name, value] : config.extensions) extensions.push_back(Json{{"name", name}, {"extension", value}});
  file["extensions"] = std::move(extensions);
  return file;
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& origin) {
  if (text.size() > kMaxConfigBytes) return bad("the file is too large");
  Json file = TRY(json::parse_yaml(text));
  if (file.is_null()) file = Json::object();
  if (!file.is_object()) return bad("couldn't get version/kind; the file is no mapping");
  const std::string kind = json::str(file, "kind"), version = json::str(file, "apiVersion");
  if ((!kind.empty() && kind != "Config") || (!version.empty() && version != "v1")) {
    return bad("no kind \"" + (kind.empty() ? "Config" : kind) + "\" is registered for version \"" + (version.empty() ? "v1" : version) +
               "\" in scheme \"" + std::string(kScheme) + "\"");
  }
  TRY(check_types(file, kConfigStruct));
  Config config;
  TRY(read_entries(file, "clusters", "cluster", "Cluster", origin, config.clusters));
  TRY(read_entries(file, "users", "user", "AuthInfo", origin, config.users));
  TRY(read_entries(file, "contexts", "context", "Context", origin, config.contexts));
  for (auto& [name, user] : config.users) default_exec(user.value);
  config.current_context = json::str(file, "current-context");
  config.preferences = json::object_or_empty(json::find(file, "preferences"));
  for (const Json& item : json::array_or_empty(json::find(file, "extensions")))
    config.extensions[json::str(item, "name")] = json::find(item, "extension");
  for (const auto& [key, value] : file.items())
    if (!kConfigStruct.find(key)) config.unknown[key] = value;
  return config;
}

Json to_json(const Config& config, bool keep_unknown) { return Json(normalise(assemble(config), kConfigStruct, keep_unknown)); }

std::string dump_config(const Config& config) { return json::dump_yaml(to_json(config)); }

std::string dump_config_json(const Config& config) {
  return normalise(assemble(config), kConfigStruct, false).dump(4, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace skerry::kubeconfig
