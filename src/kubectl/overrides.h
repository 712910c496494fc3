// --overrides and --override-type of `run` and `expose`: a patch of the object that the command made.
#pragma once

#include <string>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubectl {

// `text`: a JSON patch of the kind that `type` ("json", "merge", "strategic") names; empty: the object as it is. Fields that the
// object's kind does not have are dropped, as kubectl drops them.
Result<Json> with_overrides(Json object, const std::string& text, const std::string& type);

}  // namespace skerry::kubectl
