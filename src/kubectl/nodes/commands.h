// The commands about nodes, and waiting.
#pragma once

#include "kubectl/command.h"

namespace skerry::kubectl {

extern const Command kCordon, kUncordon, kDrain, kTaint;

}  // namespace skerry::kubectl
