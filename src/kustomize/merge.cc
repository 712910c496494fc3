#include "kustomize/merge.h"

#include <algorithm>
#include <optional>
#include <set>

#include "api/type.h"
#include "base/strings.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {
namespace {

using api::Type;
using Merged = std::optional<Node>;  // nothing: the field or element goes away

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

bool missing(const Node* n) { return n == nullptr || n->is_null(); }

std::string_view kind_name(const Node& n) { return n.is_map() ? "MappingNode" : n.is_list() ? "SequenceNode" : "ScalarNode"; }

// ---- what the schema says ----------------------------------------------------------------------------------

// API groups and versions of Kubernetes 1.21. Older versions of a kind are looked up as the version beside them.
struct Known {
  std::string_view api_version;
  std::string_view type_prefix;
};
constexpr Known kKnown[] = {
    {"v1", "core/v1"}, {"apps/v1", "apps/v1"}, {"batch/v1", "batch/v1"}, {"batch/v1beta1", "batch/v1"},
    {"autoscaling/v1", "autoscaling/v1"}, {"autoscaling/v2beta1", "autoscaling/v2"}, {"autoscaling/v2beta2", "autoscaling/v2"},
    {"networking.k8s.io/v1", "networking/v1"}, {"networking.k8s.io/v1beta1", "networking/v1"}, {"extensions/v1beta1", "networking/v1"},
    {"policy/v1", "policy/v1"}, {"policy/v1beta1", "policy/v1"}, {"rbac.authorization.k8s.io/v1", "rbac/v1"},
    {"rbac.authorization.k8s.io/v1beta1", "rbac/v1"}, {"storage.k8s.io/v1", "storage/v1"}, {"storage.k8s.io/v1beta1", "storage/v1"},
    {"scheduling.k8s.io/v1", "scheduling/v1"}, {"scheduling.k8s.io/v1beta1", "scheduling/v1"}, {"coordination.k8s.io/v1", "coordination/v1"},
    {"discovery.k8s.io/v1", "discovery/v1"}, {"discovery.k8s.io/v1beta1", "discovery/v1"}, {"events.k8s.io/v1", "events/v1"},
    {"node.k8s.io/v1", "node/v1"}, {"certificates.k8s.io/v1", "certificates/v1"}, {"certificates.k8s.io/v1beta1", "certificates/v1"},
    {"admissionregistration.k8s.io/v1", "admissionregistration/v1"}, {"admissionregistration.k8s.io/v1beta1", "admissionregistration/v1"},
    {"flowcontrol.apiserver.k8s.io/v1beta1", "flowcontrol/v1"},
};

// Lists with a merge key that came after 1.21.
bool is_newer_list(const Type& owner, std::string_view field) { return owner.short_name() == "PodSpec" && (field == "schedulingGates" || field == "resourceClaims"); }

// What is known of a map: one of our types, or a schema of a document that was given.
struct Schema {
  const Type* type = nullptr;
  const Json* json = nullptr;      // {properties, ...}
  const Json* openapi = nullptr;   // the document, whose definitions are referred to
  bool known() const { return type != nullptr || json != nullptr; }
};

const Json* definition_of(const Json& openapi, const std::string& api_version, const std::string& kind) {
  Gvk wanted = parse_api_version(api_version);
  for (const auto& [name, definition] : json::object_or_empty(json::find(openapi, "definitions")).items())
    for (const auto& gvk : json::array_or_empty(json::find(definition, "x-kubernetes-group-version-kind")))
      if (json::str(gvk, "kind") == kind && json::str(gvk, "group") == wanted.group && json::str(gvk, "version") == wanted.version) return &definition;
  return nullptr;
}

Schema schema_of(const Node* a, const Node* b, const Json* openapi) {
  Schema out;
  out.openapi = openapi;
  for (const Node* n : {a, b}) {
    if (n == nullptr || !n->is_map()) continue;
    std::string api_version = n->text({"apiVersion"}), kind = n->text({"kind"});
    if (api_version.empty() || kind.empty()) continue;
    if (openapi != nullptr) {
      out.json = definition_of(*openapi, api_version, kind);
      if (out.json != nullptr) return out;
      continue;
    }
    for (const auto& known : kKnown) {
      if (known.api_version != api_version) continue;
      // Kinds that came to their group after 1.21.
      if (kind.starts_with("ValidatingAdmissionPolicy") || kind.starts_with("MutatingAdmissionPolicy")) continue;
      out.type = api::find_type(std::string(known.type_prefix) + "." + kind);
      if (out.type != nullptr) return out;
    }
  }
  return out;
}

struct Facts {
  Schema schema;        // of the map, or of each element of the list
  bool merges = false;  // a list whose elements are paired
  std::vector<std::string> keys;
};

const Json* follow_ref(const Json* openapi, const Json* schema) {
  for (int i = 0; i < 20; ++i) {
    std::string ref = json::str(*schema, "$ref");
    if (!ref.starts_with("#/definitions/")) return schema;
    schema = &json::find(*openapi, {"definitions", ref.substr(14)});
  }
  return schema;
}

Facts facts_of_json(const Schema& owner, std::string_view name) {
  Facts out;
  out.schema.openapi = owner.openapi;
  const Json& field = json::find(*owner.json, {"properties", name});
  if (!field.is_object()) return out;
  const Json& items = json::find(field, "items");
  out.schema.json = follow_ref(owner.openapi, items.is_object() ? &items : &field);
  out.merges = json::str(field, "x-kubernetes-patch-strategy").find("merge") != std::string::npos;
  for (const auto& key : json::array_or_empty(json::find(field, "x-kubernetes-list-map-keys")))
    if (key.is_string()) out.keys.push_back(key.get<std::string>());
  if (std::string key = json::str(field, "x-kubernetes-patch-merge-key"); out.keys.empty() && !key.empty()) out.keys.push_back(key);
  return out;
}

Facts facts_of(const Schema& owner, std::string_view name) {
  if (owner.json != nullptr) return facts_of_json(owner, name);
  const Type* type = owner.type;
  Facts out;
  out.schema.openapi = owner.openapi;
  const api::Field* field = type != nullptr ? type->find(name) : nullptr;
  if (field == nullptr) return out;
  if (field->kind == api::ValueKind::kStruct && (field->shape == api::Shape::kOne || field->shape == api::Shape::kList)) out.schema.type = field->type;
  out.merges = field->shape == api::Shape::kList && (field->patch & api::kPatchMerge) != 0 && !is_newer_list(*type, name);
  for (auto key : field->extra->list_keys) out.keys.emplace_back(key);
  if (out.keys.empty() && !field->extra->merge_key.empty()) out.keys.emplace_back(field->extra->merge_key);
  return out;
}

// ---- directives --------------------------------------------------------------------------------------------

enum class Directive : uint8_t { kMerge, kReplace, kDelete };

Result<Directive> directive_named(const std::string& name) {
  if (name == "merge") return Directive::kMerge;
  if (name == "replace") return Directive::kReplace;
  if (name == "delete") return Directive::kDelete;
  return bad("unknown patch strategy '" + name + "'");
}

// Of a map, taken out of it.
Result<Directive> take_directive(Node& patch) {
  const Node* d = patch.find("$patch");
  if (d == nullptr) return Directive::kMerge;
  Directive out = TRY(directive_named(d->value));
  patch.erase("$patch");
  return out;
}

// Of a list: an element that is nothing but the directive.
Result<Directive> take_list_directive(Node& patch) {
  for (auto it = patch.items.begin(); it != patch.items.end(); ++it) {
    if (!it->is_map() || it->fields.size() != 1 || it->fields[0].name != "$patch") continue;
    Directive out = TRY(directive_named(it->fields[0].value.value));
    std::string word = it->fields[0].value.value;
    std::erase_if(patch.items, [&](const Node& n) { return n.is_map() && n.fields.size() == 1 && n.fields[0].name == "$patch" && n.fields[0].value.value == word; });
    return out;
  }
  return Directive::kMerge;
}

// ---- merging -----------------------------------------------------------------------------------------------

Result<Merged> merge(const Node* object, const Node* patch, const Facts& facts, int depth);

Result<Merged> merge_map(const Node* object, const Node* patch_in, const Schema& schema, int depth) {
  if (missing(object)) {
    if (patch_in == nullptr) {
      if (object == nullptr || object->value.empty()) return Merged();
      return Merged(*object);  // a null that was written out stays
    }
    if (patch_in->is_null()) return Merged();
  } else if (patch_in != nullptr && patch_in->is_null()) {
    return Merged();
  }
  Node patch = patch_in != nullptr ? *patch_in : Node::map();
  Directive directive = TRY(take_directive(patch));
  if (directive == Directive::kDelete) return Merged();
  Node out = directive == Directive::kReplace || missing(object) ? Node::map() : *object;
  for (const auto& f : patch.fields) {
    const Node* old = out.find(f.name);
    Merged value = TRY(merge(old, &f.value, facts_of(schema, f.name), depth + 1));
    if (value) out.set(f.name, std::move(*value));
    else out.erase(f.name);
  }
  for (size_t i = 0; i < out.fields.size();) {  // fields only the object has are walked too: empty nulls go away
    if (patch.find(out.fields[i].name) != nullptr) {
      ++i;
      continue;
    }
    Merged value = TRY(merge(&out.fields[i].value, nullptr, facts_of(schema, out.fields[i].name), depth + 1));
    if (value) out.fields[i++].value = std::move(*value);
    else out.fields.erase(out.fields.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return Merged(std::move(out));
}

Node merge_primitives(const Node& object, const Node& patch) {
  Node out = Node::list();
  std::set<std::string> seen;
  for (const Node* from : {&patch, &object})
    for (const auto& item : from->items)
      if (seen.insert(item.value).second) out.items.push_back(item);
  return out;
}

std::string key_text(const Node& element, const std::string& key) {
  const Node* k = element.find(key);
  return k != nullptr ? k->value : "";
}

const Node* find_element(const Node& list, const std::string& key, const std::string& value) {
  for (const auto& item : list.items)
    if (item.is_map() && item.find(key) != nullptr && item.find(key)->value == value) return &item;
  return nullptr;
}
void remove_elements(Node& list, const std::string& key, const std::string* value) {
  std::erase_if(list.items, [&](const Node& n) { return n.is_map() && n.find(key) != nullptr && (value == nullptr || n.find(key)->value == *value); });
}

// One key: what the patch names comes first, in the patch's order, then the rest of the object's list.
Result<Merged> merge_by_key(Node object, const Node& patch, const std::string& key, const Facts& facts, int depth) {
  std::vector<std::string> values;
  std::set<std::string> seen;
  for (const Node* from : {static_cast<const Node*>(&patch), static_cast<const Node*>(&object)})
    for (const auto& item : from->items)
      if (std::string v = key_text(item, key); seen.insert(v).second) values.push_back(v);
  Facts element{facts.schema, false, {}};
  Node out = Node::list();
  auto put = [&](const std::string& value, const Node& n) {
    bool found = false;
    for (auto& item : out.items)
      if (key_text(item, key) == value) item = n, found = true;
    if (!found) out.items.push_back(n);
  };
  for (const auto& value : values) {
    if (value.empty()) {  // an element without its key takes every element with one away, as in kustomize
      remove_elements(object, key, nullptr);
      continue;
    }
    const Node* old = find_element(object, key, value);
    const Node* change = find_element(patch, key, value);
    bool replaces = change != nullptr && change->text({"$patch"}) == "replace";
    Merged merged = TRY(merge(old, change, element, depth + 1));
    if (!merged || (merged->is_map() && merged->fields.empty())) {
      remove_elements(object, key, &value);
      continue;
    }
    // "replace" in an element does not replace: the object's element is taken again below. kustomize does the same.
    if (old != nullptr && !replaces)
      for (auto& item : object.items)
        if (&item == old) item = *merged;
    put(value, *merged);
  }
  for (const auto& item : object.items) {
    std::string value = key_text(item, key);
    if (value.empty()) out.items.clear(), out.items.push_back(item);
    else put(value, item);
  }
  return Merged(std::move(out));
}

// Several keys (ports: number and protocol) where some element has the later ones. What is new comes first, then the
// object's list in its order. An element that leaves a later key out only pairs with one that does too, and is dropped
// where the other list tells the later key for the same first key.
Result<Merged> merge_by_keys(const Node& object, const Node& patch, const Facts& facts, int depth) {
  const std::string& first = facts.keys[0];
  auto rest = [&](const Node& n) {
    std::vector<std::string> out;
    for (size_t i = 1; i < facts.keys.size(); ++i) out.push_back(key_text(n, facts.keys[i]));
    return out;
  };
  auto has_rest = [&](const Node& n) {
    auto r = rest(n);
    return std::any_of(r.begin(), r.end(), [](const std::string& s) { return !s.empty(); });
  };
  auto same_first = [&](const Node& a, const Node& b) { return key_text(a, first) == key_text(b, first); };
  Facts element{facts.schema, false, {}};
  Node out = Node::list();
  Node kept = object;
  for (const auto& change : patch.items) {
    if (!change.is_map() || key_text(change, first).empty()) continue;
    bool told = has_rest(change);
    bool contradicted = false;
    for (const Node* list : {&object, &patch})
      for (const auto& other : list->items)
        if (same_first(other, change) && has_rest(other) != told && (list == &object || !told)) contradicted = true;
    if (contradicted) continue;
    auto it = std::find_if(kept.items.begin(), kept.items.end(), [&](const Node& n) { return same_first(n, change) && rest(n) == rest(change); });
    Merged merged = TRY(merge(it != kept.items.end() ? &*it : nullptr, &change, element, depth + 1));
    bool replaces = change.text({"$patch"}) == "replace";
    if (it == kept.items.end()) {
      if (merged) out.items.push_back(std::move(*merged));
    } else if (!merged) {
      kept.items.erase(it);
    } else if (!replaces) {
      *it = std::move(*merged);
    }
  }
  for (auto& item : kept.items) {
    Merged merged = TRY(merge(&item, nullptr, element, depth + 1));
    if (merged) out.items.push_back(std::move(*merged));
  }
  return Merged(std::move(out));
}

Result<Merged> merge_list(const Node* object, const Node* patch_in, const Facts& facts, int depth) {
  if (patch_in != nullptr && patch_in->is_null()) return Merged();
  if (!facts.merges) return Merged(patch_in != nullptr ? *patch_in : *object);
  Node patch = patch_in != nullptr ? *patch_in : Node::list();
  Directive directive = TRY(take_list_directive(patch));
  if (directive == Directive::kDelete) return Merged();
  Node base = directive == Directive::kReplace || missing(object) ? Node::list() : *object;
  if (facts.keys.empty()) return Merged(merge_primitives(base, patch));
  for (const Node* list : {static_cast<const Node*>(&base), static_cast<const Node*>(&patch)})
    for (const auto& item : list->items)
      if (!item.is_map() && !item.is_null()) return bad("wrong node kind: expected MappingNode but got " + std::string(kind_name(item)) + ": node contents:\n" + flow_yaml(item) + "\n");
  if (facts.keys.size() > 1) {
    auto has_rest = [&](const Node& n) { return std::any_of(facts.keys.begin() + 1, facts.keys.end(), [&](const std::string& k) { return !key_text(n, k).empty(); }); };
    if (std::any_of(base.items.begin(), base.items.end(), has_rest) || std::any_of(patch.items.begin(), patch.items.end(), has_rest)) return merge_by_keys(base, patch, facts, depth);
  }
  return merge_by_key(std::move(base), patch, facts.keys[0], facts, depth);
}

Result<Merged> merge(const Node* object, const Node* patch, const Facts& facts, int depth) {
  if (depth > json::kMaxDepth) return bad("the patch is nested too deeply");
  const Node* leading = !missing(object) ? object : !missing(patch) ? patch : nullptr;
  if (leading == nullptr) return merge_map(object, patch, facts.schema, depth);
  for (const Node* n : {object, patch})
    if (!missing(n) && n->kind != leading->kind)
      return bad("wrong node kind: expected " + std::string(kind_name(*leading)) + " but got " + std::string(kind_name(*n)) + ": node contents:\n" + flow_yaml(*n) + "\n");
  switch (leading->kind) {
    case Node::Kind::kMap: return merge_map(object, patch, facts.schema.known() ? facts.schema : schema_of(object, patch, facts.schema.openapi), depth);
    case Node::Kind::kList: return merge_list(object, patch, facts, depth);
    default:
      if (patch == nullptr) return Merged(*object);
      if (patch->is_null()) return Merged();
      return Merged(*patch);
  }
}

}  // namespace

Status strategic_merge(Node& object, const Node& patch, const Json* openapi) {
  Facts facts{schema_of(&object, &patch, openapi), false, {}};
  Merged merged = TRY(merge(&object, &patch, facts, 0));
  object = merged ? std::move(*merged) : Node();
  return {};
}

}  // namespace skerry::kustomize
