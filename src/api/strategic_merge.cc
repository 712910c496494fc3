#include "api/strategic_merge.h"

#include <algorithm>

namespace skerry::api {
namespace {

constexpr const char* kDirective = "$patch";
constexpr const char* kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList/";
constexpr std::string_view kSetOrder = "$setElementOrder/";

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

bool is_directive(std::string_view key) {
  return key == kDirective || key == kRetainKeys || key.starts_with(kDeleteFrom) || key.starts_with(kSetOrder);
}

// What the tables say about one field; for unknown fields lists are atomic and objects merge.
struct FieldFacts {
  const Type* type = nullptr;  // of the object, or of each element
  bool merge_list = false;
  std::string_view merge_key;
};

FieldFacts facts_of(const Type* type, std::string_view key) {
  FieldFacts facts;
  const Field* field = type != nullptr ? type->find(key) : nullptr;
  if (field == nullptr) return facts;
  if (field->kind == ValueKind::kStruct && (field->shape == Shape::kOne || field->shape == Shape::kList)) facts.type = field->type;
  facts.merge_key = field->extra->merge_key;
  facts.merge_list = field->shape == Shape::kList && (field->patch & kPatchMerge) != 0;
  return facts;
}

// Removes what only means something to the merge from a value that becomes part of the document as it is.
void strip(Json& value) {
  if (value.is_object()) {
    for (auto it = value.begin(); it != value.end();) {
      if (is_directive(it.key()) || it->is_null()) it = value.erase(it);
      else {
        strip(*it);
        ++it;
      }
    }
  } else if (value.is_array()) {
    Json kept = Json::array();
    for (auto& element : value) {
      if (element.is_object() && element.contains(kDirective) && element[kDirective] != "merge") continue;
      strip(element);
      kept.push_back(std::move(element));
    }
    value = std::move(kept);
  }
}

Result<Json> merge_object(const Type* type, Json document, const Json& patch);

// The place of `value` in `order`, or -1. Elements with a key are compared by it.
std::ptrdiff_t place_in(const Json& order, const Json& value, std::string_view key) {
  for (size_t i = 0; i < order.size(); ++i) {
    const Json& o = order[i];
    if (key.empty() ? o == value : json::find(o, key) == json::find(value, key)) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

// Elements named in `order` take the order given there; the others keep their place relative to the element of the
// document that stood before them.
void set_order(Json& list, const Json& order, const Json& before, std::string_view key) {
  if (!order.is_array() || order.empty()) return;
  std::vector<std::pair<std::ptrdiff_t, Json>> ordered;
  std::vector<Json> others;  // only the server knows them
  for (auto& element : list) {
    std::ptrdiff_t at = place_in(order, element, key);
    if (at >= 0) ordered.emplace_back(at, std::move(element));
    else others.push_back(std::move(element));
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json out = Json::array();
  size_t o = 0;
  auto old_place = [&](const Json& v) { return place_in(before, v, key); };
  for (auto& [at, element] : ordered) {
    std::ptrdiff_t here = old_place(element);
    while (o < others.size() && here >= 0 && old_place(others[o]) >= 0 && old_place(others[o]) < here) out.push_back(std::move(others[o++]));
    out.push_back(std::move(element));
  }
  while (o < others.size()) out.push_back(std::move(others[o++]));
  list = std::move(out);
}

Json merge_primitives(Json document, const Json& patch) {
  if (!document.is_array()) document = Json::array();
  for (const auto& value : patch)
    if (std::find(document.begin(), document.end(), value) == document.end()) document.push_back(value);
  return document;
}

Result<Json> merge_list(const FieldFacts& facts, Json document, const Json& patch) {
  if (!document.is_array()) document = Json::array();
  bool primitives = facts.merge_key.empty();
  for (const auto& p : patch) primitives = primitives || !p.is_object();
  if (primitives) return merge_primitives(std::move(document), patch);

  // A "replace" directive anywhere in the list: the other elements are the new list.
  for (const auto& p : patch)
    if (json::str(p, kDirective) == "replace") {
      Json out = patch;
      strip(out);
      return out;
    }
  for (const auto& p : patch) {
    std::string directive = json::str(p, kDirective);
    const Json& key = json::find(p, facts.merge_key);
    if (!directive.empty() && directive != "delete" && directive != "merge") return bad("unknown patch type: " + directive);
    if (key.is_null())
      return bad("map: " + json::dump(p) + " does not contain declared merge key: " + std::string(facts.merge_key));
    auto same = [&](const Json& d) { return json::find(d, facts.merge_key) == key; };
    if (directive == "delete") {
      document.erase(std::remove_if(document.begin(), document.end(), same), document.end());
      continue;
    }
    auto it = std::find_if(document.begin(), document.end(), same);
    if (it != document.end()) {
      *it = TRY(merge_object(facts.type, std::move(*it), p));
    } else {
      document.push_back(TRY(merge_object(facts.type, Json::object(), p)));
    }
  }
  return document;
}

Result<Json> merge_object(const Type* type, Json document, const Json& patch) {
  if (const Json& directive = json::find(patch, kDirective); !directive.is_null()) {
    if (directive == "replace") {
      Json out = patch;
      strip(out);
      return out;
    }
    if (directive == "delete") return Json::object();
    if (directive != "merge") return bad("unknown patch type: " + json::dump(directive));
  }
  if (!document.is_object()) document = Json::object();
  if (const Json& keys = json::find(patch, kRetainKeys); keys.is_array()) {
    Json kept = Json::object();
    for (const auto& key : keys)
      if (key.is_string() && document.contains(key.get_ref<const std::string&>()))
        kept[key.get_ref<const std::string&>()] = std::move(document[key.get_ref<const std::string&>()]);
    document = std::move(kept);
  }
  const Json before = document;  // for the order of lists
  for (const auto& entry : patch.items()) {
    const std::string& key = entry.key();
    const Json& value = entry.value();
    if (!key.starts_with(kDeleteFrom)) continue;
    std::string name = key.substr(kDeleteFrom.size());
    if (!value.is_array()) return bad("invalid value for " + key + ": not a list");
    if (auto it = document.find(name); it != document.end() && it->is_array())
      it->erase(std::remove_if(it->begin(), it->end(),
                               [&](const Json& v) { return std::find(value.begin(), value.end(), v) != value.end(); }),
                it->end());
  }
  for (const auto& [key, value] : patch.items()) {
    if (is_directive(key)) continue;
    if (value.is_null()) {
      document.erase(key);
      continue;
    }
    FieldFacts facts = facts_of(type, key);
    auto it = document.find(key);
    if (value.is_object()) {
      Json base = it != document.end() && it->is_object() ? std::move(*it) : Json::object();
      if (json::find(value, kDirective) == "delete") {
        document.erase(key);
        continue;
      }
      document[key] = TRY(merge_object(facts.type, std::move(base), value));
    } else if (value.is_array() && facts.merge_list) {
      document[key] = TRY(merge_list(facts, it != document.end() ? std::move(*it) : Json(), value));
    } else {
      Json replacement = value;
      strip(replacement);
      document[key] = std::move(replacement);
    }
  }
  for (const auto& [key, value] : patch.items()) {
    if (!std::string_view(key).starts_with(kSetOrder)) continue;
    std::string name = key.substr(kSetOrder.size());
    if (!value.is_array()) return bad("invalid value for " + key + ": not a list");
    if (auto it = document.find(name); it != document.end() && it->is_array())
      set_order(*it, value, json::array_or_empty(json::find(before, name)), facts_of(type, name).merge_key);
  }
  return document;
}

}  // namespace

Result<Json> apply_strategic_merge(const Type* type, const Json& document, const Json& patch) {
  if (type == nullptr)
    return Error(Reason::kUnsupportedMediaType,
                 "the body of the request was in an unknown format - accepted media types include: "
                 "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
  if (!patch.is_object()) return bad("a strategic merge patch must be a JSON object");
  return merge_object(type, document, patch);
}

}  // namespace skerry::api
