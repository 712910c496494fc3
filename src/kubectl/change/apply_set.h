// Apply sets (KEP-3659, `apply --applyset`): what is applied together is labelled with the id of a parent object, whose annotations
// say in which kinds and namespaces its members are; so pruning needs neither selectors nor lists of kinds. The parent is written by
// server-side apply.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/session.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

class ApplySet {
 public:
  // Are apply sets switched on (KUBECTL_APPLYSET=true)?
  static bool enabled();
  // `reference`: "NAME" (a Secret) or "RESOURCE[.GROUP]/NAME". Error: `invalid parent reference "x/y": ...`.
  static Result<ApplySet> parse(Session& session, const std::string& reference);

  // Is that kind allowed as a parent, and is its namespace known (only --namespace counts)?
  Status validate(Session& session) const;
  // Makes the items members.
  Status label(std::vector<Item>& items) const;
  // Reads the parent, and makes it cover what it had and `items`, so that nothing is lost if this run is interrupted.
  Status before_apply(Session& session, const std::vector<Item>& items, DryRun dry_run, const std::string& field_validation);
  // Members that this run did not apply.
  Result<std::vector<Item>> find_unvisited(Session& session, const std::set<std::string>& visited_uids) const;
  // Makes the parent cover what was applied, and nothing else.
  Status after_prune(Session& session, DryRun dry_run, const std::string& field_validation) const;

  // "applyset-<hash>-v1"
  std::string id() const;

 private:
  struct Kind {
    Mapping mapping;
    std::string name() const { return mapping.group.empty() ? mapping.kind : mapping.kind + "." + mapping.group; }
    bool operator<(const Kind& other) const { return name() < other.name(); }
  };
  std::string shown() const;  // "secrets./name"
  Status read_parent(Session& session);
  Status write_parent(Session& session, const std::set<Kind>& kinds, std::set<std::string> namespaces, DryRun dry_run, const std::string& field_validation) const;

  Mapping mapping_;
  std::string ns_, name_;
  std::set<Kind> kinds_before_, kinds_;  // as of the last run; of this one
  std::set<std::string> namespaces_before_, namespaces_;
};

}  // namespace skerry::kubectl
