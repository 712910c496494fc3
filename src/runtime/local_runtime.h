// The Runtime of this machine: overlayfs, crun, a shim per pod.
//
// Below the data directory: images/, containers/<id>/ (state.json, exit, upper, work), sandboxes/<id>/sandbox.json,
// bin/crun. Below the run directory (gone after a reboot): netns/<id>, s/<id>/ (the shim's socket, /dev/shm),
// c/<id>/ (the bundle and the mounted root file system), crun/.
// Cgroups: /skerry-<instance>/kubepods/<cgroup_parent>/<container id> and /skerry-<instance>/shims.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "runtime/image_store.h"
#include "runtime/registries.h"
#include "runtime/runtime.h"

namespace skerry::runtime {

struct RuntimeOptions {
  std::string data_dir;                // absolute
  std::string run_dir = "/run/skerry";  // absolute
  std::string instance = "default";
  std::string executable;              // what is re-executed as shim; empty: this very program, also after an upgrade replaced its file
  std::string crun;                    // empty: the embedded one, put into <data-dir>/bin
  RegistryOptions registries;
  std::string registries_file;         // registries.yaml, read again when it changes; empty: none
};

// Adopts what an earlier process left: sandboxes whose shim answers go on; others are found ended.
Result<std::unique_ptr<Runtime>> make_runtime(const RuntimeOptions& options, const Clock& clock);

// The root cgroup of an instance: "skerry-<instance>".
std::string root_cgroup(const std::string& instance);

// Writes the embedded crun below `data_dir` if it is missing or differs; its path.
Result<std::string> install_crun(const std::string& data_dir);

// Kills every container and shim of the instance, unmounts, removes cgroups, network namespaces, the run directory
// and what the data directory knows of containers and sandboxes (images stay). Works without a running skerry; idempotent.
Status remove_everything(const RuntimeOptions& options);

}  // namespace skerry::runtime
