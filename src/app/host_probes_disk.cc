// Probes of disks and mounts.
#include <fcntl.h>
#include <sched.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "app/host_probes.h"
#include "base/strings.h"
#include "os/files.h"
#include "os/mounts.h"
#include "os/sysinfo.h"

namespace skerry::app::probes {
namespace {

constexpr uint64_t kMega = 1 << 20;

std::string human(uint64_t bytes) {
  char text[32];
  if (bytes >= 10ull << 30) std::snprintf(text, sizeof text, "%.0f GB", static_cast<double>(bytes) / 1e9);
  else if (bytes >= 1ull << 30) std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) / 1e9);
  else std::snprintf(text, sizeof text, "%.0f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

// The mount that `path` is on.
os::MountEntry mount_of(const std::string& path) {
  os::MountEntry best;
  auto mounts = os::list_mounts();
  if (!mounts) return best;
  for (auto& m : *mounts) {
    std::string prefix = m.mount_point == "/" ? "/" : m.mount_point + "/";
    if ((path + "/").starts_with(prefix) && m.mount_point.size() >= best.mount_point.size()) best = m;
  }
  return best;
}

// A folder of ours on the file system of `path`, gone with the object.
struct Scratch {
  explicit Scratch(const std::string& path) : directory(nearest_folder(path) + "/.skerry-check-" + std::to_string(getpid())) {
    (void)os::remove_tree(directory);
    made = ::mkdir(directory.c_str(), 0700) == 0 ? Status() : Status(errno_error("mkdir " + directory, errno));
  }
  ~Scratch() { (void)os::remove_tree(directory); }
  const std::string directory;
  Status made;
};

}  // namespace

std::string nearest_folder(std::string path) {
  while (path.size() > 1 && !os::is_directory(path)) path.resize(std::max<size_t>(path.find_last_of('/'), path[0] == '/' ? 1 : 0));
  return path.empty() ? "/" : path;
}

Probe data_dir(const HostContext& context) {
  const std::string& dir = context.layout.data_dir;
  Scratch scratch(dir);
  if (!scratch.made) return missing(scratch.made.error().message);
  if (Status written = os::write_file_atomic(scratch.directory + "/file", "x"); !written) return missing(written.error().message);
  // The store locks its file; some file systems only pretend.
  os::Fd a(::open((scratch.directory + "/file").c_str(), O_RDWR | O_CLOEXEC)), b(::open((scratch.directory + "/file").c_str(), O_RDWR | O_CLOEXEC));
  if (flock(a.get(), LOCK_EX | LOCK_NB) != 0) return missing(errno_error("lock a file in " + dir, errno).message);
  if (flock(b.get(), LOCK_EX | LOCK_NB) == 0) return missing(dir + ": locks are given twice");
  return ok(dir);
}

Probe data_file_system(const HostContext& context) {
  const os::MountEntry mount = mount_of(nearest_folder(context.layout.data_dir));
  const std::string what = mount.type.empty() ? "unknown" : mount.type + " on " + mount.mount_point;
  for (const char* memory : {"tmpfs", "ramfs"})
    if (mount.type == memory) return degraded(what + ": all is lost with a reboot");
  for (const char* remote : {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse", "virtiofs", "glusterfs"})
    if (mount.type == remote || mount.type.starts_with(std::string(remote) + ".")) return degraded(what + ": a remote file system");
  for (const char* simple : {"vfat", "exfat", "msdos", "ntfs", "ntfs3", "hfsplus"})
    if (mount.type == simple) return degraded(what + ": without owners, modes and links, images cannot be unpacked");
  // An overlay keeps its data in a folder of another file system: that is well for the store, if that is durable.
  return ok(what);
}

Probe disk_space(const HostContext& context) {
  const std::string dir = nearest_folder(context.layout.data_dir);
  auto disk = os::disk_info(dir);
  if (!disk) return missing(disk.error().message);
  std::string detail = human(disk->available) + " of " + human(disk->total) + " free";
  if (disk->available < 50 * kMega) return missing(detail);
  if (disk->inodes > 0 && disk->inodes_free < 1000) return missing(std::to_string(disk->inodes_free) + " files can still be made");
  if (disk->available < (context.with_node ? 1000 : 200) * kMega || disk->available < disk->total / 10)
    return degraded(detail + (context.with_node ? ": unused images are removed, and below a tenth no pods are taken" : ""));
  return ok(detail);
}

Probe executables(const HostContext& context) {
  struct statvfs info {};
  const std::string dir = nearest_folder(context.layout.data_dir);
  if (statvfs(dir.c_str(), &info) != 0) return missing(errno_error("statvfs " + dir, errno).message);
  return info.f_flag & ST_NOEXEC ? missing(dir + " is mounted noexec") : ok();
}

Probe overlay(const HostContext& context) {
  return apart(CLONE_NEWNS, [&]() -> Probe {
    Scratch scratch(context.layout.data_dir);
    if (!scratch.made) return missing(scratch.made.error().message);
    const std::string& d = scratch.directory;
    for (const char* sub : {"/low", "/top", "/upper", "/work", "/merged"})
      if (::mkdir((d + sub).c_str(), 0755) != 0) return missing(errno_error("mkdir", errno).message);
    if (Status written = os::write_file_atomic(d + "/low/file", "low", 0644, os::Durability::kProcess); !written) return missing(written.error().message);
    if (Status mounted = os::mount_overlay({d + "/top", d + "/low"}, d + "/upper", d + "/work", d + "/merged"); !mounted) return missing(mounted.error().message);
    auto done = [&]() -> Probe {
      if (Status changed = os::write_existing(d + "/merged/file", "new"); !changed) return missing(changed.error().message);
      if (auto below = os::read_file(d + "/low/file", 16); !below || *below != "low") return missing("a write went to the lower layer");
      return ::unlink((d + "/merged/file").c_str()) == 0 ? ok() : missing(errno_error("remove a file of a lower layer", errno).message);
    }();
    (void)os::unmount(d + "/merged");
    return done;
  });
}

Probe run_dir(const HostContext& context) {
  const os::MountEntry mount = mount_of(nearest_folder(context.layout.run_dir));
  return mount.type == "tmpfs" || mount.type == "ramfs" ? ok() : degraded(context.layout.run_dir + " is on " + (mount.type.empty() ? "an unknown file system" : mount.type));
}

Probe shared_mounts(const HostContext&) {
  return mount_of("/").shared ? ok() : missing("the root file system is mounted private");
}

}  // namespace skerry::app::probes
