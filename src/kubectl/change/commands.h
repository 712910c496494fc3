// The commands that change objects.
#pragma once

#include "kubectl/command.h"

namespace skerry::kubectl {

extern const Command kApply, kCreate, kDelete, kReplace, kPatch, kEdit, kDiff, kLabel, kAnnotate;

}  // namespace skerry::kubectl
