// The subcommands of the executable, as `skerry --help` and shell completion list them.
#pragma once

#include <string_view>
#include <vector>

#include "app/commands.h"
#include "app/options.h"

namespace skerry::app {

struct Command {
  std::string_view name;
  std::string_view group;  // heading in `skerry --help`; empty: not shown there
  int (*run)(const Args&);
  std::string_view help;
  std::vector<Option> (*options)() = nullptr;  // its flags; null: none
  // What its first word may be, "list|import|remove"; "..." : the rest of the line is the command's own to complete,
  // which it does when called as `skerry NAME __complete WORD...`.
  std::string_view words = "";
};

const std::vector<Command>& commands();
const Command* find_command(std::string_view name);

}  // namespace skerry::app
