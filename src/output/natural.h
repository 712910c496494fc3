// The natural order of text: digits compare as numbers ("node2" before "node10").
#pragma once

#include <string_view>

namespace skerry::output {

bool natural_less(std::string_view a, std::string_view b);

}  // namespace skerry::output
