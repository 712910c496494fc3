// Sandboxes and containers as they stand on disk.
#pragma once

#include "json/json.h"
#include "runtime/runtime.h"

namespace skerry::runtime {

Json to_json(const SandboxConfig& config);
SandboxConfig sandbox_config_from_json(const Json& value);
Json to_json(const ContainerConfig& config);
ContainerConfig container_config_from_json(const Json& value);

int64_t to_ns(WallTime time);
WallTime from_ns(int64_t ns);

}  // namespace skerry::runtime
