// The commands that read.
#pragma once

#include "kubectl/command.h"
#include "kubectl/completion.h"

namespace skerry::kubectl {

extern const Command kGet, kVersion;

}  // namespace skerry::kubectl
