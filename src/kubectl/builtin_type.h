// What the tables in the executable know of a kind.
#pragma once

#include "api/type.h"
#include "kubectl/mapping.h"

namespace skerry::kubectl {

// Null for kinds that are not built in.
const api::Type* builtin_type(const Mapping& mapping);

}  // namespace skerry::kubectl
