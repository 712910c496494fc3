// JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386). Strategic merge needs API knowledge: api/strategic_merge.h.
#pragma once

#include "json/json.h"

namespace skerry::json {

// BadRequest where the patch is malformed, Invalid where an operation cannot be applied (a failed test, a missing path).
Result<Json> apply_json_patch(const Json& document, const Json& patch);
Json apply_merge_patch(const Json& document, const Json& patch);
// The merge patch that turns `from` into `to`.
Json make_merge_patch(const Json& from, const Json& to);

}  // namespace skerry::json
