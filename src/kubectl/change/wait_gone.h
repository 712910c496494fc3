// Waiting until an object is gone.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"

namespace skerry::kubectl {

// Until there is no object of that name, or one with another uid than `uid` (empty: any). `timeout` 0: as long as it takes.
// Error with the text "timed out waiting for the condition on pods/x" when time is over.
Status wait_until_gone(Objects& objects, const Item& item, const std::string& uid, std::chrono::nanoseconds timeout);

}  // namespace skerry::kubectl
