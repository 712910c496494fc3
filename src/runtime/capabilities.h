// Linux capabilities as Kubernetes names them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace skerry::runtime {

// The default set of container engines, plus `add`, less `drop` ("NET_ADMIN" or "CAP_NET_ADMIN", any case; "ALL"),
// reduced to `available` (bit n: capability n). Invalid for an unknown name.
Result<std::vector<std::string>> capability_set(const std::vector<std::string>& add, const std::vector<std::string>& drop,
                                                bool privileged, uint64_t available);

}  // namespace skerry::runtime
