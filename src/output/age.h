// Ages as kubectl prints them.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "json/json.h"

namespace skerry::output {

// "5s", "3m20s", "2d3h": up to two units. (api/table.h has the same function for the server's tables.)
std::string human_duration(std::chrono::nanoseconds duration);
// "5s", "3m", "2d": one unit, as `kubectl top`, `events` of old and describe's event ages use it.
std::string short_human_duration(std::chrono::nanoseconds duration);
// The age of a timestamp in JSON ("2026-01-01T00:00:00Z", also with fractions): "<unknown>" where it is missing.
std::string age_since(const Json& timestamp, WallTime now);

}  // namespace skerry::output
