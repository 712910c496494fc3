// The test program is its own shim, as the real executable is: entered before anything is constructed.
#include <unistd.h>

#include "runtime/shim.h"

__attribute__((constructor(101))) static void enter_shim(int argc, char** argv, char**) {
  if (skerry::runtime::is_shim(argc, argv)) _exit(skerry::runtime::shim_main(argc, argv));
}
