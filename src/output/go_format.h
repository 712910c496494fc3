// Values as Go's fmt package prints them.
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace skerry::output {

// %v: "map[a:1 b:[x y]]", "<nil>", "1.5", "1e+21".
std::string go_text(const Json& value);
// A float64 with %v (`exponent_from` 21) or %g as go-yaml and strconv use it (`exponent_from` < 0: when shorter).
std::string go_float(double value, int exponent_from = 21);
// %q and strconv.Quote.
std::string go_quote(std::string_view text);

}  // namespace skerry::output
