// `skerry kubectl`, and the executable under the name kubectl.
#include <iostream>

#include "app/commands.h"
#include "kubectl/main.h"

namespace skerry::app {

int run_kubectl(const Args& args) {
  std::ios::sync_with_stdio(false);
  return kubectl::run_kubectl(args, {std::cin, std::cout, std::cerr});
}

}  // namespace skerry::app
