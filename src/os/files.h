// Files: reading with a bound, writing that survives a crash, removing without following links.
//
// Every function is thread-safe and names the path in its error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace skerry::os {

inline constexpr size_t kDefaultReadBound = 64 << 20;

// NotFound if it does not exist; RequestEntityTooLarge beyond `bound`.
Result<std::string> read_file(const std::string& path, size_t bound = kDefaultReadBound);

enum class Durability {
  kProcess,  // whole or not at all for other processes, but may be lost with the power
  kPower,    // on disk when this returns
};
// Replaces `path` by way of a temporary file beside it and rename(2).
Status write_file_atomic(const std::string& path, std::string_view data, mode_t mode = 0644,
                         Durability durability = Durability::kPower);
// Writes into an existing file (procfs, sysfs, cgroupfs) with one write(2).
Status write_existing(const std::string& path, std::string_view data);

Status make_dirs(const std::string& path, mode_t mode = 0755);
// Removes a file or a tree; never follows a symbolic link and never enters what is mounted there or below, be it of the same
// file system (it fails then). Fine if there is none.
Status remove_tree(const std::string& path);
Status remove_file(const std::string& path);  // fine if there is none
Status rename_file(const std::string& from, const std::string& to);
Status sync_directory(const std::string& path);
Result<std::vector<std::string>> list_directory(const std::string& path);  // names, sorted, without . and ..
bool exists(const std::string& path);                                      // follows no link at the end
bool is_directory(const std::string& path);
Result<uint64_t> tree_size(const std::string& path);                       // bytes on disk, hard links counted once

Status write_all(int fd, std::string_view data);

// Opens `path` as it is seen by someone whose root directory is `root`: neither ".." nor links lead out of it
// (openat2 with RESOLVE_IN_ROOT).
Result<Fd> open_in_root(const std::string& root, std::string_view path, int flags, mode_t mode = 0);
// The path that open_in_root() reaches, as the host names it; NotFound if it does not exist.
Result<std::string> resolve_in_root(const std::string& root, std::string_view path);

}  // namespace skerry::os
