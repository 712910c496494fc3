// Options: the settings of a command, from flags, SKERRY_* variables and configuration files.
//
// One table per command says what there is; help text, parsing and the check of configuration files all follow
// from it. Later wins: defaults, /etc/skerry/config.yaml, config.yaml.d/*.yaml in name order, environment, flags.
// In a drop-in `name+:` appends to a list instead of replacing it. Names are those of k3s where k3s has them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::app {

enum class OptionType { kString, kBool, kInt, kList };

struct Option {
  std::string_view name;      // "data-dir"
  char letter;                // 'd', or 0
  OptionType type;
  std::string_view fallback;  // default, as text
  std::string_view group;     // heading in --help
  std::string_view help;
  std::string_view variable = "";  // environment variable if not SKERRY_<NAME>
};

class Options {
 public:
  explicit Options(std::vector<Option> table);

  // Reads all sources. `args` are those after the command's name; anything that is no flag goes to rest().
  // `environment` is usually environ as a map. Errors name the file and line, the variable or the flag.
  Status load(const std::vector<std::string>& args, const std::map<std::string, std::string>& environment);

  std::string text(std::string_view name) const;
  bool flag(std::string_view name) const;
  int64_t number(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  bool given(std::string_view name) const;  // by any source but the default
  const std::vector<std::string>& rest() const { return rest_; }
  bool help_wanted() const { return help_; }

  // The flags under their headings, for --help.
  std::string help() const;

 private:
  const Option* find(std::string_view name) const;
  Status set(const Option& option, const std::vector<std::string>& values, const std::string& source, bool append);
  Status load_file(const std::string& path, bool required);

  std::vector<Option> table_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> rest_;
  bool help_ = false;
};

// The tables of `skerry server` and `skerry agent`.
std::vector<Option> server_options();
std::vector<Option> agent_options();
// Both: for commands that read the configuration of whichever runs here.
std::vector<Option> all_options();

std::map<std::string, std::string> process_environment();

}  // namespace skerry::app
