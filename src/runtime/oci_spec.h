// The OCI configuration of a container: what crun is told, as Kubernetes promises it to a pod.
#pragma once

#include <string>

#include "json/json.h"
#include "os/cgroup.h"
#include "runtime/image_store.h"
#include "runtime/runtime.h"

namespace skerry::runtime {

struct SpecInput {
  const SandboxConfig& sandbox;
  const ContainerConfig& container;
  const ImageConfig& image;
  std::string rootfs;          // mounted
  std::string shm_directory;   // of the sandbox
  std::string pid_namespace;   // path; empty: a new one (or the host's with host_pid)
  const os::Cgroups& cgroups;
  std::string cgroup;          // the container's group
  uint64_t capabilities = 0;   // that may be given
};

struct Spec {
  Json config;                            // config.json
  std::vector<std::string> device_rules;  // for Cgroups::allow_devices
};

// Reads /etc/passwd and /etc/group in the root file system and makes the working directory there.
// Invalid: what the pod asks for cannot be (an unknown user, no command).
Result<Spec> make_spec(const SpecInput& input);

// process.json of an exec: the container's process with other arguments.
Json make_exec_process(const Json& container_config, const std::vector<std::string>& command, bool tty, TerminalSize size = {});

}  // namespace skerry::runtime
