// Discovery documents, made on demand from the catalog.
#pragma once

#include <optional>
#include <string_view>

#include "api/catalog.h"

namespace skerry::api {

// GET /api. `server_address`: "10.0.0.1:6443".
Json api_versions(std::string_view server_address);
// GET /apis, /apis/<group>.
Json api_group_list(const Catalog& catalog);
std::optional<Json> api_group(const Catalog& catalog, std::string_view group);
// GET /api/v1, /apis/<group>/<version>; none if nothing is served there.
std::optional<Json> api_resource_list(const Catalog& catalog, std::string_view group, std::string_view version);
// GET /api or /apis with Accept ...;as=APIGroupDiscoveryList: everything at once. `version`: "v2" or "v2beta1".
Json aggregated_discovery(const Catalog& catalog, bool core, std::string_view version);

}  // namespace skerry::api
