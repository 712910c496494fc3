// Volumes: the directories of pods on this node, and what is in them.
//
//   <pods>/<uid>/volumes/<name>       emptyDir on disk
//   <pods>/<uid>/memory               one tmpfs for all ConfigMap, Secret, downward API and projected volumes: they wear no
//                                     flash and leave nothing behind
//   <pods>/<uid>/tmpfs/<name>         emptyDir in memory, a tmpfs each
//   <pods>/<uid>/subpaths/<c>/<n>     subPath mounts, bound to what the path named when it was looked up
//   <pods>/<uid>/containers/<c>/<n>   termination message files
//
// Calls for one pod are made by its worker, one at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/env.h"
#include "agent/pod_facts.h"
#include "agent/tokens.h"
#include "agent/volumes/atomic_writer.h"
#include "base/clock.h"
#include "json/json.h"

namespace skerry::agent {

struct MountedVolumes {
  std::map<std::string, std::string> paths;  // volume name -> directory or file on the host
  std::optional<WallTime> refresh_at;        // tokens are due then: call set_up again
};

class Volumes {
 public:
  Volumes(std::string pods_directory, Tokens& tokens, const Clock& clock);

  // Creates what is missing and brings contents up to date. Idempotent. Errors name the volume, as a FailedMount event does.
  Result<MountedVolumes> set_up(const Json& pod, const PodFacts& facts, const Lookup& lookup, const std::string& node_uid);
  // Unmounts and removes the pod's directory with all that is in it.
  Status tear_down(const std::string& pod_uid);
  // Directories of pods that are not in the list go (after a crash).
  void retain(const std::vector<std::string>& pod_uids);
  // `sub_path` below the volume, created if it is missing, never through a link that leaves it; bound to a place of its
  // own, whose path is returned.
  Result<std::string> bind_sub_path(const std::string& pod_uid, const std::string& container, size_t index,
                                    const std::string& volume_path, const std::string& sub_path);
  std::string pod_directory(const std::string& pod_uid) const { return pods_directory_ + "/" + pod_uid; }

 private:
  struct Context;
  Result<std::string> set_up_one(Context& context, const Json& volume);
  Result<std::string> set_up_empty_dir(Context& context, const std::string& name, const Json& source);
  Result<std::string> set_up_files(Context& context, const std::string& name, const Payload& payload);
  Status add_projected(Context& context, const Json& projected, Payload& out);

  const std::string pods_directory_;
  Tokens& tokens_;
  const Clock& clock_;
};

}  // namespace skerry::agent
