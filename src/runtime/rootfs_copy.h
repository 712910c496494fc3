// A root file system without overlayfs: the layers copied over each other.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace skerry::runtime {

// Copies `lower` (topmost first, as overlayfs takes them) into the empty directory `target`: whiteouts and opaque
// directories take effect, hard links within a layer stay, data is shared where the file system can (reflinks).
// For hosts where overlayfs is missing or refuses the data directory (which is an overlay itself).
Status copy_layers(const std::vector<std::string>& lower, const std::string& target);

}  // namespace skerry::runtime
