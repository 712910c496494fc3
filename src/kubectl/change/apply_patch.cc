#include "kubectl/change/apply_patch.h"

#include <thread>

#include "api/strategic_diff.h"
#include "api/strategic_merge.h"
#include "json/patch.h"
#include "kubectl/builtin_type.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/change/wait_gone.h"
#include "kubectl/session.h"
#include "output/json_text.h"

namespace skerry::kubectl {

namespace {

constexpr int kMaxAttempts = 5;

}  // namespace

std::string describe_target(const Item& item) {
  auto& m = item.mapping;
  return "Resource: \"" + m.group + "/" + m.version + ", Resource=" + m.resource + "\", GroupVersionKind: \"" + m.group + "/" + m.version +
         ", Kind=" + m.kind + "\"\nName: \"" + item.name + "\", Namespace: \"" + item.ns + "\"";
}

namespace {

Error explain(Error e, const std::string& patch, const Item& item) {
  e.message = "error when applying patch:\n" + patch + "\nto:\n" + describe_target(item) + "\nfor: \"" + item.source + "\": error when patching \"" +
              item.source + "\": " + e.message;
  return e;
}

}  // namespace

ApplyPatch make_apply_patch(const Mapping& mapping, const Json& modified, const Json& current) {
  return make_patch(mapping, last_applied_of(current), modified, current);
}

ApplyPatch make_patch(const Mapping& mapping, const Json& original, const Json& modified, const Json& current) {
  ApplyPatch out;
  if (const api::Type* type = builtin_type(mapping)) {
    out.kind = PatchKind::kStrategic;
    out.body = output::dump_json(api::three_way_strategic_patch(*type, original, modified, current), -1);
  } else {
    out.body = output::dump_json(api::three_way_merge_patch(original, modified, current), -1);
  }
  return out;
}

Result<Json> patch_locally(const Mapping& mapping, const ApplyPatch& patch, const Json& current) {
  auto body = TRY(json::parse_json(patch.body));
  if (patch.kind == PatchKind::kStrategic) return api::apply_strategic_merge(builtin_type(mapping), current, body);
  return json::apply_merge_patch(current, body);
}

Result<ApplyResult> patch_existing(Objects& objects, const Item& item, const Json& modified, Json current, const PatchOptions& options) {
  for (int attempt = 1;; ++attempt) {
    auto patch = make_apply_patch(item.mapping, modified, current);
    if (patch.body == "{}") return ApplyResult{std::move(current), false};
    auto answer = objects.patch(item.mapping, item.ns, item.name, patch.kind, patch.body, options.write);
    if (answer) {
      return ApplyResult{std::move(*answer), true};
    }
    const Error& e = answer.error();
    if (e.is(Reason::kConflict) && attempt < kMaxAttempts) {
      current = TRY(objects.get(item.mapping, item.ns, item.name));
      continue;
    }
    if (options.force && (e.is(Reason::kConflict) || e.is(Reason::kInvalid))) {
      TRY(objects.remove(item.mapping, item.ns, item.name, options.delete_options));
      TRY(wait_until_gone(objects, item, json::str(current, {"metadata", "uid"}), std::chrono::seconds(0)));
      auto created = objects.create(item.mapping, item.ns, modified, options.write);
      if (!created) return explain(created.error(), patch.body, item);
      return ApplyResult{std::move(*created), true};
    }
    return explain(e, patch.body, item);
  }
}

}  // namespace skerry::kubectl
