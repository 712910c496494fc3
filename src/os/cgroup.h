// Cgroups: one view of control groups, whether the machine has v1, v2 or both (hybrid).
//
// A group is a path below Skerry's own root group ("skerry-<instance>"): "kubepods/burstable/pod1/c1". In v1 it is a
// directory in each of the hierarchies that matter (cpu, cpuacct, memory, pids, devices, and the unified one if
// there is any); in v2 it is one directory with its parents' controllers switched on.
// Thread-safe: nothing but the detected layout is kept.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::os {

struct CgroupLimits {
  std::optional<int64_t> cpu_shares;  // v1 scale, 2..262144
  std::optional<int64_t> cpu_quota_us;  // <= 0: none
  int64_t cpu_period_us = 100000;
  std::optional<int64_t> memory_bytes;  // <= 0: none
  std::optional<int64_t> pids;          // <= 0: none
  bool oom_group = false;               // v2: without memory, all of the group's processes end together
};

struct CgroupStats {
  uint64_t cpu_usage_ns = 0;
  uint64_t memory_usage_bytes = 0, memory_working_set_bytes = 0, memory_rss_bytes = 0;
  uint64_t pids = 0;
};

class Cgroups {
 public:
  enum class Layout { kNone, kV1, kHybrid, kV2 };

  // `root` is the name of Skerry's group below each hierarchy's mount point. `mountinfo` as in /proc.
  Cgroups(std::string root, std::string_view mountinfo);
  static Result<Cgroups> detect(const std::string& root);

  Layout layout() const { return layout_; }

  Status create(const std::string& group) const;
  // Of "cpu", "memory" and "pids"; their limits are silently not set. After create("").
  std::vector<std::string> missing_controllers() const;
  Status set_limits(const std::string& group, const CgroupLimits& limits) const;
  // v1 only; in v2 devices are filtered by a BPF program (see allow_devices). rules: "c 1:3 rwm".
  Status allow_devices(const std::string& group, const std::vector<std::string>& rules) const;
  Status attach(const std::string& group, pid_t pid) const;
  // The files a process writes "0" to, to enter the group itself.
  std::vector<std::string> procs_files(const std::string& group) const;
  // The file that counts OOM kills as a line "oom_kill N"; empty if there is none.
  std::string oom_file(const std::string& group) const;
  // The group's directory in the hierarchy of `controller` ("memory", or "" for v2/unified); empty if there is none.
  std::string directory(const std::string& controller, const std::string& group) const;
  // v1's hierarchies by the name programs expect below /sys/fs/cgroup: {"memory", "/sys/fs/cgroup/memory"}.
  struct Hierarchy {
    std::string name;                      // "cpu,cpuacct", "" for v2
    std::vector<std::string> controllers;
    std::string mount_point;
  };
  const std::vector<Hierarchy>& hierarchies() const { return hierarchies_; }

  // Every process in the group and below.
  std::vector<pid_t> processes(const std::string& group) const;
  // SIGKILL to all of them, also to those started meanwhile, until none is left or 5 s have passed.
  Status kill_all(const std::string& group) const;
  // The group and the groups below. Fine if there is none. Conflict if processes are left.
  Status remove(const std::string& group) const;
  Result<CgroupStats> stats(const std::string& group) const;

 private:
  std::string root_;
  Layout layout_ = Layout::kNone;
  std::vector<Hierarchy> hierarchies_;
};

// The file to enter a group by, of whose processes `pid` is the first: procs_file, or one further down, where `pid` is, if
// that process has made v2 groups of its own and given them controllers. The group itself takes no processes then.
std::string procs_file_beside(const std::string& procs_file, pid_t pid);
// "/x/y" if the v2 line of /proc/<pid>/cgroup ends "/<group>/x/y"; "" if it does not.
std::string path_below(std::string_view proc_cgroup, std::string_view group);

// "oom_kill N" in the text of memory.events or memory.oom_control.
uint64_t parse_oom_kills(std::string_view text);
// v1's cpu.shares as v2's cpu.weight.
uint64_t cpu_weight(int64_t shares);

}  // namespace skerry::os
