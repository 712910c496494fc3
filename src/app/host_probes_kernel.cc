// Probes of the kernel: privileges, namespaces, system calls, control groups.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "app/host_probes.h"
#include "base/strings.h"
#include "os/cgroup.h"
#include "os/device_filter.h"
#include "os/files.h"
#include "os/process.h"
#include "os/sysinfo.h"

namespace skerry::app::probes {
namespace {

std::string why(const std::string& what, int err) { return errno_error(what, err).message; }

// A control group of our own, gone again at the end.
class Group {
 public:
  explicit Group(const HostContext& context) : cgroups_("skerry-check-" + std::to_string(getpid()), mountinfo()) {
    root_ = "";
    for (auto& h : cgroups_.hierarchies())
      if (h.name.empty()) root_ = h.mount_point;
    if (context.undo_all && cgroups_.layout() == os::Cgroups::Layout::kV2) before_ = os::read_file(root_ + "/cgroup.subtree_control", 4096).value_or(std::string());
    undo_ = context.undo_all && cgroups_.layout() == os::Cgroups::Layout::kV2;
    made_ = cgroups_.layout() == os::Cgroups::Layout::kNone ? Status(Error(Reason::kNotFound, "none are mounted")) : cgroups_.create("probe");
  }
  ~Group() {
    (void)cgroups_.remove("");
    if (!undo_) return;
    auto after = os::read_file(root_ + "/cgroup.subtree_control", 4096);
    if (!after) return;
    auto had = split(trim(before_), ' ');
    for (auto name : split(trim(*after), ' '))
      if (!name.empty() && std::find(had.begin(), had.end(), name) == had.end())
        (void)os::write_existing(root_ + "/cgroup.subtree_control", "-" + std::string(name));
  }
  const Status& made() const { return made_; }
  os::Cgroups& operator*() { return cgroups_; }
  os::Cgroups* operator->() { return &cgroups_; }

 private:
  static std::string mountinfo() { return os::read_file("/proc/self/mountinfo").value_or(std::string()); }
  os::Cgroups cgroups_;
  std::string root_, before_;
  bool undo_ = false;
  Status made_;
};

Probe limit(const HostContext& context, const char* controller, const os::CgroupLimits& limits) {
  Group group(context);
  if (!group.made()) return missing(group.made().error().message);
  auto absent = group->missing_controllers();
  if (std::find(absent.begin(), absent.end(), controller) != absent.end()) return missing(std::string("no controller \"") + controller + "\"");
  if (Status set = group->set_limits("probe", limits); !set) return missing(set.error().message);
  return ok();
}

}  // namespace

Probe apart(int namespaces, const std::function<Probe()>& probe) {
  Probe out = missing("no thread");
  std::thread([&] {
    if (unshare(namespaces) != 0) {
      out = missing(why("unshare", errno));
      return;
    }
    if ((namespaces & CLONE_NEWNS) && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      out = missing(why("make mounts private", errno));
      return;
    }
    out = probe();
  }).join();
  return out;
}

Probe privileges(const HostContext&) {
  if (geteuid() != 0) return missing("not root, but user " + std::to_string(geteuid()));
  constexpr struct { int number; const char* name; } kNeeded[] = {
      {CAP_CHOWN, "CHOWN"}, {CAP_DAC_OVERRIDE, "DAC_OVERRIDE"}, {CAP_FOWNER, "FOWNER"}, {CAP_KILL, "KILL"}, {CAP_MKNOD, "MKNOD"}, {CAP_NET_ADMIN, "NET_ADMIN"},
      {CAP_SETGID, "SETGID"}, {CAP_SETUID, "SETUID"}, {CAP_SYS_ADMIN, "SYS_ADMIN"}, {CAP_SYS_CHROOT, "SYS_CHROOT"}};
  std::string absent;
  const uint64_t own = os::own_capabilities();
  for (auto& c : kNeeded)
    if (!(own >> c.number & 1)) absent += (absent.empty() ? "" : ", ") + std::string(c.name);
  return absent.empty() ? ok("root") : missing("without the capabilities " + absent);
}

Probe namespaces(const HostContext&) {
  constexpr struct { int flag; const char* name; } kAll[] = {{CLONE_NEWNS, "mount"}, {CLONE_NEWUTS, "uts"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWNET, "net"}};
  for (auto& n : kAll) {
    int err = 0;
    std::thread([&] { err = unshare(n.flag) == 0 ? 0 : errno; }).join();
    if (err != 0) return missing(why(std::string("unshare ") + n.name, err));
  }
  return ok("mount, uts, ipc, pid, net");
}

Probe safe_paths(const HostContext&) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  int fd = static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how));
  if (fd < 0) return missing(why("openat2", errno));
  close(fd);
  return ok();
}

Probe process_handles(const HostContext&) {
  auto fd = os::open_pidfd(getpid());
  return fd ? ok() : missing(fd.error().message);
}

Probe system_call_filter(const HostContext&) {
  uint32_t action = SECCOMP_RET_ERRNO;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) return missing(why("seccomp", errno));
  return ok();
}

Probe control_groups(const HostContext& context) {
  Group group(context);
  if (!group.made()) return missing(group.made().error().message);
  switch (group->layout()) {
    case os::Cgroups::Layout::kV2: return ok("version 2");
    case os::Cgroups::Layout::kV1: return ok("version 1");
    default: return ok("versions 1 and 2 side by side");
  }
}

Probe cpu_limits(const HostContext& context) {
  os::CgroupLimits limits;
  limits.cpu_shares = 512;
  limits.cpu_quota_us = 50000;
  return limit(context, "cpu", limits);
}

Probe memory_limits(const HostContext& context) {
  os::CgroupLimits limits;
  limits.memory_bytes = 64 << 20;
  return limit(context, "memory", limits);
}

Probe process_limits(const HostContext& context) {
  os::CgroupLimits limits;
  limits.pids = 100;
  return limit(context, "pids", limits);
}

Probe device_rules(const HostContext& context) {
  Group group(context);
  if (!group.made()) return missing(group.made().error().message);
  const std::vector<std::string> rules = {"c 1:3 rwm"};
  Status done;
  if (group->layout() == os::Cgroups::Layout::kV2) done = os::attach_device_filter(group->directory("", "probe"), rules);
  else if (group->directory("devices", "probe").empty()) done = Error(Reason::kNotFound, "no controller \"devices\"");
  else done = group->allow_devices("probe", rules);
  return done ? ok() : missing(done.error().message);
}

}  // namespace skerry::app::probes
