// apply --prune: deleting what was applied before and is no longer in the files.
#pragma once

#include <set>
#include <string>

#include "kubectl/objects.h"
#include "kubectl/session.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

// Deletes the objects with a last-applied annotation that match --selector, in `namespaces` and among cluster-scoped kinds,
// whose uid was not visited. Kinds: --prune-allowlist, else those of kubectl.
Status prune_unvisited(Session& session, Objects& objects, const std::set<std::string>& visited, const std::set<std::string>& namespaces,
                       ResultPrinter& printer, DryRun dry_run);

}  // namespace skerry::kubectl
