// apply view-last-applied, set-last-applied, edit-last-applied.
#pragma once

#include "kubectl/command.h"

namespace skerry::kubectl {

extern const Command kApplyViewLastApplied, kApplySetLastApplied, kApplyEditLastApplied;

}  // namespace skerry::kubectl
