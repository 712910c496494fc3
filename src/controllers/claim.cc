#include "controllers/claim.h"

#include "controllers/object_util.h"

namespace skerry::controllers {

Claim decide_claim(const api::Meta& owner, const api::LabelSelector& selector, const api::Meta& child) {
  const bool matches = selector.matches(child.labels);
  if (const api::OwnerReference* controller = child.controller()) {
    if (controller->uid != owner.uid) return Claim::kIgnore;
    if (matches) return Claim::kKeep;
    return owner.deleting || child.deleting ? Claim::kIgnore : Claim::kRelease;
  }
  if (owner.deleting || child.deleting || !matches) return Claim::kIgnore;
  return Claim::kAdopt;
}

Result<std::vector<api::ObjectPtr>> claim(client::Client& client, const Claimant& claimant, const api::Gvr& child_gvr,
                                          const std::vector<api::ObjectPtr>& candidates) {
  const api::Meta& owner = claimant.object.meta();
  std::vector<api::ObjectPtr> owned;
  bool owner_checked = false;
  for (auto& child : candidates) {
    const api::Meta& meta = child->meta();
    if (meta.ns != owner.ns) continue;
    switch (decide_claim(owner, claimant.selector, meta)) {
      case Claim::kIgnore: break;
      case Claim::kKeep: owned.push_back(child); break;
      case Claim::kAdopt: {
        if (!owner_checked) {
          api::ObjectPtr live = TRY(client.get(claimant.gvr, owner.ns, owner.name));
          if (live->meta().uid != owner.uid || live->meta().deleting)
            return Error(Reason::kConflict, "the owner " + owner.name + " is gone or has just been deleted, will not adopt");
          owner_checked = true;
        }
        Json reference = controller_reference(claimant.gvr.api_version(), claimant.kind, owner);
        Json patch = {{"metadata", {{"ownerReferences", Json::array({reference})}, {"uid", meta.uid}}}};
        auto patched = client.patch(child_gvr, meta.ns, meta.name, api::PatchType::kStrategic, std::move(patch));
        if (patched) owned.push_back(child);
        else if (!patched.error().is(Reason::kNotFound)) return patched.error();
        break;
      }
      case Claim::kRelease: {
        Json patch = {{"metadata",
                       {{"ownerReferences", Json::array({{{"$patch", "delete"}, {"uid", owner.uid}}})}, {"uid", meta.uid}}}};
        auto patched = client.patch(child_gvr, meta.ns, meta.name, api::PatchType::kStrategic, std::move(patch));
        // Gone, or no longer ours: either way released.
        if (!patched && !patched.error().is(Reason::kNotFound) && !patched.error().is(Reason::kInvalid) &&
            !patched.error().is(Reason::kConflict))
          return patched.error();
        break;
      }
    }
  }
  return owned;
}

}  // namespace skerry::controllers
