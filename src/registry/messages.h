// The Errors of the registry, in Kubernetes' words.
#pragma once

#include <string>
#include <string_view>

#include "api/resource.h"
#include "base/error.h"

namespace skerry::registry {

Error not_found(const api::Resource& row, std::string_view name);
Error already_exists(const api::Resource& row, std::string_view name);
// `Operation cannot be fulfilled on pods "x": <why>`
Error conflict(const api::Resource& row, std::string_view name, std::string_view why);
Error stale(const api::Resource& row, std::string_view name);  // "the object has been modified; ..."
// `pods "x" is forbidden: <why>`
Error forbidden(const api::Resource& row, std::string_view name, std::string_view why);
Error bad_request(std::string message);
Error too_old(int64_t asked, int64_t oldest);
Error too_large(int64_t asked, int64_t current);
Error with_cause(Error error, std::string reason, std::string message, std::string field);

}  // namespace skerry::registry
