// The commands that stream.
#pragma once

#include "kubectl/command.h"

namespace skerry::kubectl {

extern const Command kExec, kAttach, kLogs, kCp, kPortForward, kProxy, kRun, kDebug;

}  // namespace skerry::kubectl
