// Rows of `kubectl events`. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "json/json.h"
#include "output/json_text.h"

namespace skerry::kubectl {

// "5s", "5s (x3 over 2m)": when it was last seen, and how often since when.
std::string event_interval(const Json& event, WallTime now);
// Oldest first.
void sort_events(std::vector<Json>& events);
// The cells behind NAMESPACE, separated by tabs.
std::string event_row(const Json& event, WallTime now);
// With the fields that the typed client always writes, in its order.
output::OrderedJson typed_event(const Json& event);

}  // namespace skerry::kubectl
