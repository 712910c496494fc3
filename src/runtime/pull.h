// Pulling images from registries.
#pragma once

#include <string>
#include <vector>

#include "runtime/image_store.h"
#include "runtime/registries.h"

namespace skerry::runtime {

// Each of `auths` is tried until one is accepted; without any, what the options know of the registry, then anonymously.
// A pull that was cut goes on where it ended. Thread-safe.
Result<ImageInfo> pull_image(ImageStore& store, const RegistryOptions& options, const std::string& reference, const std::vector<RegistryAuth>& auths);

}  // namespace skerry::runtime
