// The commands that act on workloads as a whole.
#pragma once

#include "kubectl/command.h"

namespace skerry::kubectl {

extern const Command kRollout, kScale, kAutoscale, kExpose, kSet;
extern const Command kRolloutHistory, kRolloutPause, kRolloutRestart, kRolloutResume, kRolloutStatus, kRolloutUndo;

}  // namespace skerry::kubectl
