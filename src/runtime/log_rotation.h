// Rotation of container logs: "0.log" becomes "0.log.20260102-150405", the shim opens a new one.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace skerry::runtime {

struct LogRotationPolicy {
  uint64_t max_bytes = 10 << 20;
  int max_files = 5;  // with the current one
};

// Rotates the log at `path` if it is larger than the policy allows: the oldest rotated files go, the log is renamed
// and `reopen` called (Runtime::reopen_log). True if it did. A failed reopen renames back. Fine if there is no log.
Result<bool> rotate_log(const std::string& path, const LogRotationPolicy& policy, WallTime now, const std::function<Status()>& reopen);

// Removes the log and all that was rotated away from it.
Status remove_logs(const std::string& path);

}  // namespace skerry::runtime
