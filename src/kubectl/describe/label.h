// Readable names of fields: "podIPs" becomes "Pod IPs".
#pragma once

#include <string>
#include <string_view>

namespace skerry::kubectl {

// The words of a camel-case name, capitalised and separated by blanks. Names with other characters than letters and '-'
// stay as they are.
std::string label_for(std::string_view field);

}  // namespace skerry::kubectl
