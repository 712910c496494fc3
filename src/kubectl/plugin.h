// Plugins: programs named kubectl-* on the PATH that act as commands, and `kubectl plugin list`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubectl/command.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

// Replaces this process by the plugin with the longest match of leading words; nullopt where there is none. Returns
// only on failure, with the exit code.
std::optional<int> run_plugin(const std::vector<std::string>& args, Streams streams);

extern const Command kPlugin;

}  // namespace skerry::kubectl
