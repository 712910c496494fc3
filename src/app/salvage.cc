#include "app/salvage.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "app/options.h"
#include "base/strings.h"
#include "os/files.h"

namespace skerry::app {
namespace {

constexpr size_t kMaxFile = 1 << 20;

struct Wanted {
  std::string_view name, flag, variable;
  char letter;
  std::string fallback;
};

std::string unquote(std::string_view v) {
  v = trim(v);
  if (v.size() >= 2 && (v[0] == '"' || v[0] == '\'')) {
    size_t end = v.find(v[0], 1);
    if (end != std::string_view::npos) return std::string(v.substr(1, end - 1));
  }
  if (size_t comment = v.find(" #"); comment != std::string_view::npos) v = trim(v.substr(0, comment));
  return std::string(v);
}

// "name: value" at the start of a line of a file that may be no YAML otherwise. Where the value cannot be what it should (a path,
// or a short name), it is not taken.
void scan_file(const std::string& path, const std::string& name, std::string& value) {
  auto text = os::read_file(path, kMaxFile);
  if (!text) return;
  for (std::string_view line : split(*text, '\n')) {
    if (!starts_with(line, name)) continue;
    std::string_view rest = trim(line.substr(name.size()));
    if (!starts_with(rest, ":")) continue;
    std::string found = unquote(rest.substr(1));
    if (name == "instance" ? valid_instance(found) : name == "node-name" || starts_with(found, "/")) value = found;
  }
}

std::string scan(const Wanted& w, const std::vector<std::string>& args, const std::map<std::string, std::string>& environment, const std::string& config) {
  std::string value = w.fallback;
  if (!config.empty()) {
    scan_file(config, std::string(w.name), value);
    std::vector<std::string> drop_ins;
    std::error_code ec;
    for (auto& e : std::filesystem::directory_iterator(config + ".d", ec)) drop_ins.push_back(e.path());
    std::sort(drop_ins.begin(), drop_ins.end());
    for (auto& path : drop_ins)
      if (ends_with(path, ".yaml") || ends_with(path, ".yml")) scan_file(path, std::string(w.name), value);
  }
  if (auto it = environment.find(std::string(w.variable)); it != environment.end() && !it->second.empty()) value = it->second;
  // As a server would not take it, an empty value counts as none where there is a default.
  auto take = [&](const std::string& found) {
    if (!found.empty() || w.fallback.empty()) value = found;
  };
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& a = args[i];
    const bool is_short = w.letter != 0 && a.size() >= 2 && a[0] == '-' && a[1] == w.letter;
    const std::string_view flag = is_short ? std::string_view(a).substr(0, 2) : w.flag;
    if (a == flag && i + 1 < args.size()) take(args[i + 1]);
    else if (starts_with(a, std::string(flag) + "=")) take(a.substr(flag.size() + 1));
  }
  return value;
}

}  // namespace

Salvaged salvage(const std::vector<std::string>& args, const std::map<std::string, std::string>& environment) {
  Salvaged s;
  Options options(all_options());
  if (auto loaded = options.load(args, environment)) {
    s.layout = layout_of(options);
    s.config = options.text("config");
    s.log_dir = options.text("log-dir");
    s.kubeconfig = options.text("write-kubeconfig");
    s.node_name = options.text("node-name");
    return s;
  } else {
    s.complaint = loaded.error().message;
  }
  auto find = [&](std::string_view name, std::string_view variable, char letter, std::string fallback) {
    std::string flag = "--" + std::string(name);
    return scan({name, flag, variable, letter, std::move(fallback)}, args, environment, name == "config" ? "" : s.config);
  };
  s.config = find("config", "SKERRY_CONFIG_FILE", 'c', "/etc/skerry/config.yaml");
  s.layout.data_dir = absolute_folder(find("data-dir", "SKERRY_DATA_DIR", 'd', "/var/lib/skerry"));
  s.layout.run_dir = absolute_folder(find("run-dir", "SKERRY_RUN_DIR", 0, "/run/skerry"));
  s.layout.instance = find("instance", "SKERRY_INSTANCE", 0, "");
  s.log_dir = find("log-dir", "SKERRY_LOG_DIR", 0, "/var/log");
  s.kubeconfig = find("write-kubeconfig", "SKERRY_WRITE_KUBECONFIG", 'o', "/etc/skerry/skerry.yaml");
  s.node_name = find("node-name", "SKERRY_NODE_NAME", 0, "");
  return s;
}

Salvaged salvage(const Service& service) { return salvage(service.args, service.environment); }

}  // namespace skerry::app
