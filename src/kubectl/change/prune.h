// Pruning: finding, and for `apply --prune` deleting, what was applied before and is no longer in the files.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "kubectl/objects.h"
#include "kubectl/session.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

// The kinds that are pruned: those of --prune-allowlist, else the stock client's. Kinds that the user named must exist.
Result<std::vector<Mapping>> prune_kinds(Session& session);

struct Visited {
  std::set<std::string> uids{};
  std::set<std::string> namespaces{};
};
// The objects of `kinds` with a last-applied annotation that match --selector, in the visited namespaces and among cluster-scoped
// kinds, whose uid was not visited; with their content.
Result<std::vector<Item>> find_unvisited(Session& session, Objects& objects, const std::vector<Mapping>& kinds, const Visited& visited);

// Deletes them and says so.
Status prune(Session& session, Objects& objects, const std::vector<Item>& items, DryRun dry_run);

}  // namespace skerry::kubectl
