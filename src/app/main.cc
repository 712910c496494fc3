// Entry point: finds the subcommand. The shim of a pod is the same executable and branches off before anything big
// is built.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

#include "app/commands.h"
#include "app/memory.h"
#include "runtime/shim.h"

namespace {

using namespace skerry::app;

struct Command {
  std::string_view name;
  int (*run)(const Args&);
  std::string_view help;
};

constexpr Command kCommands[] = {
    {"server", run_server, "run the control plane, and a node unless told otherwise"},
    {"agent", run_agent, "run a node that joins a server"},
    {"token", run_token, "print the token with which nodes join"},
    {"images", run_images, "list, import and remove container images of this node"},
    {"killall", run_killall, "stop every pod of this node and remove what was set up for them"},
    {"version", run_version, "print the version"},
};

void usage(FILE* out) {
  std::fputs("Skerry: a Kubernetes for the edge.\n\nUsage: skerry COMMAND [FLAGS]\n\nCommands:\n", out);
  for (auto& c : kCommands)
    std::fprintf(out, "  %-10.*s %.*s\n", static_cast<int>(c.name.size()), c.name.data(), static_cast<int>(c.help.size()), c.help.data());
  std::fputs("\n`skerry COMMAND --help` tells more.\n", out);
}

// Before anything else is constructed (OpenSSL, tables): a pod's start waits for it, and each pod's shim would keep it.
__attribute__((constructor(101))) void enter_shim(int argc, char** argv, char**) {
  if (skerry::runtime::is_shim(argc, argv)) _exit(skerry::runtime::shim_main(argc, argv));
}

}  // namespace

int main(int argc, char** argv) {
  tune_allocator();
  std::signal(SIGPIPE, SIG_IGN);
  if (argc < 2) {
    usage(stderr);
    return 2;
  }
  std::string_view name = argv[1];
  if (name == "--help" || name == "-h" || name == "help") {
    usage(stdout);
    return 0;
  }
  if (name == "--version" || name == "-v") name = "version";
  for (auto& c : kCommands) {
    if (c.name != name) continue;
    try {
      return c.run(Args(argv + 2, argv + argc));
    } catch (const std::exception& e) {
      std::cerr << "skerry " << name << ": " << e.what() << "\n";
      return 1;
    }
  }
  std::cerr << "skerry: unknown command \"" << name << "\"\n\n";
  usage(stderr);
  return 2;
}
