// TakeDown: what `skerry killall` and `skerry uninstall` share: which instances are meant, and ending one of them.
//
// Nothing here relies on a running server, a readable configuration or undamaged data. Every step is tried; what fails is
// gathered as complaints.
#pragma once

#include <string>
#include <vector>

#include "app/commands.h"
#include "app/salvage.h"
#include "app/service_files.h"
#include "base/result.h"

namespace skerry::app {

// One instance, and the services that run it (none, if it was started by hand).
struct Target {
  std::vector<Service> services;
  Salvaged settings;
};

struct Targets {
  std::vector<Target> targets;
  std::vector<Service> others;  // services that are not meant
};

// Which instances the words of the command mean: --service NAME names one; --data-dir, --run-dir, --instance or --config
// (or their variables) describe one; with neither, it is all that are installed here, and the one of the configuration.
// BadRequest for what no server would take as flags, or a service that is not there.
Result<Targets> find_targets(const Args& args);
bool wants_help(const Args& args);

class Complaints {
 public:
  void add(const Status& status, const std::string& context = "") {
    if (!status) list_.push_back(context.empty() ? status.error().message : context + ": " + status.error().message);
  }
  void add(std::string text) { list_.push_back(std::move(text)); }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

// Runs a program found on the PATH to its end; NotFound if there is none, Internal with its output if it fails.
Status run_tool(const std::vector<std::string>& argv);

// Stops services and processes of the target, ends its pods and takes down what was set up for them.
void take_down(const Target& target, Complaints& complaints);

// Prints complaints; the command's exit code.
int finish(const std::string& command, const Complaints& complaints);

}  // namespace skerry::app
