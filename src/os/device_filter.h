// The device whitelist of a cgroup v2: a BPF program of type CGROUP_DEVICE made from rules.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace skerry::os {

// rules as in v1's devices.allow: "c 1:3 rwm", "c 136:* rwm", "a" (everything). Replaces a filter set before by
// detaching nothing: programs of one cgroup are combined, all must allow. Call once per group.
Status attach_device_filter(const std::string& cgroup_directory, const std::vector<std::string>& rules);

}  // namespace skerry::os
