#include "kubectl/plugin.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "base/strings.h"
#include "kubectl/main.h"

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

// The names of files in `folder` that plugins would have, sorted; an Error where it cannot be read.
Result<std::vector<std::string>> plugins_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ec;
  for (auto it = std::filesystem::directory_iterator(folder, ec); !ec && it != std::filesystem::directory_iterator(); it.increment(ec)) {
    std::string name = it->path().filename();
    std::error_code unknown;
    if (starts_with(name, "kubectl-") && (it->is_symlink(unknown) || !it->is_directory(unknown))) names.push_back(name);
  }
  if (ec) return plain_error("open " + folder + ": " + to_lower(ec.message()));
  std::sort(names.begin(), names.end());
  return names;
}

// What keeps a plugin from being used, or hides something else.
std::vector<std::string> warnings_about(const std::string& path, const std::string& name, std::map<std::string, std::string>& seen) {
  std::vector<std::string> out;
  if (!executable(path)) out.push_back("warning: " + path + " identified as a kubectl plugin, but it is not executable");
  if (auto [it, fresh] = seen.emplace(name, path); !fresh) out.push_back("warning: " + path + " is overshadowed by a similarly named plugin: " + it->second);
  std::vector<std::string> words;
  for (auto word : split(std::string_view(name).substr(8), '-')) words.emplace_back(word);
  if (auto found = find_command(words, "kubectl"); found.command) out.push_back("warning: " + name + " overwrites existing command: \"" + found.path + "\"");
  return out;
}

Result<int> run_list(Session& s) {
  bool any = false;
  size_t warnings = 0;
  std::map<std::string, std::string> seen;
  for (auto& folder : path_folders()) {
    auto names = plugins_in(folder);
    if (!names) {
      s.err << "Unable to read directory \"" << folder << "\" from your PATH: " << names.error().message << ". Skipping...\n";
      continue;
    }
    for (auto& name : *names) {
      if (!std::exchange(any, true)) s.out << "The following compatible plugins are available:\n\n";
      const std::string path = folder + "/" + name;
      s.out << (s.flags.boolean("name-only") ? name : path) << '\n' << std::flush;
      for (auto& warning : warnings_about(path, name, seen)) {
        s.err << "  - " << warning << '\n';
        ++warnings;
      }
    }
  }
  if (!any) return plain_error("unable to find any kubectl plugins in your PATH");
  if (warnings == 0) return 0;
  return plain_error(warnings == 1 ? "one plugin warning was found" : std::to_string(warnings) + " plugin warnings were found");
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

std::vector<std::string> plugin_words() {
  std::set<std::string> words;
  for (auto& folder : path_folders()) {
    auto names = plugins_in(folder);
    if (!names) continue;
    for (auto& name : *names) {
      std::string word = name.substr(8, name.find('-', 8) - 8);
      std::replace(word.begin(), word.end(), '_', '-');
      if (!word.empty() && executable(folder + "/" + name)) words.insert(word);
    }
  }
  return {words.begin(), words.end()};
}

std::optional<int> run_plugin(const std::vector<std::string>& args, Streams streams, size_t least) {
  // Dashes of a word become underscores, words are joined by dashes; the longest name wins.
  std::vector<std::string> words;
  for (auto& a : args) {
    if (starts_with(a, "-")) break;
    std::string w = a;
    std::replace(w.begin(), w.end(), '-', '_');
    words.push_back(w);
  }
  for (size_t n = words.size(); n > 0 && n >= least; --n) {
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
