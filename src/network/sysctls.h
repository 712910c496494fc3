// Sysctls: kernel settings of the whole machine that pods need, and what they were before.
//
// What was changed is remembered in a file, "<path> <value before> <boot id>" on each line, because settings are the kernel's
// own again after a reboot.
#pragma once

#include <string>

#include "base/result.h"

namespace skerry::network {

// Best effort, a warning where it cannot be done: the kernel may have the value already, or /proc/sys may be read-only.
// `state_dir` empty: nothing is remembered, for settings that go with their interface.
void set_sysctl(const std::string& path, const std::string& value, const std::string& state_dir = "");

// Sets back what set_sysctl() changed since this boot, and forgets it. While
// another instance's bridge is there it may need the same: then nothing is set back.
Status restore_sysctls(const std::string& state_dir);

}  // namespace skerry::network
