// Files: what the agent's parts need of the node's file system beyond os/files.h.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/files.h"
#include "os/mounts.h"

namespace skerry::agent {

using os::exists;
using os::read_file;
using os::remove_tree;
// All parents, too, with this mode whatever the umask is. An existing directory keeps its mode.
Status make_directories(const std::string& path, mode_t mode = 0755);
// os::write_file_atomic(), not kept through a loss of power: what pods need is written anew after one.
Status write_file_atomic(const std::string& path, std::string_view contents, mode_t mode = 0644);
// In place, keeping the inode: for files that are bind-mounted into containers. Unchanged contents are not written.
Status write_file_in_place(const std::string& path, std::string_view contents, mode_t mode = 0644);
std::vector<std::string> list_directory(const std::string& path);  // names but "." and ".."; empty if it is missing
using os::is_mount_point;
using os::unmount;
using os::unmount_below;

}  // namespace skerry::agent
