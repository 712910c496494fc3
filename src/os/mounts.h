// Mounts: what is mounted, and mounting and unmounting it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::os {

struct MountEntry {
  std::string root;         // within the file system
  std::string mount_point;
  std::string type;         // "overlay", "cgroup2"
  std::string source;
  std::string options;      // of the superblock
  bool shared = false;      // propagates to its peers
};

// Lines of /proc/<pid>/mountinfo; malformed ones are left out.
std::vector<MountEntry> parse_mountinfo(std::string_view text);
Result<std::vector<MountEntry>> list_mounts();
bool is_mount_point(const std::string& path);

Status mount_at(const std::string& source, const std::string& target, const std::string& type, unsigned long flags,
                const std::string& options);
Status bind_mount(const std::string& source, const std::string& target, bool recursive = false);
// `lower` topmost first. With upper empty the mount is read-only.
Status mount_overlay(const std::vector<std::string>& lower, const std::string& upper, const std::string& work,
                     const std::string& target);
// Lazily; fine if nothing is mounted there.
Status unmount(const std::string& target);
// Everything mounted at or below `prefix`, innermost first.
Status unmount_below(const std::string& prefix);

}  // namespace skerry::os
