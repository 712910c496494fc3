// Values as Go's fmt package prints them.
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace skerry::output {

// %v: "map[a:1 b:[x y]]", "<nil>", "1.5", "1e+06".
std::string go_text(const Json& value);
// A float64 with %v or %g: the shortest digits, with an exponent below 1e-4 and from 1e+06 (the value 1e6 is "1e+06").
std::string go_float(double value);
// %#v: `map[string]interface {}{"a":1}`.
std::string go_syntax(const Json& value);
// %q and strconv.Quote.
std::string go_quote(std::string_view text);

}  // namespace skerry::output
