// Defaults: what Kubernetes fills in where a manifest says nothing.
#pragma once

#include "api/resource.h"

namespace skerry::api {

// In place; idempotent. Expects a decoded object (decode.h). What needs randomness, time or other objects (names,
// uids, node ports, cluster IPs, service account tokens) is not done here.
void set_defaults(const Resource& resource, Json& object);
// Defaults of a pod spec alone.
void set_pod_spec_defaults(Json& spec);

}  // namespace skerry::api
