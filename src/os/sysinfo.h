// What this machine is: the facts of a Node's status.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace skerry::os {

struct SystemInfo {
  uint64_t memory_bytes = 0;
  unsigned cpus = 1;           // online
  std::string kernel_version;  // "6.1.0-18-amd64"
  std::string architecture;    // of this executable, as Kubernetes names it: "amd64", "arm64", "arm"
  std::string os_image;        // "Debian GNU/Linux 12 (bookworm)"
  std::string boot_id;
  std::string machine_id;
  std::string system_uuid;
  std::string hostname;
};

SystemInfo system_info();
std::string boot_id();

struct MemoryInfo {
  uint64_t total = 0, available = 0;
};
MemoryInfo memory_info();

struct DiskInfo {
  uint64_t total = 0, available = 0, inodes = 0, inodes_free = 0;
};
Result<DiskInfo> disk_info(const std::string& path);

uint64_t pid_max();
// Linux capabilities this process may hand on: bit n is capability n.
uint64_t own_capabilities();

}  // namespace skerry::os
