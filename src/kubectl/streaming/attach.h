// Attaching to a container's own process: what `attach`, `run -i` and `debug -i` share.
#pragma once

#include <string>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

struct TerminalChoice {
  bool in = false, tty = false;
};
// What -i and -t come to: no terminal without input, nor where input is none (which is said, unless quiet).
TerminalChoice choose_terminal(Session& session, bool in, bool tty, bool quiet);

struct AttachOptions {
  bool in = false, tty = false, quiet = false;
  std::string command_name = "kubectl attach";  // in the hint how to come back
};
// Until the process or the connection ends. `container` is one of the pod's.
Status attach_to(Session& session, const Json& pod, const Json& container, const AttachOptions& options);

}  // namespace skerry::kubectl
