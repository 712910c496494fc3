#include "os/cgroup.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/strings.h"
#include "os/device_filter.h"
#include "os/files.h"
#include "os/mounts.h"

namespace skerry::os {

namespace {

// What Skerry limits or counts; other v1 hierarchies are left alone.
bool wanted(std::string_view controller) {
  for (std::string_view name : {"cpu", "cpuacct", "memory", "pids", "devices"})
    if (controller == name) return true;
  return false;
}

uint64_t number(const std::string& path) {
  auto text = read_file(path, 4096);
  return text ? strtoull(text->c_str(), nullptr, 10) : 0;
}

// The value of "key N" among lines.
uint64_t field(std::string_view text, std::string_view key) {
  for (std::string_view line : split(text, '\n'))
    if (starts_with(line, key) && line.size() > key.size() && line[key.size()] == ' ')
      return strtoull(std::string(line.substr(key.size() + 1)).c_str(), nullptr, 10);
  return 0;
}

// By the type that readdir tells: a group has dozens of files, and asking for each costs more than all the rest.
std::vector<std::string> child_groups(const std::string& directory) {
  std::vector<std::string> out;
  DIR* dir = opendir(directory.c_str());
  if (!dir) return out;
  while (dirent* entry = readdir(dir))
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') out.push_back(directory + "/" + entry->d_name);
  closedir(dir);
  return out;
}

void add_processes(const std::string& directory, std::vector<pid_t>& out) {
  if (auto text = read_file(directory + "/cgroup.procs"))
    for (std::string_view line : split(*text, '\n'))
      if (auto pid = parse_int(line)) out.push_back(static_cast<pid_t>(*pid));
  for (const std::string& child : child_groups(directory)) add_processes(child, out);
}

Status remove_groups(const std::string& directory) {
  if (rmdir(directory.c_str()) == 0 || errno == ENOENT) return {};
  for (const std::string& child : child_groups(directory)) TRY(remove_groups(child));
  // A process that has just been reaped may still count for a moment.
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (rmdir(directory.c_str()) == 0 || errno == ENOENT) return {};
    if (errno != EBUSY) break;
    poll(nullptr, 0, 2);
  }
  Error error = errno_error("remove cgroup " + directory, errno);
  if (errno == EBUSY) error.reason = Reason::kConflict;
  return error;
}

}  // namespace

std::string path_below(std::string_view proc_cgroup, std::string_view group) {
  const std::string middle = "/" + std::string(group) + "/";
  for (std::string_view line : split(proc_cgroup, '\n')) {
    if (!starts_with(line, "0::")) continue;
    size_t at = line.find(middle);
    return at == std::string_view::npos ? "" : std::string(line.substr(at + middle.size() - 1));
  }
  return "";
}

std::string procs_file_beside(const std::string& procs_file, pid_t pid) {
  const std::string directory = procs_file.substr(0, procs_file.find_last_of('/'));
  auto given = read_file(directory + "/cgroup.subtree_control", 4096);
  if (!given || trim(*given).empty()) return procs_file;
  auto where = read_file("/proc/" + std::to_string(pid) + "/cgroup", 65536);
  if (!where) return procs_file;
  return directory + path_below(*where, directory.substr(directory.find_last_of('/') + 1)) + "/cgroup.procs";
}

uint64_t parse_oom_kills(std::string_view text) { return field(text, "oom_kill"); }

uint64_t cpu_weight(int64_t shares) {
  shares = std::clamp<int64_t>(shares, 2, 262144);
  return 1 + static_cast<uint64_t>((shares - 2) * 9999 / 262142);
}

Cgroups::Cgroups(std::string root, std::string_view mountinfo) : root_(std::move(root)) {
  bool v2 = false, v1 = false;
  for (const MountEntry& entry : parse_mountinfo(mountinfo)) {
    if (entry.type != "cgroup" && entry.type != "cgroup2") continue;
    Hierarchy h;
    h.mount_point = entry.mount_point;
    if (entry.type == "cgroup") {
      for (std::string_view option : split(entry.options, ','))
        if (wanted(option)) h.controllers.emplace_back(option);
      if (h.controllers.empty()) continue;
      h.name = entry.mount_point.substr(entry.mount_point.find_last_of('/') + 1);
    }
    auto same = [&](const Hierarchy& other) { return other.controllers == h.controllers; };
    if (std::any_of(hierarchies_.begin(), hierarchies_.end(), same)) continue;  // mounted twice
    (entry.type == "cgroup" ? v1 : v2) = true;
    hierarchies_.push_back(std::move(h));
  }
  layout_ = v1 && v2 ? Layout::kHybrid : v1 ? Layout::kV1 : v2 ? Layout::kV2 : Layout::kNone;
}

Result<Cgroups> Cgroups::detect(const std::string& root) {
  Cgroups cgroups(root, TRY(read_file("/proc/self/mountinfo")));
  if (cgroups.layout() == Layout::kNone) return internal_error("no cgroup hierarchy is mounted");
  return cgroups;
}

std::string Cgroups::directory(const std::string& controller, const std::string& group) const {
  for (const Hierarchy& h : hierarchies_) {
    bool match = controller.empty() || layout_ == Layout::kV2
                     ? h.controllers.empty()
                     : std::find(h.controllers.begin(), h.controllers.end(), controller) != h.controllers.end();
    if (match) return h.mount_point + "/" + root_ + (group.empty() ? "" : "/" + group);
  }
  return "";
}

Status Cgroups::create(const std::string& group) const {
  std::string path = root_ + (group.empty() ? "" : "/" + group);
  for (const Hierarchy& h : hierarchies_) {
    std::string directory = h.mount_point;
    for (std::string_view part : split(path, '/')) {
      if (layout_ == Layout::kV2) {
        // Switch on below each parent what the parent has. Another manager may have done it already.
        for (const char* controller : {"+cpu", "+memory", "+pids", "+io", "+cpuset"})
          (void)write_existing(directory + "/cgroup.subtree_control", controller);
      }
      directory += "/" + std::string(part);
      if (mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("create cgroup " + directory, errno);
    }
  }
  return {};
}

std::vector<std::string> Cgroups::missing_controllers() const {
  std::vector<std::string> missing;
  auto have = layout_ == Layout::kV2 ? read_file(directory("", "") + "/cgroup.controllers", 4096) : Result<std::string>(std::string());
  std::vector<std::string_view> names = split(trim(have ? std::string_view(*have) : std::string_view()), ' ');
  for (const char* name : {"cpu", "memory", "pids"}) {
    bool there = layout_ == Layout::kV2 ? std::find(names.begin(), names.end(), name) != names.end() : !directory(name, "").empty();
    if (!there) missing.push_back(name);
  }
  return missing;
}

Status Cgroups::set_limits(const std::string& group, const CgroupLimits& limits) const {
  auto text = [](int64_t value, const char* none) { return value > 0 ? std::to_string(value) : std::string(none); };
  if (layout_ == Layout::kV2) {
    std::string d = directory("", group);
    // A controller the kernel was started without (memory, on some boards) has no files: see missing_controllers().
    auto write_existing = [](const std::string& file, const std::string& value) -> Status {
      Status written = os::write_existing(file, value);
      if (!written && written.error().is(Reason::kNotFound) && is_directory(file.substr(0, file.find_last_of('/')))) return {};
      return written;
    };
    if (limits.cpu_shares) TRY(write_existing(d + "/cpu.weight", std::to_string(cpu_weight(*limits.cpu_shares))));
    if (limits.cpu_quota_us)
      TRY(write_existing(d + "/cpu.max", text(*limits.cpu_quota_us, "max") + " " + std::to_string(limits.cpu_period_us)));
    if (limits.memory_bytes) {
      TRY(write_existing(d + "/memory.max", text(*limits.memory_bytes, "max")));
      (void)write_existing(d + "/memory.swap.max", "0");  // missing without swap accounting
    }
    if (limits.pids) TRY(write_existing(d + "/pids.max", text(*limits.pids, "max")));
    if (limits.oom_group) (void)write_existing(d + "/memory.oom.group", "1");  // since Linux 4.19
    return {};
  }
  if (std::string d = directory("cpu", group); !d.empty()) {
    if (limits.cpu_shares) TRY(write_existing(d + "/cpu.shares", std::to_string(std::clamp<int64_t>(*limits.cpu_shares, 2, 262144))));
    if (limits.cpu_quota_us) {
      TRY(write_existing(d + "/cpu.cfs_period_us", std::to_string(limits.cpu_period_us)));
      TRY(write_existing(d + "/cpu.cfs_quota_us", text(*limits.cpu_quota_us, "-1")));
    }
  }
  if (std::string d = directory("memory", group); !d.empty() && limits.memory_bytes) {
    std::string value = text(*limits.memory_bytes, "-1");
    // memsw may never be below the memory limit, so the order depends on the direction.
    Status first = write_existing(d + "/memory.limit_in_bytes", value);
    if (exists(d + "/memory.memsw.limit_in_bytes")) (void)write_existing(d + "/memory.memsw.limit_in_bytes", value);
    if (!first) TRY(write_existing(d + "/memory.limit_in_bytes", value));
  }
  if (std::string d = directory("pids", group); !d.empty() && limits.pids)
    TRY(write_existing(d + "/pids.max", text(*limits.pids, "max")));
  return {};
}

Status Cgroups::allow_devices(const std::string& group, const std::vector<std::string>& rules) const {
  if (layout_ == Layout::kV2) return attach_device_filter(directory("", group), rules);
  std::string d = directory("devices", group);
  if (d.empty()) return {};
  TRY(write_existing(d + "/devices.deny", "a"));
  for (const std::string& rule : rules) TRY(write_existing(d + "/devices.allow", rule));
  return {};
}

std::vector<std::string> Cgroups::procs_files(const std::string& group) const {
  std::vector<std::string> files;
  for (const Hierarchy& h : hierarchies_)
    files.push_back(h.mount_point + "/" + root_ + (group.empty() ? "" : "/" + group) + "/cgroup.procs");
  return files;
}

Status Cgroups::attach(const std::string& group, pid_t pid) const {
  for (const std::string& file : procs_files(group)) TRY(write_existing(file, std::to_string(pid)));
  return {};
}

std::string Cgroups::oom_file(const std::string& group) const {
  std::string d = directory("memory", group);
  if (d.empty()) return "";
  return d + (layout_ == Layout::kV2 ? "/memory.events" : "/memory.oom_control");
}

std::vector<pid_t> Cgroups::processes(const std::string& group) const {
  std::vector<pid_t> pids;
  for (const Hierarchy& h : hierarchies_) add_processes(h.mount_point + "/" + root_ + (group.empty() ? "" : "/" + group), pids);
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

Status Cgroups::kill_all(const std::string& group) const {
  std::string unified = directory("", group);
  for (int attempt = 0; attempt < 500; ++attempt) {
    if (!unified.empty()) (void)write_existing(unified + "/cgroup.kill", "1");  // since Linux 5.14
    std::vector<pid_t> pids = processes(group);
    // 0: a process of another pid namespace, not ours to see.
    pids.erase(std::remove(pids.begin(), pids.end(), 0), pids.end());
    if (pids.empty()) return {};
    for (pid_t pid : pids) kill(pid, SIGKILL);
    poll(nullptr, 0, attempt < 5 ? 1 : 10);
  }
  return internal_error("processes of cgroup " + group + " did not end after SIGKILL");
}

Status Cgroups::remove(const std::string& group) const {
  Status result;
  for (const Hierarchy& h : hierarchies_) {
    Status removed = remove_groups(h.mount_point + "/" + root_ + (group.empty() ? "" : "/" + group));
    if (!removed) result = removed;
  }
  return result;
}

Result<CgroupStats> Cgroups::stats(const std::string& group) const {
  CgroupStats stats;
  std::string memory = directory("memory", group);
  if (memory.empty() || !is_directory(memory)) return Error(Reason::kNotFound, "no cgroup " + group);
  std::string memory_stat = TRY(read_file(memory + "/memory.stat", 65536));
  uint64_t inactive_file;
  if (layout_ == Layout::kV2) {
    stats.cpu_usage_ns = field(TRY(read_file(memory + "/cpu.stat", 65536)), "usage_usec") * 1000;
    stats.memory_usage_bytes = number(memory + "/memory.current");
    stats.memory_rss_bytes = field(memory_stat, "anon");
    inactive_file = field(memory_stat, "inactive_file");
    stats.pids = number(memory + "/pids.current");
  } else {
    stats.cpu_usage_ns = number(directory("cpuacct", group) + "/cpuacct.usage");
    stats.memory_usage_bytes = number(memory + "/memory.usage_in_bytes");
    stats.memory_rss_bytes = field(memory_stat, "total_rss");
    inactive_file = field(memory_stat, "total_inactive_file");
    stats.pids = number(directory("pids", group) + "/pids.current");
  }
  stats.memory_working_set_bytes = stats.memory_usage_bytes > inactive_file ? stats.memory_usage_bytes - inactive_file : 0;
  return stats;
}

}  // namespace skerry::os
