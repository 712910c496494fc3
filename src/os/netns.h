// Namespaces of the calling thread, given a name in the file system.
#pragma once

#include <string>

#include "base/result.h"

namespace skerry::os {

// Sets "lo" of the calling thread's network namespace up.
Status set_loopback_up();
// Binds the calling thread's network namespace to `path` (created), so that it outlives its processes.
Status pin_network_namespace(const std::string& path);
// Undoes pin_network_namespace(). Fine if there is none.
Status unpin_namespace(const std::string& path);

}  // namespace skerry::os
