// What an HTTP status code means that comes without a reason: the other way of reason_code().
#pragma once

#include "base/error.h"

namespace skerry {

// Where a code stands for several reasons, the one that tells least; kUnknown for a code that tells nothing.
Reason reason_from_code(int http_code);

}  // namespace skerry
