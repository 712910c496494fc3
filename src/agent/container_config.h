// From a pod's spec to what the runtime is told: resources, users, mounts, capabilities. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/env.h"
#include "agent/volumes/volumes.h"
#include "runtime/runtime.h"

namespace skerry::agent {

// Below the runtime's group of pods: "burstable/pod<uid>" and so on.
std::string cgroup_parent(const Json& pod);
runtime::Resources pod_resources(const Json& pod);
runtime::Resources container_resources(const Json& pod, const Json& container, int64_t node_memory_bytes);
// Kubernetes' rule per QoS class.
int oom_score_adj(const Json& pod, const Json& container, int64_t node_memory_bytes);

runtime::SandboxConfig make_sandbox_config(const Json& pod, uint32_t attempt, const std::string& hostname, const std::string& log_directory);

struct ContainerInputs {
  const Json& pod;
  const Json& container;
  uint32_t attempt = 0;
  const runtime::ImageInfo& image;
  const Environment& environment;
  int64_t node_memory_bytes = 0;
  std::string seccomp_directory;
};
// Everything but mounts. Errors are those of CreateContainerConfigError (runAsNonRoot).
Result<runtime::ContainerConfig> make_container_config(const ContainerInputs& in);
// Is the volume of a kind whose content is the node's (ConfigMap, Secret, downward API, projected)? No container may write to it.
bool is_read_only_volume(const Json& pod, std::string_view volume);
// volumeMounts with their host paths; sub paths are expanded and bound.
Result<std::vector<runtime::Mount>> make_mounts(const ContainerInputs& in, const MountedVolumes& mounted, Volumes& volumes);

}  // namespace skerry::agent
