#include "api/openapi_parts.h"

#include "base/strings.h"

namespace skerry::api {
namespace {

std::string prefix(OpenApi version) { return version == OpenApi::kV2 ? "#/definitions/" : "#/components/schemas/"; }

// In version 3 nothing may stand beside a reference, so it is wrapped.
Json reference(const std::string& name, OpenApi version, bool alone) {
  Json ref = {{"$ref", prefix(version) + name}};
  if (version == OpenApi::kV2 || alone) return ref;
  return {{"allOf", Json::array({std::move(ref)})}};
}

constexpr const char* kQuantityName = "io.k8s.apimachinery.pkg.api.resource.Quantity";
constexpr const char* kIntOrStringName = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
constexpr const char* kRawName = "io.k8s.apimachinery.pkg.runtime.RawExtension";
const std::string kMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

Json value_schema(const Field& field, OpenApi version, bool alone, std::set<const Type*>* uses) {
  switch (field.kind) {
    case ValueKind::kStruct:
      if (uses != nullptr) uses->insert(field.type);
      return reference(field.type->openapi_name(), version, alone);
    case ValueKind::kString: return {{"type", "string"}};
    case ValueKind::kInt32: return {{"type", "integer"}, {"format", "int32"}};
    case ValueKind::kInt64: return {{"type", "integer"}, {"format", "int64"}};
    case ValueKind::kBool: return {{"type", "boolean"}};
    case ValueKind::kDouble: return {{"type", "number"}, {"format", "double"}};
    case ValueKind::kBytes: return {{"type", "string"}, {"format", "byte"}};
    case ValueKind::kQuantity: return reference(kQuantityName, version, alone);
    case ValueKind::kIntOrString: return reference(kIntOrStringName, version, alone);
    case ValueKind::kTime: return reference(kMeta + "Time", version, alone);
    case ValueKind::kMicroTime: return reference(kMeta + "MicroTime", version, alone);
    case ValueKind::kDuration: return reference(kMeta + "Duration", version, alone);
    case ValueKind::kRaw: return reference(kRawName, version, alone);
    case ValueKind::kFields: return reference(kMeta + "FieldsV1", version, alone);
    case ValueKind::kAny: return {{"x-kubernetes-preserve-unknown-fields", true}};
  }
  return Json::object();
}

Json field_schema(const Field& field, OpenApi version, std::set<const Type*>* uses) {
  bool extras = field.patch != 0 || !field.extra->merge_key.empty() || field.atomic_map;
  Json schema;
  switch (field.shape) {
    case Shape::kOne: schema = value_schema(field, version, !extras, uses); break;
    case Shape::kList: schema = {{"type", "array"}, {"items", value_schema(field, version, true, uses)}}; break;
    case Shape::kMap: schema = {{"type", "object"}, {"additionalProperties", value_schema(field, version, true, uses)}}; break;
    case Shape::kMapOfLists:
      schema = {{"type", "object"}, {"additionalProperties", {{"type", "array"}, {"items", value_schema(field, version, true, uses)}}}};
      break;
  }
  switch (field.list_type) {
    case ListType::kNone: break;
    case ListType::kAtomic: schema["x-kubernetes-list-type"] = "atomic"; break;
    case ListType::kSet: schema["x-kubernetes-list-type"] = "set"; break;
    case ListType::kMap: {
      schema["x-kubernetes-list-type"] = "map";
      Json keys = Json::array();
      for (auto key : field.extra->list_keys) keys.push_back(key);
      schema["x-kubernetes-list-map-keys"] = std::move(keys);
    }
  }
  if (!field.extra->merge_key.empty()) schema["x-kubernetes-patch-merge-key"] = field.extra->merge_key;
  if (field.patch != 0) {
    std::vector<std::string> names;
    if ((field.patch & kPatchMerge) != 0) names.emplace_back("merge");
    if ((field.patch & kPatchRetainKeys) != 0) names.emplace_back("retainKeys");
    schema["x-kubernetes-patch-strategy"] = join(names, ",");
  }
  if (field.atomic_map) schema["x-kubernetes-map-type"] = "atomic";
  return schema;
}

void add_fields(const Type& type, OpenApi version, std::set<const Type*>* uses, Json& properties, Json& required) {
  for (const Field& field : type.fields) {
    if (field.inlined) {
      add_fields(*field.type, version, uses, properties, required);
      continue;
    }
    properties[std::string(field.name)] = field_schema(field, version, uses);
    if (field.required || (field.always && !field.optional)) required.push_back(field.name);
  }
}

}  // namespace

Json type_schema(const Type& type, OpenApi version, std::set<const Type*>* uses) {
  Json properties = Json::object(), required = Json::array();
  add_fields(type, version, uses, properties, required);
  Json schema = {{"type", "object"}};
  if (!properties.empty()) schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  if (type.atomic) schema["x-kubernetes-map-type"] = "atomic";
  return schema;
}

std::vector<std::pair<std::string, Json>> scalar_schemas(OpenApi version) {
  Json either = {{"type", "string"}, {"format", "int-or-string"}};
  Json quantity = {{"type", "string"}};
  if (version == OpenApi::kV3) {
    either = {{"format", "int-or-string"}, {"oneOf", {{{"type", "integer"}}, {{"type", "string"}}}}};
    quantity = {{"oneOf", {{{"type", "string"}}, {{"type", "number"}}}}};
  }
  return {{kQuantityName, quantity},
          {kIntOrStringName, either},
          {kRawName, {{"type", "object"}}},
          {kMeta + "Time", {{"type", "string"}, {"format", "date-time"}}},
          {kMeta + "MicroTime", {{"type", "string"}, {"format", "date-time"}}},
          {kMeta + "Duration", {{"type", "string"}}},
          {kMeta + "FieldsV1", {{"type", "object"}}}};
}

const Type* list_type(const Resource& resource) {
  if (resource.type == nullptr) return nullptr;
  return find_type(std::string(resource.type->name) + "List");
}

std::string custom_schema_name(const Resource& resource) {
  std::string name;
  for (auto part : split(resource.group, '.')) name = std::string(part) + (name.empty() ? "" : ".") + name;
  return name + "." + std::string(resource.version) + "." + std::string(resource.kind);
}

KindsOfType kinds_of_types(const Catalog& catalog) {
  KindsOfType kinds;
  auto add = [&](const Type* type, std::string_view group, std::string_view version, std::string_view kind) {
    if (type == nullptr) return;
    Json entry = {{"group", group}, {"kind", kind}, {"version", version}};
    Json& list = kinds[type];
    for (const auto& known : list)
      if (known == entry) return;
    list.push_back(std::move(entry));
  };
  for (const auto& row : catalog.all()) {
    if (row->type == nullptr) continue;
    add(row->type, row->group, row->version, row->kind);
    if (row->allows(Verb::kList)) add(list_type(*row), row->group, row->version, row->list_kind);
    for (const auto& sub : row->subresources)
      if (sub.extra_verbs.empty()) add(sub.type, sub.group, sub.version, sub.kind);
    for (const char* shared : {"DeleteOptions", "WatchEvent"})
      add(find_type(std::string("meta/v1.") + shared), row->group, row->version, shared);
  }
  return kinds;
}

}  // namespace skerry::api
