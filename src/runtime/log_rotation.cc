#include "runtime/log_rotation.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "os/files.h"

namespace skerry::runtime {

namespace {

// Oldest first: the time in the name sorts.
std::vector<std::string> rotated(const std::string& path) {
  size_t slash = path.find_last_of('/');
  std::string directory = path.substr(0, slash), prefix = path.substr(slash + 1) + ".";
  std::vector<std::string> out;
  auto names = os::list_directory(directory);
  if (!names) return out;
  for (const std::string& name : *names)
    if (starts_with(name, prefix)) out.push_back(directory + "/" + name);
  return out;
}

std::string stamp(WallTime now) {
  std::string out;
  for (char c : format_rfc3339(now)) {
    if (c >= '0' && c <= '9') out += c;
    if (c == 'T') out += '-';
  }
  return out;
}

}  // namespace

Result<bool> rotate_log(const std::string& path, const LogRotationPolicy& policy, WallTime now, const std::function<Status()>& reopen) {
  struct stat st;
  if (stat(path.c_str(), &st) != 0 || static_cast<uint64_t>(st.st_size) <= policy.max_bytes) return false;
  std::string target = path + "." + stamp(now);
  for (int n = 1; os::exists(target); ++n) target = path + "." + stamp(now) + "." + std::to_string(n);
  std::vector<std::string> old = rotated(path);
  const size_t keep = static_cast<size_t>(std::max(0, policy.max_files - 2));  // beside the new log and the one rotated now
  while (old.size() > keep) {
    TRY(os::remove_file(old.front()));
    old.erase(old.begin());
  }
  TRY(os::rename_file(path, target));
  if (Status opened = reopen(); !opened) {
    // The shim goes on writing into the renamed file: let readers find it.
    (void)os::rename_file(target, path);
    return opened.error();
  }
  return true;
}

Status remove_logs(const std::string& path) {
  for (const std::string& name : rotated(path)) TRY(os::remove_file(name));
  return os::remove_file(path);
}

}  // namespace skerry::runtime
