// Client: how everything inside Skerry talks to the API, near (apiserver/local_client.h) or far (client/remote_client.h).
//
// Two virtual functions; caches, dry runs and faults are wrappers. All calls are thread-safe and block until
// answered. Not to be called from an event loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/gvr.h"
#include "api/object.h"
#include "api/request.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::client {

class Client {
 public:
  virtual ~Client() = default;

  // Any verb but watch. `request.user` is filled in by the client (it is the client's identity).
  virtual Result<api::Response> send(api::Request request) = 0;

  // Watches from options.resource_version (exclusive), or with initial events. Events arrive on a thread of the
  // client's. Fails at once where the server refuses; an established watch that breaks calls the handler with an
  // empty span, one that expires with a kError event of reason Expired.
  virtual Result<std::unique_ptr<api::Watch>> watch(api::Request request, api::WatchHandler handler) = 0;

  // Conveniences, all in terms of send().
  Result<api::ObjectPtr> get(const api::Gvr& gvr, std::string_view ns, std::string_view name);
  Result<api::List> list(const api::Gvr& gvr, std::string_view ns = "", api::Options options = {});
  // `ns` may be empty for cluster-scoped kinds. `subresource` with `name`: binding, eviction, token, ...
  Result<api::ObjectPtr> create(const api::Gvr& gvr, std::string_view ns, Json object);
  Result<api::ObjectPtr> create_sub(const api::Gvr& gvr, std::string_view ns, std::string_view name,
                                    std::string_view subresource, Json object);
  // Name is object.metadata.name; Conflict if its resourceVersion is set and not current.
  Result<api::ObjectPtr> update(const api::Gvr& gvr, std::string_view ns, Json object, std::string_view subresource = "");
  Result<api::ObjectPtr> update_status(const api::Gvr& gvr, std::string_view ns, Json object);
  Result<api::ObjectPtr> patch(const api::Gvr& gvr, std::string_view ns, std::string_view name, api::PatchType type,
                               Json patch, std::string_view subresource = "");
  Status remove(const api::Gvr& gvr, std::string_view ns, std::string_view name, api::Options options = {});
  Status remove_collection(const api::Gvr& gvr, std::string_view ns, api::Options options = {});
};

}  // namespace skerry::client
