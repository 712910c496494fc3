#include "kubectl/change/apply_patch.h"

#include <thread>

#include "api/strategic_diff.h"
#include "api/strategic_merge.h"
#include "base/strings.h"
#include "json/patch.h"
#include "json/yaml.h"
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

namespace {

// The patch from one object to another leaves out what only apply needs.
Json without_directives(const Json& patch) {
  if (patch.is_array()) {
    Json out = Json::array();
    for (auto& e : patch) out.push_back(without_directives(e));
    return out;
  }
  if (!patch.is_object()) return patch;
  Json out = Json::object();
  for (auto& [name, value] : patch.items())
    if (!starts_with(name, "$setElementOrder/")) out[name] = without_directives(value);
  return out;
}

bool lists_conflict(const api::Field* field, const Json& a, const Json& b) {
  if (field && field->shape == api::Shape::kList && (field->patch & api::kPatchMerge)) {
    if (field->kind != api::ValueKind::kStruct) return false;
    std::string key(field->extra->merge_key);
    for (auto& x : a)
      for (auto& y : b)
        if (x.is_object() && y.is_object() && x.contains(key) && y.contains(key) && x[key] == y[key] && patches_conflict(field->type, x, y)) return true;
    return false;
  }
  return a != b;
}

// With --overwrite=false: the error that stands in the way, or none.
Status refuse_overwriting(const Item& item, const Json& modified, const Json& current, const Json& patch, const PatchOptions& options) {
  const api::Type* type = builtin_type(item.mapping);
  if (options.overwrite || !type) return {};
  Json original = last_applied_of(current);
  Json changes = without_directives(api::three_way_strategic_patch(*type, original, current, original.is_null() ? Json::object() : original));
  if (!patches_conflict(type, patch, changes)) return {};
  std::string conflict = "patch:\n" + json::dump_yaml(patch) + "\nconflicts with changes made from original to current:\n" + json::dump_yaml(changes);
  if (options.warn) options.warn("warning: error calculating patch from openapi v3 spec: " + conflict + "\n\n");
  return plain_error("creating patch with:\noriginal:\n" + json::str(current, {"metadata", "annotations", kLastApplied}) + "\nmodified:\n" + output::dump_json(modified, -1) +
                     "\n\ncurrent:\n" + output::dump_json(current, -1) + "\n\nfor: " + conflict);
}

}  // namespace

bool patches_conflict(const api::Type* type, const Json& a, const Json& b) {
  if (a.is_object() != b.is_object() || a.is_array() != b.is_array()) return true;
  if (!a.is_object()) return a != b;
  if (a.value("$patch", "") != b.value("$patch", "")) return true;
  for (auto& [name, x] : a.items()) {
    auto other = b.find(name);
    if (other == b.end() || starts_with(name, "$")) continue;
    const api::Field* field = type ? type->find(name) : nullptr;
    const Json& y = *other;
    bool conflict = x.is_array() && y.is_array() ? lists_conflict(field, x, y)
                                                  : patches_conflict(field && field->kind == api::ValueKind::kStruct && field->shape == api::Shape::kOne ? field->type : nullptr, x, y);
    if (conflict) return true;
  }
  return false;
}

Result<ApplyResult> patch_existing(Objects& objects, const Item& item, const Json& modified, Json current, const PatchOptions& options) {
  for (int attempt = 1;; ++attempt) {
    auto patch = make_apply_patch(item.mapping, modified, current);
    if (patch.body == "{}") return ApplyResult{std::move(current), false};
    if (!options.overwrite) {
      Json body = TRY(json::parse_json(patch.body));
      if (auto status = refuse_overwriting(item, modified, current, body, options); !status) return explain(status.error(), "", item);
    }
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
