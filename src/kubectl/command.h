// Command: a verb of the client: its names, flags, help and the function that runs it. Constant data: nothing is built before
// a command is chosen.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kubectl/flags.h"

namespace skerry::kubectl {

class Session;

struct Command {
  std::string_view use;       // "get [(-o|--output=)json|...] (TYPE[.VERSION][.GROUP] ...) [flags] [options]": first word is the name
  std::string_view brief;     // one line
  std::string_view text = "";      // what it does; empty: brief
  std::string_view examples = "";  // indented by two blanks; '#' lines explain
  // Null: no flags of its own.
  std::vector<Flag> (*flags)() = nullptr;
  // The exit code, or an Error (see session.h for how errors are shown). Null: a group: prints help, or
  // "unknown command" for a word.
  Result<int> (*run)(Session&) = nullptr;
  std::span<const Command* const> children = {};
  std::span<const std::string_view> aliases = {};
  // What may stand at the end of the words typed so far, for shell completion; null: nothing.
  std::vector<std::string> (*complete)(Session&, const std::string& prefix) = nullptr;
  bool hidden = false;
  bool raw_args = false;  // flags are not parsed at all (plugins)
  std::string_view deprecated = "";

  std::string_view name() const { return use.substr(0, use.find(' ')); }
};

}  // namespace skerry::kubectl
