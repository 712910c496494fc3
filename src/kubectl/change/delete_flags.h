// The flags of deletion that delete, apply and replace share.
#pragma once

#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

// --cascade, --force, --grace-period, --timeout, --wait.
std::vector<Flag> delete_flags(std::string_view wait_default);
// A DeleteOptions object from them; {} where nothing was said. Errors for combinations that make no sense.
Result<Json> delete_options_of(Session& session);

}  // namespace skerry::kubectl
