#include "runtime/rootfs_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/strings.h"
#include "os/files.h"

namespace skerry::runtime {

namespace {

using os::Fd;

// Names of one directory each: the paths are ours (below the layers and the target), links are never followed.
class LayerCopy {
 public:
  Status directory(const std::string& from, const std::string& to);

 private:
  Status entry(const std::string& from, const std::string& to, const struct stat& st);
  Status file(const std::string& from, const std::string& to, const struct stat& st);
  std::map<ino_t, std::string> links_;  // of files with several names: the first copy
};

bool is_opaque(const std::string& path) {
  char value[2] = {};
  return lgetxattr(path.c_str(), "trusted.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
}

Status copy_metadata(const std::string& from, const std::string& to, const struct stat& st) {
  if (lchown(to.c_str(), st.st_uid, st.st_gid) != 0) return errno_error("chown " + to, errno);
  if (!S_ISLNK(st.st_mode) && chmod(to.c_str(), st.st_mode & 07777) != 0) return errno_error("chmod " + to, errno);
  std::string names(4096, '\0'), value(65536, '\0');
  ssize_t size = llistxattr(from.c_str(), names.data(), names.size());
  for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(strlen(&names[at])) + 1) {
    if (starts_with(&names[at], "trusted.overlay.")) continue;
    ssize_t n = lgetxattr(from.c_str(), &names[at], value.data(), value.size());
    if (n >= 0) (void)lsetxattr(to.c_str(), &names[at], value.data(), n, 0);
  }
  timespec times[2] = {st.st_mtim, st.st_mtim};
  (void)utimensat(AT_FDCWD, to.c_str(), times, AT_SYMLINK_NOFOLLOW);
  return {};
}

Status LayerCopy::file(const std::string& from, const std::string& to, const struct stat& st) {
  if (st.st_nlink > 1) {
    auto [it, first] = links_.emplace(st.st_ino, to);
    if (!first && link(it->second.c_str(), to.c_str()) == 0) return {};
  }
  Fd in(open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)), out(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!in || !out) return errno_error("copy " + from, errno);
  if (ioctl(out.get(), FICLONE, in.get()) != 0) {
    off_t left = st.st_size;
    while (left > 0) {
      ssize_t n = sendfile(out.get(), in.get(), nullptr, static_cast<size_t>(left));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno_error("copy " + from, errno);
      if (n == 0) break;
      left -= n;
    }
  }
  return copy_metadata(from, to, st);
}

Status LayerCopy::entry(const std::string& from, const std::string& to, const struct stat& st) {
  if (S_ISCHR(st.st_mode) && st.st_rdev == 0) return os::remove_tree(to);  // a whiteout
  struct stat below;
  bool merge = S_ISDIR(st.st_mode) && lstat(to.c_str(), &below) == 0 && S_ISDIR(below.st_mode) && !is_opaque(from);
  if (!merge) TRY(os::remove_tree(to));
  if (S_ISDIR(st.st_mode)) {
    if (!merge && mkdir(to.c_str(), 0700) != 0) return errno_error("mkdir " + to, errno);
    TRY(directory(from, to));
    return copy_metadata(from, to, st);
  }
  if (S_ISREG(st.st_mode)) return file(from, to, st);
  if (S_ISLNK(st.st_mode)) {
    char text[4096];
    ssize_t n = readlink(from.c_str(), text, sizeof text - 1);
    if (n < 0 || symlink(std::string(text, n).c_str(), to.c_str()) != 0) return errno_error("copy link " + from, errno);
  } else if (mknod(to.c_str(), st.st_mode, st.st_rdev) != 0) {
    return errno_error("copy device " + from, errno);
  }
  return copy_metadata(from, to, st);
}

Status LayerCopy::directory(const std::string& from, const std::string& to) {
  for (const std::string& name : TRY(os::list_directory(from))) {
    struct stat st;
    std::string path = from + "/" + name;
    if (lstat(path.c_str(), &st) != 0) return errno_error("stat " + path, errno);
    TRY(entry(path, to + "/" + name, st));
  }
  return {};
}

}  // namespace

Status copy_layers(const std::vector<std::string>& lower, const std::string& target) {
  for (auto it = lower.rbegin(); it != lower.rend(); ++it) {
    LayerCopy copy;
    TRY(copy.directory(*it, target));
    struct stat st;
    if (stat(it->c_str(), &st) == 0) TRY(copy_metadata(*it, target, st));
  }
  return {};
}

}  // namespace skerry::runtime
