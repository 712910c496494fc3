// Entry point: finds the subcommand. The shim of a pod is the same executable and branches off before anything big
// is built.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

#include "app/command_table.h"
#include "app/memory.h"
#include "base/similar.h"
#include "os/process.h"
#include "runtime/shim.h"

namespace {

using namespace skerry::app;

void usage(FILE* out) {
  std::fputs("Skerry: a Kubernetes for the edge.\n\nUsage: skerry COMMAND [FLAGS]\n", out);
  std::string_view group;
  for (auto& c : commands()) {
    if (c.group.empty()) continue;
    if (c.group != group) std::fprintf(out, "\n%.*s:\n", static_cast<int>(c.group.size()), c.group.data());
    group = c.group;
    std::fprintf(out, "  %-14.*s %.*s\n", static_cast<int>(c.name.size()), c.name.data(), static_cast<int>(c.help.size()), c.help.data());
  }
  std::fputs("\n`skerry COMMAND --help` tells more.\n", out);
}

// Before anything else is constructed (OpenSSL, tables): a pod's start waits for it, and each pod's shim would keep it.
__attribute__((constructor(101))) void enter_shim(int argc, char** argv, char**) {
  if (skerry::runtime::is_shim(argc, argv)) _exit(skerry::runtime::shim_main(argc, argv));
}

}  // namespace

int main(int argc, char** argv) {
  skerry::os::open_standard_files();
  tune_allocator();
  std::signal(SIGPIPE, SIG_IGN);
  std::string_view called_as = argc > 0 ? argv[0] : "";
  called_as = called_as.substr(called_as.rfind('/') == std::string_view::npos ? 0 : called_as.rfind('/') + 1);
  if (called_as == "kubectl") return run_kubectl(Args(argv + 1, argv + argc));
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
  if (const Command* c = find_command(name)) {
    try {
      return c->run(Args(argv + 2, argv + argc));
    } catch (const std::exception& e) {
      std::cerr << "skerry " << name << ": " << e.what() << "\n";
      return 1;
    }
  }
  std::vector<std::string_view> names;
  for (auto& c : commands())
    if (!c.group.empty()) names.push_back(c.name);
  std::cerr << "skerry: unknown command \"" << name << "\"" << skerry::did_you_mean(name, names) << "\n\n";
  usage(stderr);
  return 2;
}
