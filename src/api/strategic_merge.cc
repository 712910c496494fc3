#include "api/strategic_merge.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

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

// What an element is known by, as text: its key, or itself where there is none. Equal values give equal texts: 80 and 80.0 are one.
std::string name_of(const Json& element, std::string_view key) {
  const Json& value = key.empty() ? element : json::find(element, key);
  if (value.is_number_float())
    if (double d = value.get<double>(); d >= -9e15 && d <= 9e15 && d == static_cast<double>(static_cast<int64_t>(d))) return std::to_string(static_cast<int64_t>(d));
  return json::dump(value);
}

// Where each element of a list is first. Lists of requests may be long: looking through them for every element would let a request of some
// megabytes keep the server busy for an hour.
class Places {
 public:
  Places(const Json& list, std::string_view key) : key_(key) {
    if (!list.is_array()) return;
    for (size_t i = 0; i < list.size(); ++i) first_.emplace(name_of(list[i], key), static_cast<std::ptrdiff_t>(i));
  }
  std::ptrdiff_t of(const Json& element) const {  // -1: nowhere
    auto it = first_.find(name_of(element, key_));
    return it == first_.end() ? -1 : it->second;
  }

 private:
  std::string_view key_;
  std::unordered_map<std::string, std::ptrdiff_t> first_;
};

// Elements named in `order` take the order given there; the others keep their place relative to the element of the
// document that stood before them.
void set_order(Json& list, const Json& order, const Json& before, std::string_view key) {
  if (!order.is_array() || order.empty()) return;
  std::vector<std::pair<std::ptrdiff_t, Json>> ordered;
  std::vector<Json> others;  // only the server knows them
  const Places wanted(order, key), old(before, key);
  for (auto& element : list) {
    std::ptrdiff_t at = wanted.of(element);
    if (at >= 0) ordered.emplace_back(at, std::move(element));
    else others.push_back(std::move(element));
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json out = Json::array();
  size_t o = 0;
  auto old_place = [&](const Json& v) { return old.of(v); };
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
  std::unordered_set<std::string> there;
  for (const auto& value : document) there.insert(name_of(value, ""));
  for (const auto& value : patch)
    if (there.insert(name_of(value, "")).second) document.push_back(value);
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
  std::unordered_map<std::string, std::vector<size_t>> places;  // of the elements by name; what is deleted leaves a gap until the end
  std::vector<bool> deleted(document.size());
  for (size_t i = 0; i < document.size(); ++i) places[name_of(document[i], facts.merge_key)].push_back(i);
  for (const auto& p : patch) {
    std::string directive = json::str(p, kDirective);
    const Json& key = json::find(p, facts.merge_key);
    if (!directive.empty() && directive != "delete" && directive != "merge") return bad("unknown patch type: " + directive);
    if (key.is_null())
      return bad("map: " + json::dump(p) + " does not contain declared merge key: " + std::string(facts.merge_key));
    std::vector<size_t>& same = places[name_of(p, facts.merge_key)];
    if (directive == "delete") {
      for (size_t i : same) deleted[i] = true;
      same.clear();
      continue;
    }
    if (!same.empty()) {
      Json& element = document[same.front()];
      element = TRY(merge_object(facts.type, std::move(element), p));
    } else {
      same.push_back(document.size());
      document.push_back(TRY(merge_object(facts.type, Json::object(), p)));
      deleted.push_back(false);
    }
  }
  if (std::find(deleted.begin(), deleted.end(), true) == deleted.end()) return document;
  Json kept = Json::array();
  for (size_t i = 0; i < document.size(); ++i)
    if (!deleted[i]) kept.push_back(std::move(document[i]));
  return kept;
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
    const Places unwanted(value, "");
    if (auto it = document.find(name); it != document.end() && it->is_array())
      it->erase(std::remove_if(it->begin(), it->end(), [&](const Json& v) { return unwanted.of(v) >= 0; }),
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
