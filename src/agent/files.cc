#include "agent/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace skerry::agent {
namespace {

Status write_all(int fd, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    ssize_t n = ::write(fd, contents.data(), contents.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("write " + path, errno);
    contents.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

// Empties and removes the directory `name` below `parent`.
int remove_at(int parent, const char* name, dev_t device, int depth) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  if (depth > 200) return ELOOP;
  int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? 0 : errno;
  struct stat st{};
  if (::fstat(fd, &st) != 0 || st.st_dev != device) {
    ::close(fd);
    return EBUSY;
  }
  DIR* dir = ::fdopendir(fd);
  if (!dir) {
    ::close(fd);
    return errno;
  }
  int failed = 0;
  while (dirent* e = ::readdir(dir)) {
    std::string_view n = e->d_name;
    if (n == "." || n == "..") continue;
    if (int err = remove_at(::dirfd(dir), e->d_name, device, depth + 1); err && !failed) failed = err;
  }
  ::closedir(dir);
  if (failed) return failed;
  return ::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

// The mount table's escapes: \040 and the like.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Status make_directories(const std::string& path, mode_t mode) {
  struct stat st{};
  if (::stat(path.c_str(), &st) == 0) return S_ISDIR(st.st_mode) ? Status() : errno_error("mkdir " + path, ENOTDIR);
  auto slash = path.find_last_of('/');
  if (slash != std::string::npos && slash > 0) TRY(make_directories(path.substr(0, slash), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return errno_error("mkdir " + path, errno);
  ::chmod(path.c_str(), mode);  // whatever the umask is
  return {};
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    Error e = errno_error("open " + path, errno);
    if (errno == ENOENT) e.reason = Reason::kNotFound;
    return e;
  }
  std::string out;
  char buffer[16384];
  for (;;) {
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int err = errno;
      ::close(fd);
      return errno_error("read " + path, err);
    }
    if (n == 0) break;
    out.append(buffer, static_cast<size_t>(n));
    if (out.size() > limit) {
      ::close(fd);
      return internal_error(path + " is larger than " + std::to_string(limit) + " bytes");
    }
  }
  ::close(fd);
  return out;
}

Status write_file_atomic(const std::string& path, std::string_view contents, mode_t mode, bool sync) {
  std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return errno_error("create " + temporary, errno);
  Status written = write_all(fd, contents, temporary);
  if (written && ::fchmod(fd, mode) != 0) written = errno_error("chmod " + temporary, errno);
  if (written && sync && ::fdatasync(fd) != 0) written = errno_error("sync " + temporary, errno);
  ::close(fd);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = errno_error("rename to " + path, errno);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Status write_file_in_place(const std::string& path, std::string_view contents, mode_t mode) {
  if (auto now = read_file(path); now && *now == contents) return {};
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return errno_error("create " + path, errno);
  Status written = write_all(fd, contents, path);
  if (written) ::fchmod(fd, mode);
  ::close(fd);
  return written;
}

Status remove_tree(const std::string& path) {
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) return errno == ENOENT ? Status() : errno_error("stat " + path, errno);
  struct stat parent{};
  auto slash = path.find_last_of('/');
  std::string up = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  if (::stat(up.c_str(), &parent) == 0 && S_ISDIR(st.st_mode) && parent.st_dev != st.st_dev)
    return errno_error("remove " + path, EBUSY);
  if (int err = remove_at(AT_FDCWD, path.c_str(), st.st_dev, 0)) return errno_error("remove " + path, err);
  return {};
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(path.c_str());
  if (!dir) return names;
  while (dirent* e = ::readdir(dir)) {
    std::string_view n = e->d_name;
    if (n != "." && n != "..") names.emplace_back(n);
  }
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) {
  struct stat st{};
  return ::lstat(path.c_str(), &st) == 0;
}

std::vector<std::string> mounts_below(const std::string& path) {
  std::vector<std::string> found;
  auto table = read_file("/proc/self/mountinfo");
  if (!table) return found;
  std::string_view rest = *table;
  while (!rest.empty()) {
    auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    size_t at = 0;
    for (int field = 0; field < 4; ++field) {
      at = line.find(' ', at);
      if (at == std::string_view::npos) break;
      ++at;
    }
    if (at == std::string_view::npos) continue;
    std::string where = unescape(line.substr(at, line.find(' ', at) - at));
    if (where == path || (where.size() > path.size() && where.starts_with(path) && where[path.size()] == '/'))
      found.push_back(std::move(where));
  }
  std::sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.size() > b.size(); });
  return found;
}

}  // namespace skerry::agent
