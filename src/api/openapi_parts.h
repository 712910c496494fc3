// The pieces OpenAPI documents are made of, as small JSON values in the form of version 2 or 3. For src/api's own use.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/catalog.h"

namespace skerry::api {

enum class OpenApi { kV2, kV3 };

// The schema of a type. Names of other schemas it refers to are added to `uses` where it is not null.
Json type_schema(const Type& type, OpenApi version, std::set<const Type*>* uses);
// Schemas that no Type describes: quantities, times, IntOrString, ...
std::vector<std::pair<std::string, Json>> scalar_schemas(OpenApi version);

// {group, kind, version} of every kind that has this type, for x-kubernetes-group-version-kind.
using KindsOfType = std::map<const Type*, Json>;
KindsOfType kinds_of_types(const Catalog& catalog);

// One path with its operations; calls `emit` for each path of the resource.
using EmitPath = std::function<void(const std::string& path, const Json& item)>;
void resource_paths(const Resource& resource, OpenApi version, const EmitPath& emit);

// All paths and schemas of version 2, one by one.
void walk_v2(const Catalog& catalog, const EmitPath& path, const EmitPath& schema);
// "title" and "version".
const Json& openapi_info();

// The type of a list of the resource ("core/v1.PodList"), or null.
const Type* list_type(const Resource& resource);
// The name of a schemaless kind's schema ("com.example.v1.Foo").
std::string custom_schema_name(const Resource& resource);

}  // namespace skerry::api
