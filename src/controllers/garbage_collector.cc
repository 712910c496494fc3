#include "controllers/garbage_collector.h"

#include <algorithm>

#include "base/log.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr std::string_view kForeground = "foregroundDeletion", kOrphan = "orphan";
// How long until the owner of an unknown kind is looked for again.
constexpr auto kUnknownKindWait = std::chrono::minutes(5);

bool has_finalizer(const Json& object, std::string_view finalizer) {
  for (auto& f : json::array_or_empty(json::find(object, {"metadata", "finalizers"})))
    if (f == finalizer) return true;
  return false;
}

GcNode node_of(const api::Gvr& gvr, const api::Object& object) {
  const api::Meta& meta = object.meta();
  GcNode n{gvr, meta.ns, meta.name, meta.uid, meta.owners, meta.deleting, false, false};
  if (meta.deleting && meta.has_finalizers) {
    Json value = object.json();
    n.foreground = has_finalizer(value, kForeground);
    n.orphan = has_finalizer(value, kOrphan);
  }
  return n;
}

// The merge patch that replaces a list of the metadata, only if the object is still as `live` shows it.
Json metadata_patch(const api::Meta& live, const char* field, Json list) {
  return {{"metadata", {{"uid", live.uid}, {"resourceVersion", std::to_string(live.revision)}, {field, std::move(list)}}}};
}

}  // namespace

GarbageCollector::GarbageCollector(Context& context) : Part(context, "garbage-collector", 3) {
  for (auto& row : context.catalog.all()) {
    const api::Gvr gvr = row->gvr();
    // Events are many, short-lived and own nothing.
    const bool watched = row->stored && !row->stored_as && row->allows(api::Verb::kWatch) &&
                         row->allows(api::Verb::kDelete) && gvr != api::kEvents;
    if (!watched) continue;
    client::Cache& c = cache(gvr);
    caches_[gvr] = &c;
    c.add_handler([this, gvr](auto& before, auto& after) { on_change(gvr, before, after); });
  }
}

void GarbageCollector::on_change(const api::Gvr& gvr, const api::ObjectPtr& before, const api::ObjectPtr& after) {
  // Most changes are of objects that own nothing, belong to nobody and stay.
  auto plain = [](const api::ObjectPtr& o) { return !o || (o->meta().owners.empty() && !o->meta().deleting); };
  if (after && plain(before) && plain(after)) {
    if (!before || before->meta().uid == after->meta().uid) return;
  }
  std::vector<std::string> look;
  {
    std::lock_guard l(mutex_);
    if (before && (!after || after->meta().uid != before->meta().uid)) look = graph_.erase(before->meta().uid);
    if (after) {
      auto more = graph_.put(node_of(gvr, *after));
      look.insert(look.end(), more.begin(), more.end());
    }
  }
  enqueue_all(look);
}

void GarbageCollector::enqueue_all(const std::vector<std::string>& uids) {
  for (auto& uid : uids) queue_.enqueue(uid);
}

Result<Outcome> GarbageCollector::reconcile(const Key& uid) {
  std::optional<GcNode> node;
  bool has_dependents;
  {
    std::lock_guard l(mutex_);
    node = graph_.find(uid);
    has_dependents = !graph_.dependents(uid).empty();
  }
  if (!node) return Outcome{};
  if (node->orphan) TRY(orphan_dependents(*node));
  else if (node->foreground) TRY(finish_foreground(*node));
  if (node->deleting || node->owners.empty()) return Outcome{};

  // As the caches show it: usually all owners live, and nobody need be asked.
  Judged seen = TRY(look_at_owners(*node, false));
  const Outcome later{seen.unknown_kind ? milliseconds(kUnknownKindWait) : milliseconds(0)};
  if (judge(seen.states, has_dependents) == GcVerdict::kKeep) return later;

  auto live = client().get(node->gvr, node->ns, node->name);
  if (!live) {
    if (live.error().is(Reason::kNotFound)) return Outcome{};
    return live.error();
  }
  if ((*live)->meta().uid != uid || (*live)->meta().deleting) return Outcome{};
  GcNode now = node_of(node->gvr, **live);
  seen = TRY(look_at_owners(now, true));
  switch (judge(seen.states, has_dependents)) {
    case GcVerdict::kKeep: return later;
    case GcVerdict::kDropReferences: {
      std::vector<std::string> gone;
      for (size_t i = 0; i < now.owners.size(); ++i)
        if (seen.states[i] != OwnerState::kSolid) gone.push_back(now.owners[i].uid);
      TRY(drop_references(now, gone));
      return later;
    }
    case GcVerdict::kDeleteForeground: {
      std::vector<GcNode> dependents;
      {
        std::lock_guard l(mutex_);
        dependents = graph_.dependents(uid);
      }
      // Owners that wait for each other in a circle would wait for ever.
      if (std::any_of(dependents.begin(), dependents.end(), [](auto& d) { return d.foreground; }))
        TRY(unblock_owners(now));
      TRY(remove(now, *live, true));
      return Outcome{};
    }
    case GcVerdict::kDelete: TRY(remove(now, *live, false)); return Outcome{};
  }
  return Outcome{};
}

Result<GarbageCollector::Judged> GarbageCollector::look_at_owners(const GcNode& node, bool ask_server) {
  Judged judged;
  for (auto& owner : node.owners)
    judged.states.push_back(TRY(owner_state(node, owner, ask_server, judged.unknown_kind)));
  return judged;
}

Result<OwnerState> GarbageCollector::owner_state(const GcNode& node, const api::OwnerReference& owner, bool ask_server,
                                                 bool& unknown) {
  auto row = context_.catalog.find_kind(owner.api_version, owner.kind);
  if (!row) {
    unknown = true;
    return OwnerState::kSolid;
  }
  if (row->namespaced && node.ns.empty()) {
    // A cluster-scoped object cannot belong to a namespaced one: the reference says nothing.
    LOG_DEBUG("garbage-collector", node.gvr.group_resource() << " " << node.name << " refers to a namespaced owner");
    return OwnerState::kSolid;
  }
  const std::string ns = row->namespaced ? node.ns : "";
  const api::Gvr gvr = row->stored_as ? row->stored_as->gvr() : row->gvr();
  if (auto c = caches_.find(gvr); c != caches_.end()) {
    api::ObjectPtr known = c->second->get(api::make_key(ns, owner.name));
    if (known && known->meta().uid == owner.uid) {
      if (!known->meta().deleting) return OwnerState::kSolid;
      std::lock_guard l(mutex_);
      auto in_graph = graph_.find(owner.uid);
      return in_graph && in_graph->foreground ? OwnerState::kWaiting : OwnerState::kSolid;
    }
  }
  if (!ask_server) return OwnerState::kAbsent;
  auto live = client().get(gvr, ns, owner.name);
  if (!live) {
    if (live.error().is(Reason::kNotFound)) return OwnerState::kAbsent;
    return live.error();
  }
  if ((*live)->meta().uid != owner.uid) return OwnerState::kAbsent;
  return (*live)->meta().deleting && has_finalizer((*live)->json(), kForeground) ? OwnerState::kWaiting
                                                                                : OwnerState::kSolid;
}

Status GarbageCollector::finish_foreground(const GcNode& node) {
  std::vector<GcNode> dependents;
  {
    std::lock_guard l(mutex_);
    dependents = graph_.dependents(node.uid);
  }
  bool blocked = false;
  for (auto& d : dependents) {
    if (!d.is_blocked_by(node.uid)) continue;
    blocked = true;
    if (!d.foreground) queue_.enqueue(d.uid);
  }
  return blocked ? Status() : drop_finalizer(node, kForeground);
}

Status GarbageCollector::orphan_dependents(const GcNode& node) {
  std::vector<GcNode> dependents;
  {
    std::lock_guard l(mutex_);
    dependents = graph_.dependents(node.uid);
  }
  for (auto& d : dependents) TRY(drop_references(d, {node.uid}));
  return drop_finalizer(node, kOrphan);
}

Status GarbageCollector::drop_references(const GcNode& node, const std::vector<std::string>& owner_uids) {
  auto live = client().get(node.gvr, node.ns, node.name);
  if (!live) return live.error().is(Reason::kNotFound) ? Status() : Status(live.error());
  if ((*live)->meta().uid != node.uid) return {};
  Json value = (*live)->json(), rest = Json::array();
  const Json& owners = json::array_or_empty(json::find(value, {"metadata", "ownerReferences"}));
  for (auto& o : owners)
    if (std::find(owner_uids.begin(), owner_uids.end(), json::str(o, "uid")) == owner_uids.end()) rest.push_back(o);
  if (rest.size() == owners.size()) return {};
  Json list = rest.empty() ? Json() : std::move(rest);
  auto patched = client().patch(node.gvr, node.ns, node.name, api::PatchType::kMerge,
                                metadata_patch((*live)->meta(), "ownerReferences", std::move(list)));
  if (!patched && !patched.error().is(Reason::kNotFound)) return patched.error();
  return {};
}

Status GarbageCollector::unblock_owners(const GcNode& node) {
  api::ObjectPtr live = TRY(client().get(node.gvr, node.ns, node.name));
  if (live->meta().uid != node.uid) return {};
  Json value = live->json();
  Json owners = json::array_or_empty(json::find(value, {"metadata", "ownerReferences"}));
  for (Json& o : owners) o["blockOwnerDeletion"] = false;
  auto patched = client().patch(node.gvr, node.ns, node.name, api::PatchType::kMerge,
                                metadata_patch(live->meta(), "ownerReferences", std::move(owners)));
  if (!patched) return patched.error();
  return {};
}

Status GarbageCollector::drop_finalizer(const GcNode& node, std::string_view finalizer) {
  auto live = client().get(node.gvr, node.ns, node.name);
  if (!live) return live.error().is(Reason::kNotFound) ? Status() : Status(live.error());
  if ((*live)->meta().uid != node.uid) return {};
  Json value = (*live)->json(), rest = Json::array();
  if (!has_finalizer(value, finalizer)) return {};
  for (auto& f : json::array_or_empty(json::find(value, {"metadata", "finalizers"})))
    if (f != finalizer) rest.push_back(f);
  Json list = rest.empty() ? Json() : std::move(rest);
  auto patched = client().patch(node.gvr, node.ns, node.name, api::PatchType::kMerge,
                                metadata_patch((*live)->meta(), "finalizers", std::move(list)));
  if (!patched && !patched.error().is(Reason::kNotFound)) return patched.error();
  return {};
}

Status GarbageCollector::remove(const GcNode& node, const api::ObjectPtr& live, bool foreground) {
  api::Options options;
  options.precondition_uid = node.uid;
  options.propagation_policy = foreground ? "Foreground" : "Background";
  if (!foreground && live->meta().has_finalizers) {
    Json value = live->json();
    if (has_finalizer(value, kOrphan)) options.propagation_policy = "Orphan";
    else if (has_finalizer(value, kForeground)) options.propagation_policy = "Foreground";
  }
  // Should it have got other owners meanwhile, its revision has changed.
  if (!foreground) options.precondition_revision = std::to_string(live->meta().revision);
  LOG_DEBUG("garbage-collector", "deleting " << node.gvr.group_resource() << " " << live->key() << ": its owners are gone");
  return ignore_not_found(client().remove(node.gvr, node.ns, node.name, std::move(options)));
}

}  // namespace skerry::controllers
