// Signal names, as images and pods write them: "SIGTERM", "term", "15", "SIGRTMIN+3".
#pragma once

#include <optional>
#include <string_view>

namespace skerry::runtime {

std::optional<int> signal_number(std::string_view name);

}  // namespace skerry::runtime
