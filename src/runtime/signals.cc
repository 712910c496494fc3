#include "runtime/signals.h"

#include <signal.h>
#include <string.h>

#include <string>

#include "base/strings.h"

namespace skerry::runtime {

std::optional<int> signal_number(std::string_view given) {
  if (given.empty()) return std::nullopt;
  if (auto n = parse_int(given)) return *n > 0 && *n <= 64 ? std::optional<int>(*n) : std::nullopt;
  std::string name;
  for (char c : given) name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  if (starts_with(name, "SIG")) name = name.substr(3);
  // The kernel's numbers: those of programs in the container, whatever this libc keeps for itself.
  if (starts_with(name, "RTMIN+")) {
    auto n = parse_int(std::string_view(name).substr(6));
    return n && *n >= 0 && *n <= 30 ? std::optional<int>(34 + *n) : std::nullopt;
  }
  if (starts_with(name, "RTMAX-")) {
    auto n = parse_int(std::string_view(name).substr(6));
    return n && *n >= 0 && *n <= 30 ? std::optional<int>(64 - *n) : std::nullopt;
  }
  if (name == "RTMIN") return 34;
  if (name == "RTMAX") return 64;
  if (name == "IOT") return SIGABRT;
  if (name == "CLD") return SIGCHLD;
  if (name == "POLL") return SIGIO;
  for (int n = 1; n < 32; ++n)
    if (const char* abbreviation = sigabbrev_np(n); abbreviation && name == abbreviation) return n;
  return std::nullopt;
}

}  // namespace skerry::runtime
