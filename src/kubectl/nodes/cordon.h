// Taking nodes out of scheduling and back.
#pragma once

#include <vector>

#include "base/result.h"
#include "kubectl/select.h"
#include "kubectl/session.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

// The nodes that words and --selector name.
Result<std::vector<Item>> select_nodes(Session& session);
// Sets spec.unschedulable and says so. Failures are shown.
Status cordon_nodes(Session& session, const std::vector<Item>& nodes, bool unschedulable, DryRun dry_run);

}  // namespace skerry::kubectl
