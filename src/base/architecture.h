// The processor this executable is made for, as Kubernetes names it. Not what uname says: an armhf executable on a
// 64-bit kernel is an arm node and runs arm images.
#pragma once

#include <string_view>

namespace skerry {

#if defined(__x86_64__)
inline constexpr std::string_view kArchitecture = "amd64";
#elif defined(__aarch64__)
inline constexpr std::string_view kArchitecture = "arm64";
#elif defined(__arm__)
inline constexpr std::string_view kArchitecture = "arm";
#else
#error "Skerry runs on amd64, arm64 and arm"
#endif

}  // namespace skerry
