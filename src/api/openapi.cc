#include "api/openapi.h"

#include <map>
#include <set>

#include "api/openapi_parts.h"

namespace skerry::api {
namespace {

const std::string kPatchName = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

// Appends `"key":value,`.
void member(std::string& out, const std::string& key, const Json& value) {
  out += json::dump(key);
  out += ':';
  out += json::dump(value);
  out += ',';
}

void close(std::string& out, char bracket) {
  if (out.back() == ',') out.pop_back();
  out += bracket;
}

// The types reachable from `start`, itself included, in the order of their names.
std::vector<const Type*> reachable(std::set<const Type*> start) {
  std::set<const Type*> seen;
  while (!start.empty()) {
    const Type* type = *start.begin();
    start.erase(start.begin());
    if (!seen.insert(type).second) continue;
    std::set<const Type*> uses;
    (void)type_schema(*type, OpenApi::kV2, &uses);
    for (const Type* used : uses)
      if (!seen.contains(used)) start.insert(used);
  }
  return {seen.begin(), seen.end()};  // one array, sorted by name
}

std::set<const Type*> types_of(const std::vector<ResourcePtr>& rows) {
  std::set<const Type*> types;
  for (const auto& row : rows) {
    if (row->type != nullptr) types.insert(row->type);
    if (const Type* list = list_type(*row)) types.insert(list);
    for (const auto& sub : row->subresources)
      if (sub.type != nullptr) types.insert(sub.type);
  }
  for (const char* name : {"Status", "DeleteOptions", "WatchEvent"}) types.insert(find_type(std::string("meta/v1.") + name));
  return types;
}

// All schemas of the rows, one by one.
template <class F>
void each_schema(const std::vector<ResourcePtr>& rows, const KindsOfType& kinds, OpenApi version, F emit) {
  for (const auto& row : rows) {
    if (row->type != nullptr) continue;
    Json schema = {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
    schema["x-kubernetes-group-version-kind"] = Json::array({{{"group", row->group}, {"kind", row->kind}, {"version", row->version}}});
    emit(custom_schema_name(*row), schema);
    emit(custom_schema_name(*row) + "List", Json{{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}});
  }
  for (const Type* type : reachable(types_of(rows))) {
    Json schema = type_schema(*type, version, nullptr);
    if (auto it = kinds.find(type); it != kinds.end()) schema["x-kubernetes-group-version-kind"] = it->second;
    emit(type->openapi_name(), schema);
  }
  for (const auto& [name, schema] : scalar_schemas(version)) emit(name, schema);
  emit(kPatchName, Json{{"type", "object"}});
}

std::string v3_document(const Catalog& catalog, const KindsOfType& kinds, std::string_view group, std::string_view version) {
  auto rows = catalog.of(group, version);
  std::string out = R"({"openapi":"3.0.0","info":)" + json::dump(openapi_info()) + R"(,"paths":{)";
  for (const auto& row : rows)
    resource_paths(*row, OpenApi::kV3, [&](const std::string& path, const Json& item) { member(out, path, item); });
  close(out, '}');
  out += R"(,"components":{"schemas":{)";
  each_schema(rows, kinds, OpenApi::kV3, [&](const std::string& name, const Json& schema) { member(out, name, schema); });
  close(out, '}');
  return out += "}}";
}

std::string hash_text(std::string_view text) {
  uint64_t hash = 1469598103934665603ull;
  for (unsigned char c : text) hash = (hash ^ c) * 1099511628211ull;
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[hash >> shift & 15];
  return out;
}

std::string v3_path(std::string_view group, std::string_view version) {
  return (group.empty() ? "api/" : "apis/" + std::string(group) + "/") + std::string(version);
}

}  // namespace

const Json& openapi_info() {
  static const Json kInfo = {{"title", "Kubernetes"}, {"version", "v1.36.0"}};
  return kInfo;
}

void walk_v2(const Catalog& catalog, const EmitPath& path, const EmitPath& schema) {
  auto rows = catalog.all();
  for (const auto& row : rows) resource_paths(*row, OpenApi::kV2, path);
  each_schema(rows, kinds_of_types(catalog), OpenApi::kV2, schema);
}

std::string openapi_v2(const Catalog& catalog) {
  std::string paths = "{", schemas = "{";
  walk_v2(
      catalog, [&](const std::string& path, const Json& item) { member(paths, path, item); },
      [&](const std::string& name, const Json& schema) { member(schemas, name, schema); });
  close(paths, '}');
  close(schemas, '}');
  return R"({"swagger":"2.0","info":)" + json::dump(openapi_info()) + R"(,"paths":)" + paths + R"(,"definitions":)" + schemas + "}";
}

std::string openapi_v3_index(const Catalog& catalog) {
  KindsOfType kinds = kinds_of_types(catalog);
  Json paths = Json::object();
  auto groups = catalog.groups();
  groups.insert(groups.begin(), "");
  for (const auto& group : groups)
    for (const auto& version : catalog.versions(group)) {
      std::string path = v3_path(group, version);
      paths[path] = {{"serverRelativeURL", "/openapi/v3/" + path + "?hash=" + hash_text(v3_document(catalog, kinds, group, version))}};
    }
  return json::dump({{"paths", std::move(paths)}});
}

std::optional<std::string> openapi_v3(const Catalog& catalog, std::string_view group, std::string_view version) {
  if (catalog.of(group, version).empty()) return std::nullopt;
  return v3_document(catalog, kinds_of_types(catalog), group, version);
}

}  // namespace skerry::api
