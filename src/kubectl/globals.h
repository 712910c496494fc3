// The flags every command has, and the tree of commands.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "kubectl/command.h"

namespace skerry::kubectl {

std::vector<Flag> global_flags();

struct CommandGroup {
  std::string_view title;  // "Basic Commands (Beginner):"
  std::span<const Command* const> commands;
};
// All verbs, under the headings of `kubectl --help`. Those without a title are not listed there.
std::span<const CommandGroup> command_groups();

}  // namespace skerry::kubectl
