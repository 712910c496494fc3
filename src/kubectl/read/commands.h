// The commands that read.
#pragma once

#include "kubectl/command.h"
#include "kubectl/completion.h"

namespace skerry::kubectl {

extern const Command kGet, kKustomize, kVersion;

}  // namespace skerry::kubectl
