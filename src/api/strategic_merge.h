// Strategic merge patch: merge patch that knows lists' merge keys from the API tables.
#pragma once

#include "api/type.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::api {

// Honours $patch (merge, replace, delete), $deleteFromPrimitiveList, $setElementOrder and $retainKeys.
// `type` null (custom kinds): UnsupportedMediaType, as Kubernetes answers.
Result<Json> apply_strategic_merge(const Type* type, const Json& document, const Json& patch);

}  // namespace skerry::api
