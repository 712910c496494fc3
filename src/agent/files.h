// Files: the few operations on the node's file system that the agent's parts share.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/mounts.h"

namespace skerry::agent {

// All parents, too. An existing directory keeps its mode.
Status make_directories(const std::string& path, mode_t mode = 0755);
// Whole contents, at most `limit` bytes.
Result<std::string> read_file(const std::string& path, size_t limit = 64 << 20);
// Through a temporary file beside it and rename(2): readers see the old or the new contents, also after a crash.
Status write_file_atomic(const std::string& path, std::string_view contents, mode_t mode = 0644, bool sync = false);
// In place, keeping the inode: for files that are bind-mounted into containers. Unchanged contents are not written.
Status write_file_in_place(const std::string& path, std::string_view contents, mode_t mode = 0644);
// A directory tree, never following links and never crossing into another mount (EBUSY there). Missing is fine.
Status remove_tree(const std::string& path);
std::vector<std::string> list_directory(const std::string& path);  // names but "." and ".."; empty if it is missing
bool exists(const std::string& path);
using os::is_mount_point;
using os::unmount;
// What is mounted at or below `path`, deepest first.
std::vector<std::string> mounts_below(const std::string& path);

}  // namespace skerry::agent
