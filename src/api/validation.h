// Validation: the rules of Kubernetes an object must keep, beyond its structure. Failures are Invalid (422) errors
// with causes as Kubernetes words them. Objects are decoded and defaulted.
#pragma once

#include "api/resource.h"
#include "base/result.h"

namespace skerry::api {

Status validate_create(const Resource& resource, const Json& object);
// `subresource`: "" (the object itself), "status", "scale", "ephemeralcontainers", "resize", ...
Status validate_update(const Resource& resource, const Json& object, const Json& old, std::string_view subresource = "");

// Is that a name the resource's objects may have? Empty if so, else what is wrong (for pod names, paths and such).
std::string name_problem(const Resource& resource, std::string_view name);

// What kubectl should be warned about on writing such an object (deprecated fields, kinds nobody acts on).
std::vector<std::string> write_warnings(const Resource& resource, const Json& object);

}  // namespace skerry::api
