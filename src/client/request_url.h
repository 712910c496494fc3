// The HTTP form of an api::Request: method, path with query, content type, body.
#pragma once

#include <string>
#include <string_view>

#include "api/request.h"

namespace skerry::client {

// "/apis/apps/v1/namespaces/default/deployments/web/status?dryRun=All". Watches carry `watch=1`.
std::string request_target(const api::Request& request);
std::string_view request_method(api::Verb verb);
// Of the body; patches have a type each.
std::string_view content_type(const api::Request& request);
// Empty for none. Deletions carry meta/v1 DeleteOptions.
std::string request_body(const api::Request& request);

}  // namespace skerry::client
