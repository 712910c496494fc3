// The scripts of `kubectl completion`. They ask `kubectl __complete WORD...` (suggest.h), so that they never fall behind.
#pragma once

#include <string_view>

namespace skerry::kubectl {

// Empty for a shell there is no script for.
std::string_view completion_script(std::string_view shell);

}  // namespace skerry::kubectl
