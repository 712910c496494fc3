#include "agent/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace skerry::agent {

Status make_directories(const std::string& path, mode_t mode) {
  struct stat st{};
  if (::stat(path.c_str(), &st) == 0) return S_ISDIR(st.st_mode) ? Status() : errno_error("mkdir " + path, ENOTDIR);
  auto slash = path.find_last_of('/');
  if (slash != std::string::npos && slash > 0) TRY(make_directories(path.substr(0, slash), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return errno_error("mkdir " + path, errno);
  ::chmod(path.c_str(), mode);  // whatever the umask is
  return {};
}

Status write_file_atomic(const std::string& path, std::string_view contents, mode_t mode) {
  return os::write_file_atomic(path, contents, mode, os::Durability::kProcess);
}

Status write_file_in_place(const std::string& path, std::string_view contents, mode_t mode) {
  if (auto now = read_file(path); now && *now == contents) return {};
  os::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return errno_error("create " + path, errno);
  if (Status written = os::write_all(fd.get(), contents); !written) return internal_error(path + ": " + written.error().message);
  ::fchmod(fd.get(), mode);
  return {};
}

std::vector<std::string> list_directory(const std::string& path) {
  return os::list_directory(path).value_or(std::vector<std::string>());
}

}  // namespace skerry::agent
