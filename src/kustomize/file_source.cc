#include "kustomize/file_source.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skerry::kustomize {
namespace {

Error not_found(const std::string& path) { return {Reason::kNotFound, "lstat " + path + ": no such file or directory"}; }

// "lstat /a/b: no such file or directory", as Go words it.
Error file_error(const char* what, const std::string& path, int err) {
  std::string text = std::strerror(err);
  if (!text.empty()) text[0] = static_cast<char>(text[0] | 0x20);
  return {err == ENOENT ? Reason::kNotFound : Reason::kBadRequest, std::string(what) + " " + path + ": " + text};
}

// The part of the path where resolving ends, for the message.
std::string first_missing(const std::string& path) {
  for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    std::string part = path.substr(0, at);
    struct stat st{};
    if (::lstat(part.c_str(), &st) != 0 || at == std::string::npos) return part;
  }
}

}  // namespace

Result<std::string> FileSource::fetch(const std::string& url) {
  return Error(Reason::kBadRequest, "fetching " + url + " is not possible here: only files can be read");
}

bool DiskFiles::exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool DiskFiles::is_directory(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Result<std::string> DiskFiles::read(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);  // a FIFO must not make us wait
  if (fd < 0) return file_error("open", path, errno);
  std::unique_ptr<int, void (*)(int*)> closer(&fd, [](int* f) { ::close(*f); });
  struct stat st{};
  if (::fstat(fd, &st) != 0) return file_error("stat", path, errno);
  if (!S_ISREG(st.st_mode)) return Error(Reason::kBadRequest, "open " + path + ": not a regular file");
  std::string out;
  char buffer[65536];
  while (true) {
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("read", path, errno);
    if (n == 0) return out;
    out.append(buffer, static_cast<size_t>(n));
    if (out.size() > kMaxFileBytes) return Error(Reason::kBadRequest, path + " is larger than " + std::to_string(kMaxFileBytes >> 20) + " MiB");
  }
}

Result<std::string> DiskFiles::resolve(const std::string& path) {
  std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  if (real != nullptr) return std::string(real.get());
  int err = errno;
  return file_error("lstat", err == ENOENT ? first_missing(path) : path, err);
}

std::string DiskFiles::working_directory() {
  std::unique_ptr<char, void (*)(void*)> cwd(::getcwd(nullptr, 0), std::free);
  return cwd != nullptr ? cwd.get() : "/";
}

bool MemoryFiles::exists(const std::string& path) { return files_.contains(path) || is_directory(path); }

bool MemoryFiles::is_directory(const std::string& path) {
  std::string prefix = path == "/" ? path : path + "/";
  auto it = files_.lower_bound(prefix);
  return it != files_.end() && it->first.starts_with(prefix);
}

Result<std::string> MemoryFiles::read(const std::string& path) {
  auto it = files_.find(path);
  if (it == files_.end()) return not_found(path);
  if (it->second.size() > kMaxFileBytes) return Error(Reason::kBadRequest, path + " is larger than " + std::to_string(kMaxFileBytes >> 20) + " MiB");
  return it->second;
}

Result<std::string> MemoryFiles::resolve(const std::string& path) {
  if (!exists(path)) return not_found(path);
  return path;
}

}  // namespace skerry::kustomize
