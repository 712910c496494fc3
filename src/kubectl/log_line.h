// Lines as klog writes them, for those who read the output of kubectl -v=6 with programs.
#pragma once

#include <string>
#include <string_view>

namespace skerry::kubectl {

// "I0102 15:04:05.000000   12345 rest.cc] text" without a newline; `severity` is I, W or E. The time is the local one.
std::string log_line(char severity, std::string_view file, std::string_view text);

}  // namespace skerry::kubectl
