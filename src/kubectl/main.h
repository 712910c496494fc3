// The client's entry: finds the command, parses, runs, shows errors.
#pragma once

#include <string>
#include <vector>

#include "kubectl/session.h"

namespace skerry::kubectl {

// `args` without the program's name; `called_as` is what help and errors call it: "kubectl". The exit code.
int run_kubectl(const std::vector<std::string>& args, Streams streams, std::string_view called_as = "kubectl");

// A command found on a command line, for run_kubectl() and completion.
struct Found {
  const Command* command = nullptr;  // null: the root
  std::string path;                  // "kubectl rollout status"
  std::vector<std::string> args;     // what is left
  std::string unknown;               // a word where a command was expected, which is none
};
Found find_command(const std::vector<std::string>& args, std::string_view called_as);

}  // namespace skerry::kubectl
