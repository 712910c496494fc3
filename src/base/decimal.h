// Decimal: floating-point numbers as text, in the fewest digits that read back as the same number, as Go and JavaScript
// write them. (std::to_chars does the same; its tables would be a hundredth of the executable.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skerry {

// For finite numbers.
std::string decimal_scientific(double value);  // "1.5e+00", "-1e-07", "1e+100"
std::string decimal_fixed(double value);       // "1.5", "-0.0000001", "100000000000000000000000"

// `text` wholly a number like "-1.5e3"; nothing if it is too large for one.
std::optional<double> parse_double(std::string_view text);

}  // namespace skerry
