// Pulling images from registries.
#pragma once

#include <string>
#include <vector>

#include "runtime/image_store.h"
#include "runtime/registries.h"

namespace skerry::runtime {

// From the endpoints that the options name for the registry, in order, until one has it (endpoints_of()). Each of `auths` is
// tried until one is accepted; without any, what the options know of the endpoint, or none.
// A pull that was cut goes on where it ended. Thread-safe.
Result<ImageInfo> pull_image(ImageStore& store, const RegistryOptions& options, const std::string& reference, const std::vector<RegistryAuth>& auths);

}  // namespace skerry::runtime
