// Layers: unpacking a layer's tar into a directory that overlayfs takes as a lower directory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace skerry::runtime {

// Gives the next bytes of the layer (plain, gzip or zstd); empty at the end. The view stays valid until the next call.
using ByteSource = std::function<Result<std::string_view>()>;
ByteSource file_source(const std::string& path);

struct UnpackedLayer {
  std::string diff_id;     // digest of the uncompressed tar
  uint64_t size_bytes = 0;  // of the files in it
};

// Unpacks into the empty directory `target`. Whiteouts become overlayfs' character devices 0:0 and opaque
// directories. Nothing is ever written outside `target`, whatever names and links the archive holds.
// Directories that the archive implies but does not hold get mode and owner from `parents` (lower layers, topmost
// first). Owners, modes, times, links, devices and extended attributes are kept.
Result<UnpackedLayer> unpack_layer(const ByteSource& source, const std::string& target, const std::vector<std::string>& parents);

}  // namespace skerry::runtime
