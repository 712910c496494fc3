// AtomicWriter: a directory of files that changes all at once, as Kubernetes' ConfigMap and Secret volumes do.
//
// The files stand in ..<time>/, the link ..data points to that directory, and one link per first path element points
// through ..data: readers see wholly the old or wholly the new contents. An interrupted write leaves the old ones.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace skerry::agent {

struct FilePayload {
  std::string data;
  mode_t mode = 0644;
  std::optional<int64_t> uid;  // owner, if not root
};
using Payload = std::map<std::string, FilePayload>;  // by relative path

// Writes `payload` below `directory` (which exists). Unchanged contents touch nothing: then false is returned. With `gid`,
// group and group-readable modes are given as fsGroup asks.
Result<bool> write_payload(const std::string& directory, const Payload& payload, std::optional<int64_t> gid, WallTime now);

// A path that stays below its directory: relative, no "..", not starting with "..".
Status check_payload_path(const std::string& path);

}  // namespace skerry::agent
