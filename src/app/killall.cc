// `skerry killall`: ends every pod of this node and takes down what was set up for them, also when skerry is broken.
#include <unistd.h>

#include <iostream>

#include "app/take_down.h"

namespace skerry::app {

int run_killall(const Args& args) {
  if (wants_help(args)) {
    std::cout << "Stops skerry and every pod of this node, and removes their mounts, network and control groups.\n"
                 "What is on disk stays. Works also when the server, its configuration or its data are broken.\n\n"
                 "Usage: skerry killall [--service NAME | --data-dir DIR --run-dir DIR --instance NAME]\n\n"
                 "Without flags: everything of Skerry that is installed here.\n";
    return 0;
  }
  auto found = find_targets(args);
  if (!found) {
    std::cerr << "skerry killall: " << found.error().message << "\n";
    return 2;
  }
  if (geteuid() != 0) {
    std::cerr << "skerry killall: this needs root\n";
    return 1;
  }
  Complaints complaints;
  for (const Target& target : found->targets) {
    if (!target.settings.complaint.empty()) std::cerr << "skerry killall: " << target.settings.complaint << "; going on with what is readable\n";
    take_down(target, complaints);
  }
  return finish("killall", complaints);
}

}  // namespace skerry::app
