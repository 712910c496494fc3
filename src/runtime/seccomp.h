// Seccomp profiles.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "runtime/runtime.h"

namespace skerry::runtime {

// linux.seccomp of an OCI configuration: the runtime's default profile (what container engines allow a process with
// these capabilities), a profile file, or null for unconfined.
Result<Json> seccomp_profile(const Seccomp& seccomp, const std::vector<std::string>& capabilities);

}  // namespace skerry::runtime
