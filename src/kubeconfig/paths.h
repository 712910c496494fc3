// Paths and reading as kubectl names them in its messages. Internal to kubeconfig and the `config` commands.
#pragma once

#include <string>

#include "base/result.h"

namespace skerry::kubeconfig {

// `path`, relative to `folder` (or the current one), without "." and "..".
std::string absolute_path(const std::string& path, const std::string& folder);
// The absolute folder a file is in.
std::string folder_of(const std::string& file);
// "no such file or directory": strerror as Go spells it.
std::string go_errno(int err);
// At most kMaxConfigBytes. NotFound or BadRequest: "open /x: no such file or directory".
Result<std::string> read_named_file(const std::string& path);

}  // namespace skerry::kubeconfig
