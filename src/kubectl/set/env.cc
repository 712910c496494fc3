// kubectl set env.
#include <algorithm>
#include <map>
#include <set>

#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "kubectl/set/pod_template.h"
#include "kubectl/sources.h"
#include "kubectl/values.h"
#include "output/go_format.h"

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
  Json set = Json::array();  // EnvVars
  std::vector<std::string> remove;
};

// Resources stand before changes; "=x" is no change.
Result<WordsAndPairs> split_words(const std::vector<std::string>& words) {
  WordsAndPairs out;
  for (auto& word : words) {
    bool change = word.find('=', 1) != std::string::npos || ends_with(word, "-");
    if (change) out.pairs.push_back(word);
    else if (!out.pairs.empty()) return plain_error("all resources must be specified before environment changes: " + join(words, " "));
    else out.resources.push_back(word);
  }
  return out;
}

void add_from_text(std::string_view text, Json& set) {
  for (auto line : split(text, '\n')) {
    line = line.substr(0, line.find('#'));
    if (ends_with(line, "\r")) line.remove_suffix(1);
    auto at = line.find('=');
    if (at != std::string_view::npos) set.push_back({{"name", std::string(line.substr(0, at))}, {"value", std::string(line.substr(at + 1))}});
  }
}

Result<Change> parse(Session& s, const std::vector<std::string>& words) {
  Change c;
  auto all = s.flags.list("env");
  all.insert(all.end(), words.begin(), words.end());
  for (auto& word : all) {
    auto eq = word.find('=');
    if (word == "-") {
      std::string text = TRY(read_text("-", s.in));
      add_from_text(text, c.set);
    } else if (eq != std::string::npos) {
      std::string name = word.substr(0, eq);
      if (auto trouble = env_name_trouble(name); !trouble.empty()) return plain_error(output::go_quote(name) + " is not a valid key name: " + trouble);
      c.set.push_back({{"name", name}, {"value", word.substr(eq + 1)}});
    } else if (ends_with(word, "-")) {
      c.remove.push_back(word.substr(0, word.size() - 1));
    } else {
      return plain_error("unknown environment variable: " + word);
    }
  }
  for (auto& name : c.remove)
    for (auto& word : all)
      if (word.size() > name.size() && starts_with(word, name) && word[name.size()] == '=')
        return plain_error("can not both modify and remove the same environment variable in the same command");
  return c;
}

// "configmap/x", "secret/x": each key becomes a variable that refers to it. False: that could not be read, which has been shown.
Result<bool> add_references(Session& s, Change& change) {
  std::string from = s.flags.text("from");
  if (from.empty()) return true;
  auto keys = s.flags.list("keys");
  Selection q = selection_of(s);
  q.words.clear();
  if (!q.local) q.words = {from};
  auto selected = TRY(select(s, q, {.fetch = true}));
  if (!selected.errors.empty()) {
    s.fail(selected.errors);
    return false;
  }
  for (auto& item : selected.items) {
    bool secret = item.mapping.kind == "Secret";
    if (!secret && item.mapping.kind != "ConfigMap") return plain_error("unsupported resource specified in --from");
    for (auto& [key, value] : json::object_or_empty(json::find(item.object, "data")).items()) {
      if (!keys.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
      std::string name = key;
      for (char& c : name) c = isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(toupper(c)) : '_';
      if (name != key) s.warn("key " + key + " transferred to " + name);
      const char* field = secret ? "secretKeyRef" : "configMapKeyRef";
      change.set.push_back({{"name", name}, {"valueFrom", {{field, {{"name", item.name}, {"key", key}}}}}});
    }
  }
  return true;
}

std::string shown_reference(const Json& from) {
  if (auto& r = json::find(from, "secretKeyRef"); !r.is_null()) return "secret " + json::str(r, "name") + ", key " + json::str(r, "key");
  if (auto& r = json::find(from, "configMapKeyRef"); !r.is_null()) return "configmap " + json::str(r, "name") + ", key " + json::str(r, "key");
  if (auto& r = json::find(from, "fieldRef"); !r.is_null()) return "field path " + json::str(r, "fieldPath");
  if (auto& r = json::find(from, "resourceFieldRef"); !r.is_null())
    return "resource field " + json::str(r, "containerName") + (json::str(r, "containerName").empty() ? "" : "/") + json::str(r, "resource");
  return "invalid valueFrom";
}

std::string map_text(const Json& map) {
  std::string out;
  for (auto& [key, value] : json::object_or_empty(map).items())
    out += (out.empty() ? "" : "\n") + key + "=" + output::go_quote(value.is_string() ? value.get<std::string>() : "");
  return out;
}

Result<std::string> field_value(const Json& object, const std::string& path) {
  for (std::string_view map : {"metadata.annotations", "metadata.labels"}) {
    const Json& values = json::find(object, {"metadata", map.substr(9)});
    if (path == map) return map_text(values);
    if (starts_with(path, map) && path.compare(map.size(), 2, "['") == 0 && ends_with(path, "']"))
      return json::str(values, std::string_view(path).substr(map.size() + 2, path.size() - map.size() - 4));
  }
  if (path == "metadata.name" || path == "metadata.namespace" || path == "metadata.uid") return json::str(object, {"metadata", path.substr(9)});
  return plain_error("unsupported fieldPath: " + path);
}

// As the downward API has it: in units of the divisor, rounded up.
Result<std::string> resource_value(const Json& container, const Json& ref) {
  std::string resource = json::str(ref, "resource");
  auto dot = resource.find('.');
  std::string list = resource.substr(0, dot), name = dot == std::string::npos ? "" : resource.substr(dot + 1);
  bool known = name == "cpu" || name == "memory" || name == "ephemeral-storage" || starts_with(name, "hugepages-");
  if ((list != "limits" && list != "requests") || !known) return plain_error("Unsupported container resource : " + resource);
  auto amount = api::Quantity::from_json(json::find(container, {"resources", list, name})), divisor = api::Quantity::from_json(json::find(ref, "divisor"));
  if (divisor.is_zero()) divisor = api::Quantity::units(1);
  int64_t have = name == "cpu" ? amount.milli_value() : amount.value(), unit = name == "cpu" ? divisor.milli_value() : divisor.value();
  return std::to_string(unit <= 0 ? 0 : (have + unit - 1) / unit);
}

// The value a reference has now.
Result<std::string> resolve(Session& s, const Json& object, const Json& container, const Json& from) {
  auto* objects = TRY(s.objects());
  std::string ns = TRY(s.ns());
  if (auto& r = json::find(from, "secretKeyRef"); !r.is_null()) {
    Json secret = TRY(objects->get(mapping_of("v1", "secrets", "Secret", true), ns, json::str(r, "name")));
    auto value = base64_decode(json::str(secret, {"data", json::str(r, "key")}));
    if (!json::find(secret, {"data", json::str(r, "key")}).is_string() || !value)
      return plain_error("key " + json::str(r, "key") + " not found in secret " + json::str(r, "name"));
    return *value;
  }
  if (auto& r = json::find(from, "configMapKeyRef"); !r.is_null()) {
    Json map = TRY(objects->get(mapping_of("v1", "configmaps", "ConfigMap", true), ns, json::str(r, "name")));
    const Json& value = json::find(map, {"data", json::str(r, "key")});
    if (!value.is_string()) return plain_error("key " + json::str(r, "key") + " not found in config map " + json::str(r, "name"));
    return value.get<std::string>();
  }
  if (auto& r = json::find(from, "fieldRef"); !r.is_null()) return field_value(object, json::str(r, "fieldPath"));
  if (auto& r = json::find(from, "resourceFieldRef"); !r.is_null()) return resource_value(container, r);
  return plain_error("invalid valueFrom");
}

// False where a reference could not be resolved.
bool list_variables(Session& s, const Item& item, const Json& object, const Json& container) {
  s.out << "# " << item.mapping.kind << ' ' << item.name << ", container " << json::str(container, "name") << '\n';
  std::map<std::string, std::vector<std::string>> failed;  // variables by error
  for (auto& v : json::array_or_empty(json::find(container, "env"))) {
    const Json& from = json::find(v, "valueFrom");
    std::string name = json::str(v, "name");
    if (from.is_null()) {
      s.out << name << '=' << json::str(v, "value") << '\n';
      continue;
    }
    if (s.flags.boolean("resolve")) {
      auto value = resolve(s, object, container, from);
      if (value) {
        s.out << name << '=' << *value << '\n';
        continue;
      }
      failed[value.error().message].push_back(name);
    }
    s.out << "# " << name << " from " << shown_reference(from) << '\n';
  }
  std::vector<std::string> lines;
  for (auto& [error, names] : failed) {
    std::sort(names.begin(), names.end());
    lines.push_back("error retrieving reference for " + join(names, ", ") + ": " + error + "\n");
  }
  std::sort(lines.begin(), lines.end());
  s.out << std::flush;
  for (auto& line : lines) s.err << line;
  return failed.empty();
}

Status change_container(Session& s, const Change& change, Json& container) {
  auto wanted = [&](const std::string& name) {
    return std::find_if(change.set.begin(), change.set.end(), [&](const Json& v) { return json::str(v, "name") == name; });
  };
  const Json before = container.contains("env") && container["env"].is_array() ? container["env"] : Json::array();
  if (!s.flags.boolean("overwrite")) {
    for (auto& v : change.set)
      for (auto& have : before)
        if (json::str(have, "name") == json::str(v, "name") && json::str(have, "value") != json::str(v, "value"))
          return plain_error("'" + json::str(v, "name") + "' already has a value (" + json::str(have, "value") + "), and --overwrite is false");
  }
  std::set<std::string> covered(change.remove.begin(), change.remove.end());
  Json env = Json::array();
  for (auto& have : before) {
    std::string name = json::str(have, "name");
    if (covered.count(name)) continue;
    auto newer = wanted(name);
    if (newer != change.set.end()) covered.insert(name);
    env.push_back(newer != change.set.end() ? *newer : have);
  }
  for (auto& v : change.set)
    if (covered.insert(json::str(v, "name")).second) env.push_back(v);
  if (env.empty()) container.erase("env");
  else container["env"] = std::move(env);
  return {};
}

Result<int> run(Session& s) {
  if (s.flags.boolean("all") && !s.flags.text("selector").empty()) return plain_error("cannot set --all and --selector at the same time");
  auto words = TRY(split_words(s.words()));
  auto run = TRY(begin_set(s));
  TRY(check_set_flags(s, run));
  bool list = s.flags.boolean("list");
  if (s.flags.list("filename").empty() && words.resources.empty()) return plain_error("one or more resources must be specified as <resource> <name> or <resource>/<name>");
  if (list && !s.flags.text("output").empty()) return plain_error("--list and --output may not be specified together");
  if (!s.flags.list("keys").empty() && s.flags.text("from").empty()) return plain_error("when specifying --keys, a configmap or secret must be provided with --from");
  Change change = TRY(parse(s, words.pairs));
  if (!TRY(add_references(s, change))) return 1;
  if (std::string prefix = s.flags.text("prefix"); !prefix.empty())
    for (auto& v : change.set) v["name"] = prefix + json::str(v, "name");
  if (run.local) words.resources.clear();
  if (!TRY(find_objects(s, run, words.resources))) return 1;
  std::string pattern = s.flags.text("containers");
  auto change_one = [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return no_pod_template(item);
    bool found = false, resolved = true;
    for (const char* field : {"containers", "initContainers"}) {
      if (!spec->contains(field)) continue;
      for (auto& c : (*spec)[field]) {
        if (!matches_name(pattern, json::str(c, "name"))) continue;
        found = true;
        TRY(change_container(s, change, c));
        if (list) resolved &= list_variables(s, item, object, c);
      }
    }
    if (!found) s.warn(item.mapping.kind + "/" + item.name + " does not have any containers matching \"" + pattern + "\"");
    if (!resolved) return plain_error("failed to retrieve valueFrom references");
    return found;
  };
  if (!list) return change_objects(s, run, {"env updated", "failed to patch env update to pod template: "}, change_one);
  // Listing fails for nothing, as kubectl has it.
  for (auto& item : run.items) {
    Json object = item.object;
    (void)change_one(item, object);
  }
  return 0;
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
