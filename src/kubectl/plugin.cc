#include "kubectl/plugin.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/strings.h"
#include "kubectl/globals.h"

namespace skerry::kubectl {

namespace {

std::vector<std::string> path_folders() {
  const char* path = std::getenv("PATH");
  std::vector<std::string> out;
  for (auto part : split(path ? path : "", ':'))
    if (!part.empty() && std::find(out.begin(), out.end(), part) == out.end()) out.emplace_back(part);
  return out;
}

bool executable(const std::string& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string find_on_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return "";
  for (auto& folder : path_folders())
    if (executable(folder + "/" + name)) return folder + "/" + name;
  return "";
}

Result<int> run_list(Session& s) {
  std::vector<std::string> found;
  std::map<std::string, std::string> seen;
  std::vector<std::string> warnings;
  for (auto& folder : path_folders()) {
    std::vector<std::string> names;
    std::error_code ec;
    for (auto it = std::filesystem::directory_iterator(folder, ec); !ec && it != std::filesystem::directory_iterator(); it.increment(ec)) {
      std::string name = it->path().filename();
      if (starts_with(name, "kubectl-") && !it->is_directory(ec)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    for (auto& name : names) {
      std::string path = folder + "/" + name;
      found.push_back(s.flags.boolean("name-only") ? name : path);
      if (!executable(path)) found.back() += "\n  - warning: " + path + " identified as a kubectl plugin, but it is not executable", warnings.push_back(name);
      if (auto [it, fresh] = seen.emplace(name, path); !fresh)
        found.back() += "\n  - warning: " + path + " is overshadowed by a similarly named plugin: " + it->second, warnings.push_back(name);
      std::string verb = name.substr(8);
      for (auto& group : command_groups())
        for (auto* c : group.commands)
          if (c->name() == verb) found.back() += "\n  - warning: " + name + " overwrites existing command: \"kubectl " + verb + "\"", warnings.push_back(name);
    }
  }
  if (found.empty()) return plain_error("unable to find any kubectl plugins in your PATH");
  s.out << "The following compatible plugins are available:\n\n";
  for (auto& f : found) s.out << f << '\n';
  if (warnings.empty()) return 0;
  return plain_error(warnings.size() == 1 ? "one plugin warning was found" : std::to_string(warnings.size()) + " plugin warnings were found");
}

constexpr Command kList{
    .use = "list",
    .brief = "List all visible plugin executables on a user's PATH",
    .text = "List the programs on the PATH whose names begin with \"kubectl-\", and what keeps them from being used.",
    .examples = "  # All plugins that can be run\n  kubectl plugin list\n",
    .flags = [] { return std::vector<Flag>{{"name-only", 0, FlagType::kBool, "false", "If true, display only the binary name of each plugin, rather than its full path"}}; },
    .run = run_list,
};
constexpr const Command* kChildren[] = {&kList};

}  // namespace

constexpr Command kPlugin{
    .use = "plugin",
    .brief = "Provides utilities for interacting with plugins",
    .text = "Plugins extend kubectl: any executable on the PATH named kubectl-<name> is run as \"kubectl <name>\".",
    .examples = "  # What there is\n  kubectl plugin list\n",
    .children = kChildren,
};

std::optional<int> run_plugin(const std::vector<std::string>& args, Streams streams) {
  // Dashes of a word become underscores, words are joined by dashes; the longest name wins.
  std::vector<std::string> words;
  for (auto& a : args) {
    if (starts_with(a, "-")) break;
    std::string w = a;
    std::replace(w.begin(), w.end(), '-', '_');
    words.push_back(w);
  }
  for (size_t n = words.size(); n > 0; --n) {
    std::string name = "kubectl";
    for (size_t i = 0; i < n; ++i) name += "-" + words[i];
    std::string path = find_on_path(name);
    if (path.empty()) continue;
    std::vector<char*> argv{path.data()};
    for (size_t i = n; i < args.size(); ++i) argv.push_back(const_cast<char*>(args[i].c_str()));
    argv.push_back(nullptr);
    streams.out << std::flush;
    ::execv(path.c_str(), argv.data());
    streams.err << "error: cannot run " << path << ": " << std::strerror(errno) << '\n';
    return 1;
  }
  return std::nullopt;
}

}  // namespace skerry::kubectl
