// CommandLine: what all subcommands with settings share: reading them, --help, errors, the exit code.
#pragma once

#include <string>
#include <vector>

#include "app/commands.h"
#include "app/options.h"
#include "base/result.h"

namespace skerry::app {

struct CommandLine {
  std::string name;           // "server"
  std::vector<Option> table;
  std::string help;           // what it does and how it is called
  bool lists_flags = false;   // --help ends with the table
  bool takes_words = false;   // words that are no flags are welcome
  bool forgives_files = false;  // runs whatever the configuration files hold; what is wrong there is a warning
  Status (*run)(const Options& options) = nullptr;
};

// 0; 1 if it failed; 2 if it was called wrongly. Errors go to stderr as "skerry <name>: ...".
int run_command(const CommandLine& command, const Args& args);

}  // namespace skerry::app
