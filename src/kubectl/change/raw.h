// --raw of the commands that write: one request to a URL of the server, with a file as its body.
#pragma once

#include <string_view>

#include "base/result.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

// Sends --filename (one file or "-"; `needs_body`: it must be given) to --raw and shows the answer. The exit code.
Result<int> send_raw(Session& session, std::string_view method, bool needs_body);

}  // namespace skerry::kubectl
