#include "app/options.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/strings.h"

extern char** environ;

namespace skerry::app {
namespace {

std::string variable_of(const Option& o) {
  if (!o.variable.empty()) return std::string(o.variable);
  std::string out = "SKERRY_";
  for (char c : o.name) out += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return out;
}

Error usage(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

std::optional<bool> parse_bool(std::string_view v) {
  std::string s = to_lower(v);
  if (s == "true" || s == "1" || s == "yes" || s == "on") return true;
  if (s == "false" || s == "0" || s == "no" || s == "off") return false;
  return std::nullopt;
}

}  // namespace

Options::Options(std::vector<Option> table) : table_(std::move(table)) {}

const Option* Options::find(std::string_view name) const {
  for (auto& o : table_)
    if (o.name == name) return &o;
  return nullptr;
}

Status Options::set(const Option& option, const std::vector<std::string>& values, const std::string& source, bool append) {
  if (option.type != OptionType::kList && values.size() != 1)
    return usage(source + ": " + std::string(option.name) + " takes one value");
  if (option.type == OptionType::kBool && !parse_bool(values[0]))
    return usage(source + ": " + std::string(option.name) + " is true or false, not \"" + values[0] + "\"");
  if (option.type == OptionType::kInt && !parse_int(values[0]))
    return usage(source + ": " + std::string(option.name) + " is a number, not \"" + values[0] + "\"");
  auto& slot = values_[std::string(option.name)];
  if (!append) slot.clear();
  slot.insert(slot.end(), values.begin(), values.end());
  return {};
}

Status Options::load_file(const std::string& path, bool required) {
  std::ifstream in(path);
  if (!in) {
    if (!required) return {};
    return usage("cannot read configuration file " + path);
  }
  std::stringstream text;
  text << in.rdbuf();
  try {
    YAML::Node root = YAML::Load(text.str());
    if (root.IsNull()) return {};
    if (!root.IsMap()) return usage(path + ": a configuration file is a mapping of settings");
    for (const auto& entry : root) {
      std::string where = path + ":" + std::to_string(entry.first.Mark().line + 1);
      if (!entry.first.IsScalar()) return usage(where + ": a setting's name must be plain text");
      std::string name = entry.first.Scalar();
      bool append = ends_with(name, "+");
      if (append) name.pop_back();
      const Option* option = find(name);
      if (option == nullptr) return usage(where + ": unknown setting \"" + name + "\"");
      if (append && option->type != OptionType::kList) return usage(where + ": " + name + " is no list; '+' does not apply");
      std::vector<std::string> values;
      if (entry.second.IsSequence()) {
        if (option->type != OptionType::kList) return usage(where + ": " + name + " takes one value, not a list");
        for (const auto& item : entry.second) {
          if (!item.IsScalar()) return usage(where + ": " + name + " is a list of plain values");
          values.push_back(item.Scalar());
        }
      } else if (entry.second.IsScalar()) {
        values.push_back(entry.second.Scalar());
      } else {
        return usage(where + ": " + name + " has a value of the wrong type");
      }
      TRY(set(*option, values, where, append));
    }
  } catch (const YAML::Exception& e) {
    return usage(path + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
  return {};
}

Status Options::load(const std::vector<std::string>& args, const std::map<std::string, std::string>& environment) {
  // Flags are read first, for --config, but applied last.
  std::vector<std::pair<const Option*, std::string>> flags;
  for (size_t i = 0; i < args.size(); ++i) {
    std::string_view a = args[i];
    if (a == "--help" || a == "-h") {
      help_ = true;
      return {};
    }
    if (a == "--") {
      rest_.insert(rest_.end(), args.begin() + static_cast<long>(i) + 1, args.end());
      break;
    }
    if (a.size() < 2 || a[0] != '-') {
      rest_.emplace_back(a);
      continue;
    }
    size_t eq = a.find('=');
    std::string_view name = a.substr(0, eq);
    const Option* option = nullptr;
    if (starts_with(name, "--")) {
      option = find(name.substr(2));
    } else if (name.size() == 2) {
      for (auto& o : table_)
        if (o.letter == name[1]) option = &o;
    }
    if (option == nullptr) return usage("unknown flag " + std::string(name) + " (see --help)");
    std::string value;
    if (eq != std::string_view::npos) {
      value = std::string(a.substr(eq + 1));
    } else if (option->type == OptionType::kBool) {
      value = "true";
    } else {
      if (i + 1 >= args.size()) return usage(std::string(name) + " needs a value");
      value = args[++i];
    }
    flags.emplace_back(option, std::move(value));
  }

  std::string config = "/etc/skerry/config.yaml";
  bool required = false;
  if (auto it = environment.find("SKERRY_CONFIG_FILE"); it != environment.end()) config = it->second, required = true;
  for (auto& [option, value] : flags)
    if (option->name == "config") config = value, required = true;
  if (find("config") != nullptr) {
    TRY(load_file(config, required));
    std::vector<std::string> drop_ins;
    std::error_code ec;
    for (auto& e : std::filesystem::directory_iterator(config + ".d", ec))
      if (e.path().extension() == ".yaml" || e.path().extension() == ".yml") drop_ins.push_back(e.path());
    std::sort(drop_ins.begin(), drop_ins.end());
    for (auto& path : drop_ins) TRY(load_file(path, true));
  }

  for (auto& option : table_) {
    std::string variable = variable_of(option);
    auto it = environment.find(variable);
    if (it == environment.end() || it->second.empty()) continue;
    std::vector<std::string> values;
    if (option.type == OptionType::kList) {
      for (auto part : split(it->second, ',')) values.emplace_back(trim(part));
    } else {
      values.push_back(it->second);
    }
    TRY(set(option, values, variable, false));
  }

  std::map<std::string_view, bool> seen;
  for (auto& [option, value] : flags) {
    std::vector<std::string> values{value};
    if (option->type == OptionType::kList) {
      values.clear();
      for (auto part : split(value, ',')) values.emplace_back(part);
    }
    TRY(set(*option, values, "--" + std::string(option->name), option->type == OptionType::kList && seen[option->name]));
    seen[option->name] = true;
  }
  return {};
}

std::string Options::text(std::string_view name) const {
  auto it = values_.find(name);
  if (it != values_.end()) return it->second.empty() ? "" : it->second.front();
  const Option* o = find(name);
  return o == nullptr ? "" : std::string(o->fallback);
}

bool Options::flag(std::string_view name) const { return parse_bool(text(name)).value_or(false); }

int64_t Options::number(std::string_view name) const { return parse_int(text(name)).value_or(0); }

std::vector<std::string> Options::list(std::string_view name) const {
  auto it = values_.find(name);
  if (it != values_.end()) return it->second;
  const Option* o = find(name);
  std::vector<std::string> out;
  if (o != nullptr && !o->fallback.empty())
    for (auto part : split(o->fallback, ',')) out.emplace_back(part);
  return out;
}

bool Options::given(std::string_view name) const { return values_.contains(name); }

std::string Options::help() const {
  std::string out;
  std::string_view group;
  for (auto& o : table_) {
    if (o.group != group) {
      group = o.group;
      out += (out.empty() ? "" : "\n") + std::string(group) + ":\n";
    }
    std::string left = "  --" + std::string(o.name);
    if (o.letter != 0) left += std::string(", -") + o.letter;
    if (o.type != OptionType::kBool) left += o.type == OptionType::kInt ? " N" : " VALUE";
    out += left;
    out += left.size() < 34 ? std::string(34 - left.size(), ' ') : "\n" + std::string(34, ' ');
    out += std::string(o.help);
    if (o.type == OptionType::kList) out += " (may be given several times)";
    if (!o.fallback.empty() && o.fallback != "false") out += " [" + std::string(o.fallback) + "]";
    out += " ($" + variable_of(o) + ")\n";
  }
  return out;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> out;
  for (char** e = environ; *e != nullptr; ++e) {
    std::string_view entry = *e;
    size_t eq = entry.find('=');
    if (eq != std::string_view::npos) out.emplace(entry.substr(0, eq), entry.substr(eq + 1));
  }
  return out;
}

}  // namespace skerry::app
