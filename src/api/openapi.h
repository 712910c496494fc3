// OpenAPI documents, written on demand from the catalog; nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/catalog.h"

namespace skerry::api {

// GET /openapi/v2 as JSON text.
std::string openapi_v2(const Catalog& catalog);
// The same as protobuf. Clients ask for application/com.github.proto-openapi.spec.v2@v1.0+protobuf; the answer is to be
// called ...spec.v2.v1.0+protobuf, because Go cannot parse a media type with an "@".
std::string openapi_v2_protobuf(const Catalog& catalog);
// GET /openapi/v3: the paths with content hashes.
std::string openapi_v3_index(const Catalog& catalog);
// GET /openapi/v3/api/v1, /openapi/v3/apis/<group>/<version>; none if nothing is served there.
std::optional<std::string> openapi_v3(const Catalog& catalog, std::string_view group, std::string_view version);

}  // namespace skerry::api
