// The order of fields in objects that kubectl makes itself: Go's encoder writes structs in the order of their fields.
#pragma once

#include "json/json.h"
#include "output/json_text.h"

namespace skerry::output {

// "kind", "apiVersion", "metadata", then the fields as Kubernetes' types have them; maps and unknown kinds keep sorted keys.
OrderedJson typed_order(const Json& object);

}  // namespace skerry::output
