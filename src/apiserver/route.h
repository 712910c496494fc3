// Route: what a method, a path and a query address: a resource of the API, or something else below /.
#pragma once

#include <string>
#include <string_view>

#include "api/request.h"
#include "base/result.h"
#include "http/headers.h"

namespace skerry::apiserver {

struct Route {
  bool is_resource = false;
  api::Verb verb = api::Verb::kGet;  // watch for ?watch=true and /watch/ paths
  api::Gvr gvr;
  std::string ns, name, subresource;
  std::string rest;        // raw, begins with '/': behind .../proxy
  bool wants_watch = false;  // GET of a collection or, by /watch/, of one object
};

// `raw_path` is still percent-encoded. Never fails: what is no resource path is not a resource.
Route parse_route(std::string_view method, std::string_view raw_path, const http::Query& query);

// Query parameters, as all verbs take them. BadRequest with Kubernetes' message.
Result<api::Options> parse_options(const http::Query& query);
// A DeleteOptions body over what the query said.
Status apply_delete_options(const Json& body, api::Options& options);

}  // namespace skerry::apiserver
