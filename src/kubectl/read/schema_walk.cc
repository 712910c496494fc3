#include "kubectl/read/schema_walk.h"

namespace skerry::kubectl {

namespace {

// Schemas of servers may refer to themselves.
constexpr int kDeepest = 32;

std::string ref_of(const Json& schema) { return json::str(schema, "$ref"); }

}  // namespace

const Json* SchemaWalk::of_kind(std::string_view group, std::string_view version, std::string_view kind) const {
  for (auto& [name, schema] : json::object_or_empty(json::find(document_, {"components", "schemas"})).items())
    for (auto& gvk : json::array_or_empty(json::find(schema, "x-kubernetes-group-version-kind")))
      if (json::str(gvk, "group") == group && json::str(gvk, "version") == version && json::str(gvk, "kind") == kind) return &schema;
  return nullptr;
}

const Json& SchemaWalk::resolve(const Json& schema) const {
  static constexpr std::string_view kPrefix = "#/components/schemas/";
  const Json* at = &schema;
  for (int i = 0; i < kDeepest; ++i) {
    std::string ref = ref_of(*at);
    if (ref.compare(0, kPrefix.size(), kPrefix) != 0) return *at;
    at = &json::find(document_, {"components", "schemas", std::string_view(ref).substr(kPrefix.size())});
  }
  return *at;
}

const Json* SchemaWalk::with_properties(const Json& schema, int depth) const {
  if (depth > kDeepest || !may_go_on()) return nullptr;
  const Json& s = resolve(schema);
  if (!json::object_or_empty(json::find(s, "properties")).empty()) return &s;
  for (std::string_view key : {"items", "additionalProperties"})
    if (const Json& inner = json::find(s, key); inner.is_object())
      if (auto* found = with_properties(inner, depth + 1)) return found;
  for (auto& part : json::array_or_empty(json::find(s, "allOf")))
    if (auto* found = with_properties(part, depth + 1)) return found;
  return nullptr;
}

bool SchemaWalk::is_named(const Json* schema) const {
  for (auto& named : json::object_or_empty(json::find(document_, {"components", "schemas"})))
    if (&named == schema) return true;
  return false;
}

std::string SchemaWalk::type_name(const Json& schema, int depth) const {
  if (depth > kDeepest) return "Object";
  if (std::string ref = ref_of(schema); !ref.empty()) {
    // Named types that are plain values ("Time") go by the value's type.
    const Json& target = resolve(schema);
    std::string type = json::str(target, "type");
    if (!type.empty() && type != "object" && !target.contains("items")) return type;
    return ref.substr(ref.find_last_of("./") + 1);
  }
  if (const Json& items = json::find(schema, "items"); items.is_object()) return "[]" + type_name(items, depth + 1);
  if (const Json& values = json::find(schema, "additionalProperties"); values.is_object()) return "map[string]" + type_name(values, depth + 1);
  const Json& parts = json::array_or_empty(json::find(schema, "allOf"));
  if (!parts.empty() && json::find(schema, "properties").is_null()) return type_name(parts[0], depth + 1);
  std::string type = json::str(schema, "type");
  return type.empty() || type == "object" ? "Object" : type;
}

std::string SchemaWalk::old_type_name(const Json& schema, int depth) const {
  if (depth > kDeepest) return "Object";
  const Json& s = resolve(schema);
  const Json& parts = json::array_or_empty(json::find(s, "allOf"));
  if (!parts.empty() && json::find(s, "properties").is_null() && json::find(s, "type").is_null()) return old_type_name(parts[0], depth + 1);
  if (const Json& items = json::find(s, "items"); items.is_object()) return "[]" + old_type_name(items, depth + 1);
  if (const Json& values = json::find(s, "additionalProperties"); values.is_object()) return "map[string]" + old_type_name(values, depth + 1);
  if (!json::find(s, "oneOf").is_null()) return "string";  // quantities and the like, which OpenAPI v2 can only call strings
  std::string type = json::str(s, "type");
  if (type == "object" && json::object_or_empty(json::find(s, "properties")).empty()) return "map[string]";
  return type.empty() || type == "object" ? "Object" : type;
}

std::string SchemaWalk::descriptions(const Json& schema, int depth) const {
  if (depth > kDeepest || !schema.is_object() || !may_go_on()) return "";
  std::string out = json::str(schema, "description");
  if (!out.empty()) out += '\n';
  if (!ref_of(schema).empty()) return out + descriptions(resolve(schema), depth + 1);
  for (auto& part : json::array_or_empty(json::find(schema, "allOf"))) out += descriptions(part, depth + 1);
  out += descriptions(json::find(schema, "items"), depth + 1);
  out += descriptions(json::find(schema, "additionalProperties"), depth + 1);
  return out;
}

bool SchemaWalk::requires_field(const Json& schema, std::string_view field) {
  for (auto& name : json::array_or_empty(json::find(schema, "required")))
    if (name.is_string() && name.get_ref<const std::string&>() == field) return true;
  return false;
}

}  // namespace skerry::kubectl
