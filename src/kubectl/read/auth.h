// The commands below `kubectl auth`.
#pragma once

#include "kubectl/command.h"
#include "kubectl/completion.h"

namespace skerry::kubectl {

extern const Command kCanI, kWhoami, kReconcile;

}  // namespace skerry::kubectl
