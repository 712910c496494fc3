// Taints and tolerations.
#pragma once

#include <string_view>

#include "json/json.h"

namespace skerry::api {

bool tolerates(const Json& toleration, const Json& taint);
// Does any of the tolerations (an array or null) tolerate it?
bool any_tolerates(const Json& tolerations, const Json& taint);
// The first taint with one of the effects given ("NoSchedule", "NoExecute", "PreferNoSchedule") that is not tolerated, or
// null.
const Json* untolerated_taint(const Json& taints, const Json& tolerations, std::initializer_list<std::string_view> effects);

}  // namespace skerry::api
