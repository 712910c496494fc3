// The client-side apply of one object that exists: the three-way patch, its sending and the retries.
#pragma once

#include <functional>

#include "api/type.h"
#include "base/result.h"
#include "json/json.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"

namespace skerry::kubectl {

struct ApplyPatch {
  std::string body{};  // "{}": nothing to do
  PatchKind kind = PatchKind::kMerge;
};
// From what was meant before, what is meant now, and what there is.
ApplyPatch make_patch(const Mapping& mapping, const Json& original, const Json& modified, const Json& current);
// `original` is what `current` remembers as applied last.
ApplyPatch make_apply_patch(const Mapping& mapping, const Json& modified, const Json& current);

struct ApplyResult {
  Json object{};
  bool changed = false;
};
struct PatchOptions {
  WriteOptions write{};
  bool force = false;  // delete and create anew where the patch is refused as conflicting or invalid
  bool overwrite = true;  // false: what others changed is not changed back; that is an error
  Json delete_options{};
  std::function<void(const std::string&)> warn{};  // whole lines; may be empty
};
// What of a strategic merge patch contradicts `changes`, another one for the same kind: a value that both set, differently.
bool patches_conflict(const api::Type* type, const Json& patch, const Json& changes);

// The patch applied here, for --dry-run=client.
Result<Json> patch_locally(const Mapping& mapping, const ApplyPatch& patch, const Json& current);
// Which object a message is about: its resource, kind, name and namespace, in two lines.
std::string describe_target(const Item& item);

// Retries conflicts with the newest object. Errors name patch, object and source as kubectl does.
Result<ApplyResult> patch_existing(Objects& objects, const Item& item, const Json& modified, Json current, const PatchOptions& options);

}  // namespace skerry::kubectl
