#include "api/strategic_diff.h"

#include <algorithm>

#include "json/patch.h"

namespace skerry::api {
namespace {

const Json kNull = nullptr;

const Json& member(const Json& object, const std::string& key) {
  if (!object.is_object()) return kNull;
  auto it = object.find(key);
  return it == object.end() ? kNull : *it;
}

Json diff_objects(const Type* type, const Json& original, const Json& modified, const Json& current);

// The element of `list` whose `key` is `value`, or null.
const Json& keyed(const Json& list, const std::string& key, const Json& value) {
  for (auto& e : json::array_or_empty(list))
    if (e.is_object() && member(e, key) == value) return e;
  return kNull;
}

bool contains(const Json& list, const Json& value) {
  auto& items = json::array_or_empty(list);
  return std::find(items.begin(), items.end(), value) != items.end();
}

// Does `current` have the elements of `modified` in the same order? `id` names an element.
template <class Id>
bool same_order(const Json& modified, const Json& current, Id id) {
  size_t at = 0;
  for (auto& m : modified) {
    while (at < current.size() && id(current[at]) != id(m)) ++at;
    if (at++ >= current.size()) return false;
  }
  return true;
}

// Lists merged by key: changed and new elements, deletions, and the order when it matters.
void diff_keyed_list(Json& patch, const std::string& name, const Field& field, const Json& original, const Json& modified, const Json& current) {
  std::string key(field.extra->merge_key);
  Json changes = Json::array(), order = Json::array();
  for (auto& m : modified) {
    const Json& id = member(m, key);
    Json only_key = {{key, id}};
    order.push_back(only_key);
    const Json& c = keyed(current, key, id);
    if (c.is_null()) {
      changes.push_back(m);
      continue;
    }
    Json change = diff_objects(field.type, keyed(original, key, id), m, c);
    if (change.empty()) continue;
    change[key] = id;
    changes.push_back(std::move(change));
  }
  bool deletions = false;
  for (auto& o : json::array_or_empty(original)) {
    const Json& id = member(o, key);
    if (id.is_null() || !keyed(modified, key, id).is_null()) continue;
    changes.push_back({{"$patch", "delete"}, {key, id}});
    deletions = true;
  }
  bool ordered = same_order(modified, current, [&](const Json& e) { return member(e, key); });
  if (changes.empty() && ordered) return;
  if (!changes.empty()) patch[name] = std::move(changes);
  if (!order.empty() || deletions) patch["$setElementOrder/" + name] = std::move(order);
}

void diff_set(Json& patch, const std::string& name, const Json& original, const Json& modified, const Json& current) {
  Json added = Json::array(), removed = Json::array();
  for (auto& m : modified)
    if (!contains(current, m)) added.push_back(m);
  for (auto& o : json::array_or_empty(original))
    if (!contains(modified, o)) removed.push_back(o);
  if (added.empty() && removed.empty()) return;
  patch["$setElementOrder/" + name] = modified;
  if (!added.empty()) patch[name] = std::move(added);
  if (!removed.empty()) patch["$deleteFromPrimitiveList/" + name] = std::move(removed);
}

// `current` is no null.
void diff_member(Json& patch, const std::string& name, const Type* type, const Json& original, const Json& modified, const Json& current) {
  const Field* field = type ? type->find(name) : nullptr;
  if (modified.is_object() && current.is_object()) {
    const Type* below = field && field->kind == ValueKind::kStruct && field->shape == Shape::kOne ? field->type : nullptr;
    Json change = diff_objects(below, original, modified, current);
    if (change.empty()) return;
    if (field && (field->patch & kPatchRetainKeys)) {
      Json keep = Json::array();
      for (auto& [k, v] : modified.items())
        if (!v.is_null()) keep.push_back(k);
      change["$retainKeys"] = std::move(keep);
    }
    patch[name] = std::move(change);
    return;
  }
  if (modified.is_array() && current.is_array() && field && field->shape == Shape::kList && (field->patch & kPatchMerge)) {
    if (field->kind != ValueKind::kStruct) return diff_set(patch, name, original, modified, current);
    std::string key(field->extra->merge_key);
    bool all_keyed = !key.empty() && std::all_of(modified.begin(), modified.end(), [&](const Json& e) { return !member(e, key).is_null(); });
    if (all_keyed) return diff_keyed_list(patch, name, *field, original, modified, current);
  }
  if (modified != current) patch[name] = modified;
}

Json diff_objects(const Type* type, const Json& original, const Json& modified, const Json& current) {
  Json patch = Json::object();
  for (auto& [name, value] : json::object_or_empty(modified).items()) {
    if (value.is_null()) continue;
    const Json& c = member(current, name);
    if (c.is_null()) patch[name] = value;
    else diff_member(patch, name, type, member(original, name), value, c);
  }
  for (auto& [name, value] : json::object_or_empty(original).items())
    if (member(modified, name).is_null() && !value.is_null()) patch[name] = nullptr;
  return patch;
}

// What of a merge patch is a change (nulls are deletions), or what is a deletion.
Json part_of(const Json& patch, bool deletions) {
  Json out = Json::object();
  for (auto& [name, value] : patch.items()) {
    if (value.is_null()) {
      if (deletions) out[name] = nullptr;
    } else if (value.is_object()) {
      Json below = part_of(value, deletions);
      if (!below.empty() || (!deletions && value.empty())) out[name] = std::move(below);
    } else if (!deletions) {
      out[name] = value;
    }
  }
  return out;
}

void merge_into(Json& into, const Json& from) {
  for (auto& [name, value] : from.items()) {
    if (value.is_object() && into.contains(name) && into[name].is_object()) merge_into(into[name], value);
    else into[name] = value;
  }
}

}  // namespace

Json three_way_strategic_patch(const Type& type, const Json& original, const Json& modified, const Json& current) {
  return diff_objects(&type, original, modified, current);
}

Json three_way_merge_patch(const Json& original, const Json& modified, const Json& current) {
  Json changes = part_of(json::make_merge_patch(current, modified), false);
  if (!original.is_object()) return changes;
  Json deletions = part_of(json::make_merge_patch(original, modified), true);
  merge_into(deletions, changes);
  return deletions;
}

}  // namespace skerry::api
