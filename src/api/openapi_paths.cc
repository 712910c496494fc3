#include "api/openapi_parts.h"

namespace skerry::api {
namespace {

struct Operation {
  const char* method;   // "get"
  const char* action;   // "list"
  bool takes_body;
};

Json parameter(const char* name, const char* type, OpenApi version) {
  Json p = {{"name", name}, {"in", "query"}};
  if (version == OpenApi::kV2) {
    p["type"] = type;
    p["uniqueItems"] = true;
  } else {
    p["schema"] = {{"type", type}, {"uniqueItems", true}};
  }
  return p;
}

Json path_parameter(const char* name, OpenApi version) {
  Json p = parameter(name, "string", version);
  p["in"] = "path";
  p["required"] = true;
  return p;
}

Json parameters_of(std::string_view action, OpenApi version) {
  std::vector<std::pair<const char*, const char*>> names;
  if (action == "post" || action == "put" || action == "patch") {
    names = {{"dryRun", "string"}, {"fieldManager", "string"}, {"fieldValidation", "string"}};
    if (action == "patch") names.emplace_back("force", "boolean");
  } else if (action == "delete") {
    names = {{"dryRun", "string"}, {"gracePeriodSeconds", "integer"}, {"propagationPolicy", "string"}};
  } else if (action == "list" || action == "deletecollection") {
    names = {{"continue", "string"}, {"fieldSelector", "string"}, {"labelSelector", "string"}, {"limit", "integer"},
             {"resourceVersion", "string"}, {"resourceVersionMatch", "string"}, {"timeoutSeconds", "integer"}};
    if (action == "list") names.insert(names.end(), {{"allowWatchBookmarks", "boolean"}, {"sendInitialEvents", "boolean"}, {"watch", "boolean"}});
    else names.insert(names.end(), {{"dryRun", "string"}, {"propagationPolicy", "string"}});
  }
  Json list = Json::array();
  for (auto [name, type] : names) list.push_back(parameter(name, type, version));
  return list;
}

std::string schema_name(const Type* type, const Resource& resource) {
  return type != nullptr ? type->openapi_name() : custom_schema_name(resource);
}

Json schema_ref(const std::string& name, OpenApi version) {
  return {{"$ref", (version == OpenApi::kV2 ? "#/definitions/" : "#/components/schemas/") + name}};
}

Json operation(const Operation& op, const Json& gvk, const std::string& body, const std::string& answer, OpenApi version) {
  Json out = {{"x-kubernetes-action", op.action}, {"x-kubernetes-group-version-kind", gvk}};
  Json parameters = parameters_of(op.action, version);
  std::string content = op.action == std::string_view("patch") ? "application/strategic-merge-patch+json" : "application/json";
  Json ok = {{"description", "OK"}};
  if (version == OpenApi::kV2) {
    if (op.takes_body) parameters.push_back({{"in", "body"}, {"name", "body"}, {"required", true}, {"schema", schema_ref(body, version)}});
    ok["schema"] = schema_ref(answer, version);
  } else {
    if (op.takes_body) out["requestBody"] = {{"required", true}, {"content", {{content, {{"schema", schema_ref(body, version)}}}}}};
    ok["content"] = {{"application/json", {{"schema", schema_ref(answer, version)}}}};
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  out["responses"] = {{"200", std::move(ok)}};
  return out;
}

}  // namespace

void resource_paths(const Resource& resource, OpenApi version, const EmitPath& emit) {
  std::string root = resource.group.empty() ? "/api/" : "/apis/" + std::string(resource.group) + "/";
  root += resource.version;
  std::string collection = root + (resource.namespaced ? "/namespaces/{namespace}/" : "/") + std::string(resource.plural);
  Json gvk = {{"group", resource.group}, {"kind", resource.kind}, {"version", resource.version}};
  std::string own = schema_name(resource.type, resource);
  const Type* list = list_type(resource);
  std::string list_name = list != nullptr ? list->openapi_name() : own + (resource.type == nullptr ? "List" : "");
  const std::string status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status", patch = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

  auto with_path_parameters = [&](Json item, bool named) {
    Json parameters = Json::array();
    if (named) parameters.push_back(path_parameter("name", version));
    if (resource.namespaced) parameters.push_back(path_parameter("namespace", version));
    if (!parameters.empty()) item["parameters"] = std::move(parameters);
    return item;
  };

  Json item = Json::object();
  if (resource.allows(Verb::kList)) item["get"] = operation({"get", "list", false}, gvk, "", list_name, version);
  if (resource.allows(Verb::kCreate)) item["post"] = operation({"post", "post", true}, gvk, own, own, version);
  if (resource.allows(Verb::kDeleteCollection)) item["delete"] = operation({"delete", "deletecollection", false}, gvk, "", status, version);
  if (!item.empty()) emit(collection, with_path_parameters(std::move(item), false));

  if (resource.namespaced && resource.allows(Verb::kList))
    emit(root + "/" + std::string(resource.plural), {{"get", operation({"get", "list", false}, gvk, "", list_name, version)}});

  item = Json::object();
  if (resource.allows(Verb::kGet)) item["get"] = operation({"get", "get", false}, gvk, "", own, version);
  if (resource.allows(Verb::kUpdate)) item["put"] = operation({"put", "put", true}, gvk, own, own, version);
  if (resource.allows(Verb::kPatch)) item["patch"] = operation({"patch", "patch", true}, gvk, patch, own, version);
  if (resource.allows(Verb::kDelete)) item["delete"] = operation({"delete", "delete", false}, gvk, "", status, version);
  if (!item.empty()) emit(collection + "/{name}", with_path_parameters(std::move(item), true));

  for (const auto& sub : resource.subresources) {
    if (!sub.extra_verbs.empty() || sub.type == nullptr) continue;  // streams
    Json sub_gvk = {{"group", sub.group}, {"kind", sub.kind}, {"version", sub.version}};
    std::string name = sub.type->openapi_name();
    item = Json::object();
    if (sub.allows(Verb::kGet)) item["get"] = operation({"get", "get", false}, sub_gvk, "", name, version);
    if (sub.allows(Verb::kUpdate)) item["put"] = operation({"put", "put", true}, sub_gvk, name, name, version);
    if (sub.allows(Verb::kPatch)) item["patch"] = operation({"patch", "patch", true}, sub_gvk, patch, name, version);
    if (sub.allows(Verb::kCreate)) item["post"] = operation({"post", "post", true}, sub_gvk, name, name, version);
    emit(collection + "/{name}/" + std::string(sub.name), with_path_parameters(std::move(item), true));
  }
}

}  // namespace skerry::api
