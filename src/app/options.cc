#include "app/options.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/similar.h"
#include "base/strings.h"

extern char** environ;

namespace skerry::app {
namespace {

constexpr size_t kMaxFile = 1 << 20;

Error usage(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

std::optional<bool> parse_bool(std::string_view v) {
  std::string s = to_lower(v);
  if (s == "true" || s == "1" || s == "yes" || s == "on") return true;
  if (s == "false" || s == "0" || s == "no" || s == "off") return false;
  return std::nullopt;
}

// What a setting wants, as a sentence goes on: "https-listen-port is a number, not ...".
std::string complaint(const Option& o, const std::string& value) {
  std::string not_this = ", not \"" + value + "\"";
  if (o.type == OptionType::kBool && !parse_bool(value)) return " is true or false" + not_this;
  if (o.type == OptionType::kInt) {
    auto number = parse_int(value);
    if (!number) return " is a number" + not_this;
    if (o.takes == "PORT" && (*number < 0 || *number > 65535)) return " is a port, 0 to 65535" + not_this;
    if (*number < 0) return " is a number from 0 on" + not_this;
  }
  // Where there is a default, there has to be one.
  if (o.takes == "DIR" && value.empty() && !o.fallback.empty()) return " is a folder" + not_this;
  auto words = choices_of(o);
  if (!words.empty() && std::find(words.begin(), words.end(), value) == words.end()) {
    std::string all;
    for (size_t i = 0; i < words.size(); ++i) all += (i == 0 ? " is " : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
    return all + not_this;
  }
  return "";
}

}  // namespace

std::string variable_of(const Option& o) {
  if (!o.variable.empty()) return std::string(o.variable);
  std::string out = "SKERRY_";
  for (char c : o.name) out += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return out;
}

std::vector<std::string_view> choices_of(const Option& o) {
  return o.takes.find('|') == std::string_view::npos ? std::vector<std::string_view>() : split(o.takes, '|');
}

Options::Options(std::vector<Option> table) : table_(std::move(table)) {}

const Option* Options::find(std::string_view name) const {
  for (auto& o : table_)
    if (o.name == name) return &o;
  return nullptr;
}

Status Options::set(const Option& option, const std::vector<std::string>& values, const std::string& source, bool append) {
  if (option.type != OptionType::kList && values.size() != 1)
    return usage(source + ": " + std::string(option.name) + " takes one value");
  for (auto& value : values)
    if (std::string wrong = complaint(option, value); !wrong.empty()) return usage(source + ": " + std::string(option.name) + wrong);
  auto& slot = values_[std::string(option.name)];
  if (!append) slot.values.clear();
  slot.values.insert(slot.values.end(), values.begin(), values.end());
  slot.source = source;
  return {};
}

Status Options::pass(Status status) {
  if (status || !forgiving_) return status;
  file_errors_.push_back(status.error().message);
  return {};
}

Status Options::load_file(const std::string& path, bool required) {
  std::ifstream in(path);
  if (!in) {
    if (!required && !std::filesystem::exists(path)) return {};
    return pass(usage("cannot read configuration file " + path));
  }
  std::string text(kMaxFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxFile) return pass(usage(path + ": a configuration file has at most 1 MiB"));
  try {
    YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return {};
    if (!root.IsMap()) return pass(usage(path + ":" + std::to_string(root.Mark().line + 1) + ": a configuration file is a mapping of settings"));
    std::map<std::string, int> seen;
    auto take = [&](const YAML::Node& key, const YAML::Node& value) -> Status {
      const int line = key.Mark().line + 1;
      std::string where = path + ":" + std::to_string(line);
      if (!key.IsScalar()) return usage(where + ": a setting's name must be plain text");
      std::string name = key.Scalar();
      auto [before, first] = seen.emplace(name, line);
      if (!first) return usage(where + ": " + name + " stands in line " + std::to_string(before->second) + " already");
      bool append = ends_with(name, "+");
      if (append) name.pop_back();
      const Option* option = find(name);
      if (option == nullptr) {
        std::vector<std::string_view> names;
        for (auto& o : table_) names.push_back(o.name);
        return usage(where + ": unknown setting \"" + name + "\"" + did_you_mean(name, names));
      }
      if (name == "config") return usage(where + ": config says where this file is; it cannot stand in it");
      if (append && option->type != OptionType::kList) return usage(where + ": " + name + " is no list; '+' does not apply");
      std::vector<std::string> values;
      if (value.IsSequence()) {
        if (option->type != OptionType::kList) return usage(where + ": " + name + " takes one value, not a list");
        for (const auto& item : value) {
          if (!item.IsScalar())
            return usage(path + ":" + std::to_string(item.Mark().line + 1) + ": " + name + " is a list of plain values");
          values.push_back(item.Scalar());
        }
      } else if (value.IsScalar()) {
        values.push_back(value.Scalar());
      } else if (value.IsNull()) {
        return usage(where + ": " + name + " has no value");
      } else {
        return usage(where + ": " + name + (option->type == OptionType::kList ? " is a list of plain values, not a mapping" : " takes one value, not a mapping"));
      }
      return set(*option, values, where, append);
    };
    for (const auto& entry : root) TRY(pass(take(entry.first, entry.second)));
  } catch (const YAML::Exception& e) {
    return pass(usage(path + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg));
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
    if (option == nullptr) {
      std::vector<std::string_view> names;
      for (auto& o : table_) names.push_back(o.name);
      std::string hint = starts_with(name, "--") ? did_you_mean(name.substr(2), names) : "";
      return usage("unknown flag " + std::string(name) + (hint.empty() ? " (see --help)" : hint));
    }
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
  if (it != values_.end()) return it->second.values.empty() ? "" : it->second.values.front();
  const Option* o = find(name);
  return o == nullptr ? "" : std::string(o->fallback);
}

bool Options::flag(std::string_view name) const { return parse_bool(text(name)).value_or(false); }

int64_t Options::number(std::string_view name) const { return parse_int(text(name)).value_or(0); }

std::vector<std::string> Options::list(std::string_view name) const {
  auto it = values_.find(name);
  if (it != values_.end()) return it->second.values;
  const Option* o = find(name);
  std::vector<std::string> out;
  if (o != nullptr && !o->fallback.empty())
    for (auto part : split(o->fallback, ',')) out.emplace_back(part);
  return out;
}

bool Options::given(std::string_view name) const { return values_.contains(name); }

std::string Options::source(std::string_view name) const {
  auto it = values_.find(name);
  return it == values_.end() ? "" : it->second.source;
}

std::string Options::help() const {
  std::vector<std::string_view> groups;  // in the order in which they first appear
  for (auto& o : table_)
    if (std::find(groups.begin(), groups.end(), o.group) == groups.end()) groups.push_back(o.group);
  std::string out;
  for (std::string_view group : groups) {
    out += (out.empty() ? "" : "\n") + std::string(group) + ":\n";
    for (auto& o : table_) {
      if (o.group != group) continue;
      std::string left = o.letter != 0 ? std::string("  -") + o.letter + ", --" : "      --";
      left += o.name;
      if (o.type != OptionType::kBool) left += o.takes.empty() ? o.type == OptionType::kInt ? " N" : " TEXT" : " " + std::string(o.takes);
      constexpr size_t kColumn = 42;
      out += left;
      out += left.size() < kColumn ? std::string(kColumn - left.size(), ' ') : "\n" + std::string(kColumn, ' ');
      out += std::string(o.help);
      if (o.type == OptionType::kList) out += " (may be given several times)";
      if (!o.fallback.empty() && o.fallback != "false") out += " [" + std::string(o.fallback) + "]";
      out += " ($" + variable_of(o) + ")\n";
    }
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
