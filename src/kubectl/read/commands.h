// The commands that read.
#pragma once

#include "kubectl/command.h"
#include "kubectl/completion.h"

namespace skerry::kubectl {

extern const Command kApiResources, kApiVersions, kAuth, kClusterInfo, kCompletion, kEvents, kExplain, kGet, kKustomize, kAlpha, kOptions, kTop, kVersion;

}  // namespace skerry::kubectl
