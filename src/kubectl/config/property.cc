// kubectl config set and unset: one property by its path.
#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "kubeconfig/schema.h"
#include "kubectl/config/commands.h"
#include "output/go_format.h"

namespace skerry::kubectl::config {

namespace {

using kubeconfig::Config;
using kubeconfig::Entries;
using kubeconfig::Field;
using kubeconfig::FieldType;
using kubeconfig::Paths;
using kubeconfig::Struct;

// kubectl names these fields of a user otherwise here than in files.
std::string_view file_name_of(std::string_view field) {
  static constexpr std::pair<std::string_view, std::string_view> kOther[] = {
      {"act-as", "as"}, {"act-as-uid", "as-uid"}, {"act-as-groups", "as-groups"}, {"act-as-user-extra", "as-user-extra"}};
  for (const auto& [path, file] : kOther)
    if (field == path) return file;
  for (const auto& [path, file] : kOther)
    if (field == file) return "";
  return field;
}

const Field* find_field(const Struct& schema, std::string_view name) {
  const std::string_view in_file = &schema == &kubeconfig::kUserStruct ? file_name_of(name) : name;
  return in_file.empty() ? nullptr : schema.find(in_file);
}

struct EntryPath {
  Entries Config::*list = nullptr;
  const Struct* schema = nullptr;
  std::string name{};            // of the entry, may contain dots; empty: none given
  const Field* field = nullptr;  // null: the entry itself
};

Error no_such_value(const std::string& path) { return plain_error("unable to parse one or more field values of " + path); }

// "clusters.NAME[.FIELD]" and the like. The first part behind the name's first that is a known field ends the name.
Result<std::optional<EntryPath>> parse_entry_path(const std::string& path, const std::vector<std::string_view>& parts) {
  EntryPath entry;
  if (parts[0] == "clusters") entry.list = &Config::clusters, entry.schema = &kubeconfig::kClusterStruct;
  else if (parts[0] == "users") entry.list = &Config::users, entry.schema = &kubeconfig::kUserStruct;
  else if (parts[0] == "contexts") entry.list = &Config::contexts, entry.schema = &kubeconfig::kContextStruct;
  else return std::optional<EntryPath>();
  size_t i = 1;
  for (; i < parts.size(); i++) {
    if (i > 1) entry.field = find_field(*entry.schema, parts[i]);
    if (entry.field) break;
    entry.name += (i > 1 ? "." : "") + std::string(parts[i]);
  }
  if (i + 1 < parts.size()) return no_such_value(path);
  return std::optional(entry);
}

Result<bool> parse_bool(const std::string& text) {
  for (auto yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (auto no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return plain_error("strconv.ParseBool: parsing \"" + text + "\": invalid syntax");
}

Status set_field(Json& object, const Field& field, const std::string& path, const std::string& value, bool raw_bytes) {
  const std::string key(field.name);
  switch (field.type) {
    case FieldType::kString: object[key] = value; return {};
    case FieldType::kBool: object[key] = TRY(parse_bool(value)); return {};
    case FieldType::kBytes: {
      if (raw_bytes) {
        object[key] = base64_encode(value);
        return {};
      }
      auto decoded = base64_decode(value);
      if (!decoded) return plain_error("error decoding input value: illegal base64 data at input byte " +
                                       std::to_string(std::min(value.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), value.size())));
      object[key] = base64_encode(*decoded);
      return {};
    }
    case FieldType::kStrings: return plain_error("unrecognized slice type. string");
    case FieldType::kStruct: return plain_error("can't set " + path + ": it has fields of its own; use set-credentials");
    default: return plain_error("can't set a map to a value: " + path);
  }
}

Error unknown_property(const std::string& path) { return plain_error("unable to parse " + path + " after [] at api.Config"); }

Status check_depth(const std::string& path, const std::vector<std::string_view>& parts) {
  for (auto plain : {"current-context", "kind", "apiVersion"})
    if (parts[0] == plain && parts.size() > 1) return no_such_value(path);
  return {};
}

std::vector<Flag> set_flags() {
  return {{"set-raw-bytes", 0, FlagType::kBool, "false", "The value of a binary field is given as it is, not in base64.", "true"}};
}

Result<int> run_set(Session& s) {
  if (s.words().size() != 2) return wrong_words(s);
  const std::string &path = s.words()[0], &value = s.words()[1];
  if (value.empty()) return plain_error("you cannot use set to unset a property");
  if (path.empty()) return plain_error("you must specify a property");
  TRY(modify_config(s, Paths::kAsGiven, [&](Config& config) { return set_property(config, path, value, s.flags.boolean("set-raw-bytes")); }));
  s.out << "Property " << output::go_quote(path) << " set.\n";
  return 0;
}

Result<int> run_unset(Session& s) {
  if (s.words().size() != 1) return wrong_words(s);
  const std::string& path = s.words()[0];
  if (path.empty()) return plain_error("you must specify a property");
  TRY(modify_config(s, Paths::kAsGiven, [&](Config& config) { return unset_property(config, path); }));
  s.out << "Property " << output::go_quote(path) << " unset.\n";
  return 0;
}

}  // namespace

Status set_property(Config& config, const std::string& path, const std::string& value, bool raw_bytes) {
  const auto parts = split(path, '.');
  TRY(check_depth(path, parts));
  auto entry = TRY(parse_entry_path(path, parts));
  if (entry) {
    if (entry->name.empty() || !entry->field) {
      return plain_error("can't set a map to a value: " + path +
                         (entry->name.empty() ? "" : " (no known field at its end, so all of it is taken for a name)"));
    }
    return set_field((config.*entry->list)[entry->name].value, *entry->field, path, value, raw_bytes);
  }
  if (parts[0] == "current-context") {
    config.current_context = value;
    return {};
  }
  if (parts[0] == "kind" || parts[0] == "apiVersion") return {};  // always the same in a file
  if (parts[0] == "preferences") {
    if (parts.size() == 1) return plain_error("unable to locate path preferences: it has fields of its own");
    const Field* field = kubeconfig::kPreferencesStruct.find(parts[1]);
    if (!field) return plain_error("unable to parse " + path + " after [preferences] at api.Preferences");
    if (parts.size() > 2 && field->type != FieldType::kList) return no_such_value(path);
    return set_field(config.preferences, *field, path, value, raw_bytes);
  }
  if (parts[0] == "extensions") return plain_error("extensions can't be set by this command: " + path);
  return unknown_property(path);
}

Status unset_property(Config& config, const std::string& path) {
  const auto parts = split(path, '.');
  TRY(check_depth(path, parts));
  auto entry = TRY(parse_entry_path(path, parts));
  if (entry) {
    Entries& entries = config.*entry->list;
    if (parts.size() == 1) {
      entries.clear();
    } else if (!entry->field) {
      entries.erase(entry->name);
    } else {
      auto found = entries.find(entry->name);
      if (found == entries.end()) return plain_error("current map key `" + entry->name + "` is invalid");
      found->second.value.erase(std::string(entry->field->name));
    }
    return {};
  }
  if (parts[0] == "current-context") {
    config.current_context.clear();
  } else if (parts[0] == "preferences") {
    if (parts.size() == 1) {
      config.preferences = Json::object();
    } else if (!kubeconfig::kPreferencesStruct.find(parts[1])) {
      return plain_error("unable to parse " + path + " after [preferences] at api.Preferences");
    } else {
      config.preferences.erase(std::string(parts[1]));
    }
  } else if (parts[0] == "extensions" && parts.size() == 1) {
    config.extensions.clear();
  } else if (parts[0] != "kind" && parts[0] != "apiVersion") {
    return unknown_property(path);
  }
  return {};
}

constexpr Command kSet{
    .use = "set PROPERTY_NAME PROPERTY_VALUE [options]",
    .brief = "Set an individual value in a kubeconfig file",
    .text = "Set one value.\n\n"
            " PROPERTY_NAME is made of names with dots between them: a field of the file, the name of an entry, a field of that entry.\n\n"
            " PROPERTY_VALUE is the new value; for binary fields such as 'certificate-authority-data' it is base64 unless --set-raw-bytes is given.",
    .examples = "  # Where a cluster's server is\n  kubectl config set clusters.edge.server https://10.0.0.1:6443\n\n"
                "  # Its certificate authority\n  kubectl config set clusters.edge.certificate-authority-data $(base64 -w0 ca.crt)\n\n"
                "  # The cluster of a context\n  kubectl config set contexts.home.cluster edge\n",
    .flags = set_flags,
    .run = run_set,
};

constexpr Command kUnset{
    .use = "unset PROPERTY_NAME [options]",
    .brief = "Unset an individual value in a kubeconfig file",
    .text = "Remove one value. PROPERTY_NAME is as for 'kubectl config set'.",
    .examples = "  # No current context\n  kubectl config unset current-context\n\n  # The namespace of a context\n  kubectl config unset contexts.edge.namespace\n",
    .run = run_unset,
};

}  // namespace skerry::kubectl::config
