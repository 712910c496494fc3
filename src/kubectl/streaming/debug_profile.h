// What the profiles of `kubectl debug` change in the containers and pods it makes.
#pragma once

#include <string>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubectl {

enum class DebugTarget { kEphemeral, kCopy, kNode };

// "general", "baseline", "restricted", "netadmin", "sysadmin", "legacy"
Status check_profile(const std::string& profile);
// `pod` is the copy or the node's pod; unused for ephemeral containers.
void apply_profile(const std::string& profile, DebugTarget target, Json& pod, Json& container);

// --custom: lays the fields of a partial container over `container`: objects merge, env by name, lists replace. Fields
// that debug decides itself are refused.
Status apply_custom(const Json& partial, Json& container);

}  // namespace skerry::kubectl
