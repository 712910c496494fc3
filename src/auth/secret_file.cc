#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "auth/certificates.h"

namespace skerry::auth {
namespace {

constexpr size_t kMaxFile = 1 << 20;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { if (fd_ >= 0) ::close(fd_); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_error("write " + path, errno);
    content.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

// Then there is nothing to write: a start wears no flash for it, and succeeds on a full disk.
bool holds_already(const std::string& path, std::string_view content, int mode) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != ::geteuid() || (st.st_mode & 07777) != static_cast<mode_t>(mode)) return false;
  auto there = read_secret_file(path);
  return there && *there == content;
}

}  // namespace

Status write_secret_file(const std::string& path, std::string_view content, int mode, bool durable) {
  if (!durable && holds_already(path, content, mode)) return {};
  std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  {
    Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (fd.get() < 0) return errno_error("open " + temporary, errno);
    Status written = write_all(fd.get(), content, temporary);
    if (written && (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0 || (durable && ::fsync(fd.get()) != 0)))
      written = errno_error("fsync " + temporary, errno);
    if (!written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = errno_error("rename " + temporary, errno);
    ::unlink(temporary.c_str());
    return error;
  }
  if (!durable) return {};
  size_t slash = path.rfind('/');
  Fd folder(::open(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return errno_error("fsync the folder of " + path, errno);
  return {};
}

Result<std::string> read_secret_file(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    Error error = errno_error("open " + path, errno);
    if (errno == ENOENT) error.reason = Reason::kNotFound;
    return error;
  }
  std::string content;
  char buffer[8192];
  while (true) {
    ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + path, errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > kMaxFile) return internal_error(path + " is larger than 1 MiB");
  }
}

}  // namespace skerry::auth
