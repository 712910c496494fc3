// Image archives: what `docker save` and OCI tools write.
#pragma once

#include <string>
#include <vector>

#include "runtime/image_store.h"

namespace skerry::runtime {

// Adds every image of a docker or OCI archive (tar; plain, gzip or zstd) to the store. Of an image for several
// platforms the one for this machine is taken. Images without a name in the archive are added without one.
Result<std::vector<ImageInfo>> import_archive(ImageStore& store, const std::string& path);

}  // namespace skerry::runtime
