// Options: the settings of a command, from flags, SKERRY_* variables and configuration files.
//
// One table per command says what there is; help text, parsing, completion and the check of configuration files all
// follow from it. Later wins: defaults, /etc/skerry/config.yaml, config.yaml.d/*.yaml in name order, environment, flags.
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
  // What its value is, for --help and completion: "FILE", "DIR", "PORT", or the words it may be: "auto|ebpf|nftables".
  // Words and ports (0 to 65535) are checked.
  std::string_view takes = "";
  std::string_view variable = "";  // environment variable if not SKERRY_<NAME>
};
// Its environment variable.
std::string variable_of(const Option& option);
// The words it may be; none if it may be anything.
std::vector<std::string_view> choices_of(const Option& option);

class Options {
 public:
  explicit Options(std::vector<Option> table);

  // Reads all sources. `args` are those after the command's name; anything that is no flag goes to rest().
  // `environment` is usually environ as a map. Errors name the file and line, the variable or the flag.
  Status load(const std::vector<std::string>& args, const std::map<std::string, std::string>& environment);
  // For commands that must work whatever the configuration files hold: what is wrong in those is left out, and what load()
  // would have said is kept in file_errors(). Before load().
  void forgive_files() { forgiving_ = true; }
  const std::vector<std::string>& file_errors() const { return file_errors_; }

  std::string text(std::string_view name) const;
  bool flag(std::string_view name) const;
  int64_t number(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  bool given(std::string_view name) const;  // by any source but the default
  // Where its value comes from, for messages: "/etc/skerry/config.yaml:3", "SKERRY_TOKEN", "--token"; "" for the default.
  std::string source(std::string_view name) const;
  const std::vector<std::string>& rest() const { return rest_; }
  bool help_wanted() const { return help_; }

  // The flags under their headings, for --help.
  std::string help() const;

 private:
  struct Value {
    std::vector<std::string> values;
    std::string source;
  };
  const Option* find(std::string_view name) const;
  Status set(const Option& option, const std::vector<std::string>& values, const std::string& source, bool append);
  Status load_file(const std::string& path, bool required);
  Status pass(Status status);  // keeps it, where files are forgiven

  std::vector<Option> table_;
  std::map<std::string, Value, std::less<>> values_;
  std::vector<std::string> rest_, file_errors_;
  bool help_ = false, forgiving_ = false;
};

// The tables of `skerry server` and `skerry agent`.
std::vector<Option> server_options();
std::vector<Option> agent_options();
// Both: for commands that read the configuration of whichever runs here.
std::vector<Option> all_options();
// all_options() and what the command takes beside them.
std::vector<Option> check_config_options();

std::map<std::string, std::string> process_environment();

}  // namespace skerry::app
