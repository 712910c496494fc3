// Housekeeping: what has to be done now and then: rotating container logs, removing images when the disk fills.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "agent/options.h"
#include "runtime/runtime.h"

namespace skerry::agent {

// Renames logs that grew beyond the limit to "<n>.log.<time>", tells the shim to open a new one, keeps so many per container.
// `log_file` gives a container's log path.
void rotate_logs(runtime::Runtime& runtime, const AgentOptions& options, const std::function<std::string(const runtime::ContainerInfo&)>& log_file,
                 const std::string& time_suffix);

// Above the high mark: images that no container uses go, the largest first, until the low mark is reached.
void collect_images(runtime::Runtime& runtime, const AgentOptions& options, const std::set<std::string>& in_use);

}  // namespace skerry::agent
