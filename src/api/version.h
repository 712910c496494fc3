// The level of Kubernetes that Skerry implements, as servers, nodes and clients name it.
#pragma once

#include <string_view>

namespace skerry::api {

inline constexpr std::string_view kKubernetesVersion = "v1.36.0+skerry1";
inline constexpr std::string_view kKustomizeVersion = "v5.8.1";  // of kubectl 1.36

}  // namespace skerry::api
