#include "os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <set>

#include "base/strings.h"

namespace skerry::os {

namespace {

Error path_error(std::string_view verb, const std::string& path, int err) {
  Error error = errno_error(std::string(verb) + " " + path, err);
  if (err == ENOENT || err == ENOTDIR) error.reason = Reason::kNotFound;
  if (err == EEXIST) error.reason = Reason::kAlreadyExists;
  return error;
}

std::string parent_of(const std::string& path) {
  size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct DirCloser {
  DIR* dir;
  ~DirCloser() {
    if (dir) closedir(dir);
  }
};

// A directory that is on the same mount as `at`; EXDEV if something is mounted there, be it of the same file system.
int open_child_directory(int at, const char* name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  open_how how{};
  how.flags = kFlags;
  how.resolve = RESOLVE_NO_XDEV;
  int fd = static_cast<int>(syscall(SYS_openat2, at, name, &how, sizeof how));
  return fd < 0 && errno == ENOSYS ? openat(at, name, kFlags) : fd;
}

// Removes what is in the directory `fd` (consumed).
int remove_children(int fd, dev_t device) {
  DIR* dir = fdopendir(fd);
  if (!dir) {
    int err = errno;
    close(fd);
    return err;
  }
  DirCloser closer{dir};
  int first_error = 0;
  while (dirent* entry = readdir(dir)) {
    std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    int at = dirfd(dir);
    if (entry->d_type != DT_DIR && unlinkat(at, entry->d_name, 0) == 0) continue;
    if (entry->d_type != DT_DIR && errno != EISDIR && errno != EPERM) {
      if (errno != ENOENT && !first_error) first_error = errno;
      continue;
    }
    int child = open_child_directory(at, entry->d_name);
    if (child < 0) {
      if (errno != ENOENT && !first_error) first_error = errno;
      continue;
    }
    struct stat st;
    if (fstat(child, &st) != 0 || st.st_dev != device) {
      close(child);
      if (!first_error) first_error = EXDEV;
      continue;
    }
    int err = remove_children(child, device);
    if (unlinkat(at, entry->d_name, AT_REMOVEDIR) != 0 && errno != ENOENT && !err) err = errno;
    if (err && !first_error) first_error = err;
  }
  return first_error;
}

int add_size(int fd, uint64_t& total, std::set<std::pair<dev_t, ino_t>>& seen) {
  DIR* dir = fdopendir(fd);
  if (!dir) {
    int err = errno;
    close(fd);
    return err;
  }
  DirCloser closer{dir};
  while (dirent* entry = readdir(dir)) {
    std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat st;
    if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
    if (st.st_nlink == 1 || S_ISDIR(st.st_mode) || seen.insert({st.st_dev, st.st_ino}).second)
      total += static_cast<uint64_t>(st.st_blocks) * 512;
    if (!S_ISDIR(st.st_mode)) continue;
    int child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child >= 0) add_size(child, total, seen);
  }
  return 0;
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t bound) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return path_error("open", path, errno);
  struct stat st;
  std::string out;
  if (fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
    out.reserve(std::min<size_t>(st.st_size, bound) + 1);
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return path_error("read", path, errno);
    if (n == 0) return out;
    if (out.size() + n > bound)
      return Error(Reason::kRequestEntityTooLarge, path + " is larger than " + std::to_string(bound) + " bytes");
    out.append(buffer, n);
  }
}

Status write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    ssize_t n = write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("write", errno);
    data.remove_prefix(n);
  }
  return {};
}

Status write_file_atomic(const std::string& path, std::string_view data, mode_t mode, Durability durability) {
  static std::atomic<uint32_t> counter{0};
  std::string temporary =
      path + ".tmp" + std::to_string(getpid()) + "." + std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
  Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return path_error("create", temporary, errno);
  auto fail = [&](std::string_view verb) {
    Error error = path_error(verb, path, errno);
    unlink(temporary.c_str());
    return error;
  };
  if (fchmod(fd.get(), mode) != 0) return fail("chmod");
  if (Status written = write_all(fd.get(), data); !written) return fail("write");
  if (durability == Durability::kPower && fdatasync(fd.get()) != 0) return fail("sync");
  fd.reset();
  if (rename(temporary.c_str(), path.c_str()) != 0) return fail("rename");
  if (durability == Durability::kPower) return sync_directory(parent_of(path));
  return {};
}

Status write_existing(const std::string& path, std::string_view data) {
  Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_TRUNC));
  if (!fd) return path_error("open", path, errno);
  if (write(fd.get(), data.data(), data.size()) < 0)
    return path_error("write \"" + std::string(trim(data)) + "\" to", path, errno);
  return {};
}

Status make_dirs(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0 || (errno == EEXIST && is_directory(path))) return {};
  if (errno != ENOENT) return path_error("mkdir", path, errno);
  std::string parent = parent_of(path);
  if (parent == path) return path_error("mkdir", path, ENOENT);
  TRY(make_dirs(parent, mode));
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return path_error("mkdir", path, errno);
  return {};
}

Status remove_tree(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return path_error("remove", path, errno);
  const size_t end = path.find_last_not_of('/');
  const std::string plain = path.substr(0, end == std::string::npos ? 0 : end + 1);
  Fd parent(open(parent_of(plain).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return path_error("remove", path, errno);
  int fd = open_child_directory(parent.get(), plain.c_str() + plain.find_last_of('/') + 1);
  if (fd < 0) return path_error("remove", path, errno);
  struct stat st, around;
  if (fstat(fd, &st) != 0 || fstat(parent.get(), &around) != 0 || st.st_dev != around.st_dev) {
    close(fd);
    return path_error("remove", path, EXDEV);
  }
  if (int err = remove_children(fd, st.st_dev)) return path_error("remove", path, err);
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) return path_error("remove", path, errno);
  return {};
}

Status remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return path_error("remove", path, errno);
  return {};
}

Status rename_file(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return path_error("rename to " + to + " from", from, errno);
  return {};
}

Status sync_directory(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return path_error("sync", path, errno);
  return {};
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  DirCloser dir{opendir(path.c_str())};
  if (!dir.dir) return path_error("open directory", path, errno);
  std::vector<std::string> names;
  while (dirent* entry = readdir(dir.dir)) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) {
  struct stat st;
  return lstat(path.c_str(), &st) == 0;
}

bool is_directory(const std::string& path) {
  struct stat st;
  return stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Result<uint64_t> tree_size(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return path_error("open directory", path, errno);
  uint64_t total = 0;
  std::set<std::pair<dev_t, ino_t>> seen;
  if (int err = add_size(fd, total, seen)) return path_error("read", path, err);
  return total;
}

Result<Fd> open_in_root(const std::string& root, std::string_view path, int flags, mode_t mode) {
  Fd root_fd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root_fd) return path_error("open", root, errno);
  std::string relative(path);
  if (relative.empty()) relative = "/";
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    int fd = static_cast<int>(syscall(SYS_openat2, root_fd.get(), relative.c_str(), &how, sizeof how));
    if (fd >= 0) return Fd(fd);
    if (errno == EAGAIN && attempt < 100) continue;  // a rename raced with ".."; the kernel asks to try again
    return path_error("open", root + ":" + relative, errno);
  }
}

Result<std::string> resolve_in_root(const std::string& root, std::string_view path) {
  Fd fd = TRY(open_in_root(root, path, O_PATH));
  char buffer[4096];
  ssize_t n = readlink(("/proc/self/fd/" + std::to_string(fd.get())).c_str(), buffer, sizeof buffer);
  if (n <= 0 || n == sizeof buffer) return path_error("resolve", root + ":" + std::string(path), n < 0 ? errno : ENAMETOOLONG);
  return std::string(buffer, n);
}

}  // namespace skerry::os
