// Three-way patches: what turns the current object into the modified one and removes what the original had and the
// modified no longer has, as `kubectl apply` computes it.
#pragma once

#include "api/type.h"
#include "json/json.h"

namespace skerry::api {

// A strategic merge patch for apply_strategic_merge(), an empty object if nothing is to be done. `original` may be null.
Json three_way_strategic_patch(const Type& type, const Json& original, const Json& modified, const Json& current);
// The same as a merge patch (RFC 7386), for kinds without a type.
Json three_way_merge_patch(const Json& original, const Json& modified, const Json& current);

}  // namespace skerry::api
