// `skerry token`.
#include <cstdio>
#include <iostream>

#include "app/commands.h"
#include "app/layout.h"
#include "app/options.h"
#include "auth/certificates.h"

namespace skerry::app {

int run_token(const Args& args) {
  Options options(all_options());
  if (auto loaded = options.load(args, process_environment()); !loaded) {
    std::cerr << "skerry token: " << loaded.error().message << "\n";
    return 2;
  }
  if (options.help_wanted()) {
    std::cout << "Prints the token with which other machines join: skerry agent --server URL --token TOKEN\n\n"
                 "Usage: skerry token [--data-dir DIR]\n";
    return 0;
  }
  auto token = auth::read_secret_file(layout_of(options).server_dir() + "/node-token");
  if (!token) {
    std::cerr << "skerry token: no server has run here yet (" << token.error().message << ")\n";
    return 1;
  }
  std::cout << *token;
  return 0;
}

}  // namespace skerry::app
