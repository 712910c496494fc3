// The annotation in which `apply` remembers the file it applied.
#pragma once

#include <string>

#include "json/json.h"

namespace skerry::kubectl {

inline constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// The configuration as the annotation holds it: compact JSON without the annotation itself, with a newline.
std::string last_applied_text(Json object);
// With that text as its annotation. `typed`: an object that the command made, whose fields stand in the order of its type.
Json with_last_applied(Json object, bool typed = false);
// What is remembered in `object`: null if there is nothing or it is no JSON object.
Json last_applied_of(const Json& object);
bool has_last_applied(const Json& object);

}  // namespace skerry::kubectl
