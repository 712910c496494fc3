// kubectl set env.
#include <algorithm>
#include <cstdlib>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "kubectl/set/pod_template.h"
#include "kubectl/sources.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"containers", 'c', kString, "*", "The names of containers in the selected pod templates to change - may use wildcards"},
             {"env", 'e', kArray, "", "Specify a key-value pair for an environment variable to set into each container."},
             {"from", 0, kString, "", "The name of a resource from which to inject environment variables"},
             {"keys", 0, kStrings, "", "Comma-separated list of keys to import from specified resource"},
             {"list", 0, kBool, "false", "If true, display the environment and any changes in the standard format."},
             {"overwrite", 0, kBool, "true", "If true, allow environment to be overwritten, otherwise reject updates that overwrite existing environment."},
             {"prefix", 0, kString, "", "Prefix to append to variable names"},
             {"resolve", 0, kBool, "false", "If true, show secret or configmap references when listing variables"},
         } +
         set_flags();
}

struct Change {
  Json set = Json::array();          // EnvVars
  std::vector<std::string> remove;
};

bool is_env_name(std::string_view name) {
  if (name.empty()) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '='; });
}

Result<Change> parse(Session& s, std::vector<std::string> words) {
  Change c;
  for (auto& e : s.flags.list("env")) words.push_back(e);
  for (auto& word : words) {
    auto eq = word.find('=');
    if (eq != std::string::npos) {
      if (!is_env_name(word.substr(0, eq))) return plain_error("environment variables must be of the form key=value: " + word);
      c.set.push_back({{"name", word.substr(0, eq)}, {"value", word.substr(eq + 1)}});
    } else if (ends_with(word, "-")) {
      c.remove.push_back(word.substr(0, word.size() - 1));
    } else if (word == "-") {
      std::string text = TRY(read_text("-", s.in));
      for (auto line : split(text, '\n')) {
        line = trim(line);
        auto at = line.find('=');
        if (line.empty() || line[0] == '#') continue;
        if (at == std::string_view::npos) return plain_error("environment variables must be of the form key=value: " + std::string(line));
        c.set.push_back({{"name", std::string(line.substr(0, at))}, {"value", std::string(line.substr(at + 1))}});
      }
    } else {
      return plain_error("environment variables must be of the form key=value: " + word);
    }
  }
  return c;
}

// "configmap/x", "secret/x": each key becomes a variable that refers to it.
Status add_references(Session& s, Change& change) {
  std::string from = s.flags.text("from"), prefix = s.flags.text("prefix");
  if (from.empty()) return {};
  auto keys = s.flags.list("keys");
  auto items = TRY(select_items(s, Selection{.words = {from}}, {.fetch = true}));
  for (auto& item : items) {
    bool secret = item.mapping.kind == "Secret";
    if (!secret && item.mapping.kind != "ConfigMap") return plain_error("unsupported resource specified in --from");
    for (auto& [key, value] : json::object_or_empty(json::find(item.object, "data")).items()) {
      if (!keys.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
      std::string name = prefix + key;
      for (char& c : name) c = isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(toupper(c)) : '_';
      const char* field = secret ? "secretKeyRef" : "configMapKeyRef";
      change.set.push_back({{"name", name}, {"valueFrom", {{field, {{"name", item.name}, {"key", key}}}}}});
    }
  }
  return {};
}

std::string shown_reference(const Json& from) {
  if (auto& r = json::find(from, "secretKeyRef"); !r.is_null()) return "secret " + json::str(r, "name") + ", key " + json::str(r, "key");
  if (auto& r = json::find(from, "configMapKeyRef"); !r.is_null()) return "configmap " + json::str(r, "name") + ", key " + json::str(r, "key");
  if (auto& r = json::find(from, "fieldRef"); !r.is_null()) return "field path " + json::str(r, "fieldPath");
  if (auto& r = json::find(from, "resourceFieldRef"); !r.is_null())
    return "resource field " + json::str(r, "containerName") + (json::str(r, "containerName").empty() ? "" : " ") + json::str(r, "resource");
  return "unknown";
}

// The value a reference has now.
Result<std::string> resolve(Session& s, const Item& item, const Json& from) {
  auto* objects = TRY(s.objects());
  if (auto& r = json::find(from, "secretKeyRef"); !r.is_null()) {
    Json secret = TRY(objects->get(mapping_of("v1", "secrets", "Secret", true), item.ns, json::str(r, "name")));
    auto value = base64_decode(json::str(secret, {"data", json::str(r, "key")}));
    if (!json::find(secret, {"data", json::str(r, "key")}).is_string() || !value)
      return plain_error("key " + json::str(r, "key") + " not found in secret " + json::str(r, "name"));
    return *value;
  }
  if (auto& r = json::find(from, "configMapKeyRef"); !r.is_null()) {
    Json map = TRY(objects->get(mapping_of("v1", "configmaps", "ConfigMap", true), item.ns, json::str(r, "name")));
    const Json& value = json::find(map, {"data", json::str(r, "key")});
    if (!value.is_string()) return plain_error("key " + json::str(r, "key") + " not found in config map " + json::str(r, "name"));
    return value.get<std::string>();
  }
  return plain_error("unsupported reference");
}

void list_variables(Session& s, const Item& item, const Json& container) {
  s.out << "# " << item.mapping.kind << ' ' << item.name << ", container " << json::str(container, "name") << '\n';
  for (auto& v : json::array_or_empty(json::find(container, "env"))) {
    const Json& from = json::find(v, "valueFrom");
    std::string name = json::str(v, "name");
    if (from.is_null()) {
      s.out << name << '=' << json::str(v, "value") << '\n';
      continue;
    }
    if (s.flags.boolean("resolve")) {
      auto value = resolve(s, item, from);
      if (value) {
        s.out << name << '=' << *value << '\n';
        continue;
      }
    }
    s.out << "# " << name << " from " << shown_reference(from) << '\n';
  }
}

Status change_container(Session& s, const Change& change, Json& container) {
  Json& env = container["env"];
  if (!env.is_array()) env = Json::array();
  if (!s.flags.boolean("overwrite")) {
    for (auto& v : change.set)
      for (auto& have : env)
        if (have["name"] == v["name"]) return plain_error("'" + json::str(v, "name") + "' already has a value (" + json::str(have, "value") + "), and --overwrite is false");
  }
  for (auto& v : change.set) {
    auto at = std::find_if(env.begin(), env.end(), [&](const Json& have) { return have["name"] == v["name"]; });
    if (at != env.end()) *at = v;
    else env.push_back(v);
  }
  for (auto& name : change.remove) {
    Json kept = Json::array();
    for (auto& have : env) if (json::str(have, "name") != name) kept.push_back(have);
    env = std::move(kept);
  }
  if (env.empty()) container.erase("env");
  return {};
}

Result<int> run(Session& s) {
  auto words = TRY(split_set_words(s, "environment", true));
  Change change = TRY(parse(s, words.changes));
  if (!s.flags.list("keys").empty() && s.flags.text("from").empty()) return plain_error("when specifying --keys, a configmap or secret must be provided with --from");
  TRY(add_references(s, change));
  bool list = s.flags.boolean("list");
  if (change.set.empty() && change.remove.empty() && !list) return 0;
  std::string pattern = s.flags.text("containers");
  return change_objects(s, words.resources, "env", "env updated", [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return plain_error(item.mapping.resource + "/" + item.name + " is not a pod or does not have a pod template");
    bool found = false;
    for (const char* field : {"initContainers", "containers"}) {
      if (!spec->contains(field)) continue;
      for (auto& c : (*spec)[field]) {
        if (!matches_name(pattern, json::str(c, "name"))) continue;
        found = true;
        TRY(change_container(s, change, c));
        if (list) list_variables(s, item, c);
      }
    }
    if (!found) {
      s.err << "Warning: " << item.mapping.kind << '/' << item.name << " does not have any containers matching \"" << pattern << "\"\n";
      return false;
    }
    return !list && object != item.object;
  });
}

}  // namespace

constexpr Command kSetEnv{
    .use = "env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    .brief = "Update environment variables on a pod template",
    .text = "Set (KEY=VALUE), remove (KEY-) and list environment variables of the containers of pods and pod templates, or take them from a config map or secret.",
    .examples = "  kubectl set env deployment/web COLOR=blue\n\n  # What there is\n  kubectl set env deployment/web --list\n\n"
                "  # Every key of a secret\n  kubectl set env --from=secret/login deployment/web\n\n  # Without the variable\n  kubectl set env deployment/web COLOR-\n",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
