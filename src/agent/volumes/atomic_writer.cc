#include "agent/volumes/atomic_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "agent/files.h"
#include "base/strings.h"

namespace skerry::agent {
namespace {

std::string read_link(const std::string& path) {
  char buffer[4096];
  ssize_t n = ::readlink(path.c_str(), buffer, sizeof buffer);
  return n < 0 ? "" : std::string(buffer, static_cast<size_t>(n));
}

mode_t file_mode(const FilePayload& file, std::optional<int64_t> gid) { return file.mode | (gid ? 0440 : 0); }

size_t count_files(const std::string& directory, int depth = 0) {
  size_t n = 0;
  for (auto& name : list_directory(directory)) {
    struct stat st{};
    std::string path = directory + "/" + name;
    if (::lstat(path.c_str(), &st) != 0) continue;
    n += S_ISDIR(st.st_mode) && depth < 100 ? count_files(path, depth + 1) : 1;
  }
  return n;
}

bool unchanged(const std::string& current, const Payload& payload, std::optional<int64_t> gid) {
  if (count_files(current) != payload.size()) return false;
  for (auto& [path, file] : payload) {
    struct stat st{};
    std::string full = current + "/" + path;
    if (::lstat(full.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
    if ((st.st_mode & 07777) != file_mode(file, gid)) return false;
    if (static_cast<uint64_t>(st.st_size) != file.data.size()) return false;
    auto now = read_file(full);
    if (!now || *now != file.data) return false;
  }
  return true;
}

Status link_atomic(const std::string& target, const std::string& path) {
  if (read_link(path) == target) return {};
  std::string temporary = path + "_tmp";
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0) return errno_error("symlink " + temporary, errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return errno_error("rename to " + path, errno);
  return {};
}

Status make_group_directory(const std::string& path, std::optional<int64_t> gid) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("mkdir " + path, errno);
  mode_t mode = 0755;
  if (gid) {
    if (::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(*gid)) != 0) return errno_error("chown " + path, errno);
    mode |= 02550;
  }
  if (::chmod(path.c_str(), mode) != 0) return errno_error("chmod " + path, errno);
  return {};
}

Status write_files(const std::string& root, const Payload& payload, std::optional<int64_t> gid) {
  TRY(make_group_directory(root, gid));
  for (auto& [path, file] : payload) {
    for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      TRY(make_group_directory(root + "/" + path.substr(0, slash), gid));
    std::string full = root + "/" + path;
    TRY(write_file_atomic(full, file.data, file_mode(file, gid)));
    if (file.uid || gid) {
      uid_t uid = file.uid ? static_cast<uid_t>(*file.uid) : static_cast<uid_t>(-1);
      gid_t group = gid ? static_cast<gid_t>(*gid) : static_cast<gid_t>(-1);
      if (::chown(full.c_str(), uid, group) != 0) return errno_error("chown " + full, errno);
      ::chmod(full.c_str(), file_mode(file, gid));  // chown drops set-id bits
    }
  }
  return {};
}

std::string directory_name(WallTime now) {
  std::string t = format_rfc3339(now, 9);  // 2026-01-02T03:04:05.123456789Z
  t.pop_back();
  for (auto& c : t)
    if (c == '-' || c == ':' || c == 'T') c = '_';
  return ".." + t;
}

}  // namespace

Status check_payload_path(const std::string& path) {
  if (path.empty() || path.size() > 4096) return Error(Reason::kInvalid, "invalid path: must not be empty or longer than 4096 characters");
  if (path[0] == '/') return Error(Reason::kInvalid, "invalid path: must be relative path: " + path);
  if (path.starts_with("..")) return Error(Reason::kInvalid, "invalid path: must not start with '..': " + path);
  for (auto part : split(path, '/')) {
    if (part == "..") return Error(Reason::kInvalid, "invalid path: must not contain '..': " + path);
    if (part.empty() || part == "." || part.size() > 255) return Error(Reason::kInvalid, "invalid path: " + path);
  }
  return {};
}

Result<bool> write_payload(const std::string& directory, const Payload& payload, std::optional<int64_t> gid, WallTime now) {
  for (auto& [path, file] : payload) TRY(check_payload_path(path));
  const std::string data = directory + "/..data";
  const std::string old = read_link(data);
  std::set<std::string> tops;
  for (auto& [path, file] : payload) tops.insert(path.substr(0, path.find('/')));
  const bool same = !old.empty() && unchanged(directory + "/" + old, payload, gid);
  std::string current = old;
  if (!same) {
    current = directory_name(now);
    while (exists(directory + "/" + current)) current += "x";
    if (Status s = write_files(directory + "/" + current, payload, gid); !s) {
      (void)remove_tree(directory + "/" + current);
      return s.error();
    }
    if (Status s = link_atomic(current, data); !s) {
      (void)remove_tree(directory + "/" + current);
      return s.error();
    }
  }
  for (auto& top : tops) TRY(link_atomic("..data/" + top, directory + "/" + top));
  for (auto& name : list_directory(directory)) {
    if (name == "..data" || name == current || tops.contains(name)) continue;
    TRY(remove_tree(directory + "/" + name));
  }
  return !same;
}

}  // namespace skerry::agent
