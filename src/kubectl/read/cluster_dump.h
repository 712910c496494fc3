// kubectl cluster-info dump.
#pragma once

#include "kubectl/command.h"

namespace skerry::kubectl {

extern const Command kClusterDump;

}  // namespace skerry::kubectl
