// Flags: a command's flags as pflag reads them: --name value, --name=value, -n value, -nvalue, -abc; "--" ends them; flags
// and words may be mixed.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace skerry::kubectl {

enum class FlagType {
  kString,
  kBool,
  kInt,
  kDuration,  // Go's: "1h30m", "0s"; a bare number is refused as Go does
  kStrings,   // a list: each use appends, commas separate
  kArray,     // a list: each use appends, commas stay
};

struct Flag {
  std::string_view name;
  char letter;                     // 'o', or 0
  FlagType type;
  std::string_view fallback;       // default as text; of a list: comma separated
  std::string_view help;
  std::string_view no_value = "";  // the value of "--name" alone; empty: a value must follow (kBool: "true" always)
  bool hidden = false;
  std::string_view deprecated = "";  // text of the warning when it is used
  bool required = false;             // completion offers it first; the command itself says what is missing
};

// Joins groups of flags into one table.
std::vector<Flag> operator+(std::vector<Flag> a, const std::vector<Flag>& b);

class Flags {
 public:
  explicit Flags(std::vector<Flag> table);

  // Errors have the text pflag gives them ("unknown flag: --x").
  Status parse(const std::vector<std::string>& args);

  // Asking for a flag that is not in the table is a programming error (asserts).
  std::string text(std::string_view name) const;
  bool boolean(std::string_view name) const;
  int64_t number(std::string_view name) const;
  std::chrono::nanoseconds duration(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  bool changed(std::string_view name) const;  // was it given?
  bool has(std::string_view name) const;      // is it in the table?

  const std::vector<std::string>& words() const { return words_; }
  // How many words stood before "--"; -1: there was no "--".
  int words_before_dash() const { return before_dash_; }
  // The flags that were given, in their order, with their values.
  const std::vector<std::pair<std::string_view, std::string>>& given() const { return given_; }
  // Warnings about deprecated flags that were given.
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<Flag>& table() const { return table_; }

 private:
  const Flag* find(std::string_view name) const;
  const Flag* find(char letter) const;
  Status set(const Flag& flag, const std::string& value, const std::string& shown);

  std::vector<Flag> table_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> words_;
  std::vector<std::string> warnings_;
  std::vector<std::pair<std::string_view, std::string>> given_;
  int before_dash_ = -1;
};

// Go's time.ParseDuration.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
// Go's Duration.String(): "1m0s", "5s", "0s", "1.5s".
std::string format_duration(std::chrono::nanoseconds d);

}  // namespace skerry::kubectl
