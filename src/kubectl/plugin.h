// Plugins: programs named kubectl-* on the PATH that act as commands, and `kubectl plugin list`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubectl/command.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

// Replaces this process by the plugin with the longest match of leading words, at least `least` of them; nullopt where there is
// none. Returns only on failure, with the exit code.
std::optional<int> run_plugin(const std::vector<std::string>& args, Streams streams, size_t least = 1);

// The first words of all plugins on the PATH, sorted: "hello" of kubectl-hello and of kubectl-hello-world.
std::vector<std::string> plugin_words();

extern const Command kPlugin;

}  // namespace skerry::kubectl
