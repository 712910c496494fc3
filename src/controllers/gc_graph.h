// GcGraph: who is owned by whom, as the caches have shown it. Only objects that have owners, or that wait for their
// dependents, are kept; owners are known by the uid their dependents name.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/gvr.h"
#include "api/object.h"

namespace skerry::controllers {

struct GcNode {
  api::Gvr gvr;
  std::string ns, name, uid;
  std::vector<api::OwnerReference> owners;
  bool deleting = false;
  bool foreground = false;  // deleting, with finalizer foregroundDeletion
  bool orphan = false;      // deleting, with finalizer orphan

  bool is_blocked_by(const std::string& owner_uid) const;  // refers to it with blockOwnerDeletion
};

class GcGraph {
 public:
  // An object was added or changed; returns the uids that must be looked at.
  std::vector<std::string> put(GcNode node);
  // An object is gone; likewise.
  std::vector<std::string> erase(const std::string& uid);

  // A copy, or nothing.
  std::optional<GcNode> find(const std::string& uid) const;
  // Known objects that refer to the uid.
  std::vector<GcNode> dependents(const std::string& uid) const;
  size_t size() const { return nodes_.size(); }

 private:
  std::map<std::string, GcNode> nodes_;
  std::map<std::string, std::set<std::string>> dependents_;  // owner uid -> uids
};

// What becomes of an object with owners, none of which is in doubt.
enum class OwnerState {
  kSolid,    // lives
  kAbsent,   // does not exist (or is another object of that name)
  kWaiting,  // is being deleted in the foreground
};
enum class GcVerdict {
  kKeep,             // every owner lives
  kDropReferences,   // some owner lives: references to the others go
  kDelete,           // no owner lives
  kDeleteForeground, // the only owners wait for it, and it has dependents of its own
};
GcVerdict judge(const std::vector<OwnerState>& owners, bool has_dependents);

}  // namespace skerry::controllers
