#include "controllers/gc_graph.h"

#include <algorithm>

namespace skerry::controllers {

bool GcNode::is_blocked_by(const std::string& owner_uid) const {
  return std::any_of(owners.begin(), owners.end(),
                     [&](auto& o) { return o.uid == owner_uid && o.block_owner_deletion; });
}

std::vector<std::string> GcGraph::put(GcNode node) {
  std::vector<std::string> look;
  const std::string uid = node.uid;
  auto it = nodes_.find(uid);
  std::set<std::string> before, after;
  bool was_ending = false;
  if (it != nodes_.end()) {
    for (auto& o : it->second.owners) before.insert(o.uid);
    was_ending = it->second.foreground || it->second.orphan;
    // An owner that waits for its dependents may have lost a reason to wait.
    for (auto& o : it->second.owners)
      if (o.block_owner_deletion && !node.is_blocked_by(o.uid)) look.push_back(o.uid);
  }
  for (auto& o : node.owners) after.insert(o.uid);
  for (auto& owner : before)
    if (!after.contains(owner)) {
      auto d = dependents_.find(owner);
      if (d == dependents_.end()) continue;
      d->second.erase(uid);
      if (d->second.empty()) dependents_.erase(d);
    }
  for (auto& owner : after) dependents_[owner].insert(uid);
  const bool ending = node.foreground || node.orphan;
  if ((!after.empty() && before != after) || ending) look.push_back(uid);
  if (ending && !was_ending && node.foreground)
    if (auto d = dependents_.find(uid); d != dependents_.end()) look.insert(look.end(), d->second.begin(), d->second.end());
  if (after.empty() && !ending) nodes_.erase(uid);
  else nodes_[uid] = std::move(node);
  return look;
}

std::vector<std::string> GcGraph::erase(const std::string& uid) {
  std::vector<std::string> look;
  if (auto it = nodes_.find(uid); it != nodes_.end()) {
    for (auto& o : it->second.owners) {
      look.push_back(o.uid);  // may wait for this one
      auto d = dependents_.find(o.uid);
      if (d == dependents_.end()) continue;
      d->second.erase(uid);
      if (d->second.empty()) dependents_.erase(d);
    }
    nodes_.erase(it);
  }
  if (auto d = dependents_.find(uid); d != dependents_.end()) look.insert(look.end(), d->second.begin(), d->second.end());
  return look;
}

std::optional<GcNode> GcGraph::find(const std::string& uid) const {
  auto it = nodes_.find(uid);
  if (it == nodes_.end()) return std::nullopt;
  return it->second;
}

std::vector<GcNode> GcGraph::dependents(const std::string& uid) const {
  std::vector<GcNode> found;
  auto d = dependents_.find(uid);
  if (d == dependents_.end()) return found;
  for (auto& dependent : d->second)
    if (auto it = nodes_.find(dependent); it != nodes_.end()) found.push_back(it->second);
  return found;
}

GcVerdict judge(const std::vector<OwnerState>& owners, bool has_dependents) {
  auto any = [&](OwnerState s) { return std::find(owners.begin(), owners.end(), s) != owners.end(); };
  if (owners.empty()) return GcVerdict::kKeep;
  if (any(OwnerState::kSolid))
    return any(OwnerState::kAbsent) || any(OwnerState::kWaiting) ? GcVerdict::kDropReferences : GcVerdict::kKeep;
  if (any(OwnerState::kWaiting) && has_dependents) return GcVerdict::kDeleteForeground;
  return GcVerdict::kDelete;
}

}  // namespace skerry::controllers
