// Registry: create, read, update, delete, list and watch for any row of the API, with Kubernetes' semantics.
//
// It takes a request that is authenticated and authorized, decodes and defaults the body, calls the caller's admission
// hook, applies the kind's strategy, validates, and commits to the store. All objects are in memory, encoded, immutable
// and shared; reads never touch the disk unless they ask for an older revision.
//
// Threads: every function may be called by any thread and blocks at most for the store's commit. Changes are applied to
// memory by the store's writer thread in order of their revisions, so memory always equals a prefix of the log.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/catalog.h"
#include "api/gvr.h"
#include "api/object.h"
#include "api/request.h"
#include "api/resource.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "registry/watch_hub.h"
#include "store/store.h"

namespace skerry::registry {

struct Options {
  std::string service_cidr = "10.43.0.0/16";  // .1 is the API server's, .10 the DNS server's
  int node_port_first = 30000;
  int node_port_last = 32767;
  std::chrono::seconds event_ttl = std::chrono::hours(1);
  HubOptions hub;
};

// What the pipeline adds to a write. The functions may run several times (a retried patch) and on the calling thread.
struct Hooks {
  // Mutating and validating admission. `object` is decoded and defaulted and may be changed; null for a deletion.
  // `old` is null for a creation. For subresources the object is what the subresource takes (a Scale, a Binding, an
  // Eviction; the whole object for status). `operation`: kCreate, kUpdate (also for patches), kDelete.
  std::function<Status(api::Verb operation, Json* object, const Json* old)> admit;
  // Asked before an update or a server-side patch creates a missing object; Forbidden stops it. May be empty.
  std::function<Status()> authorize_create;
};

// One object that names an owner.
struct Dependent {
  api::Gvr gvr;  // of the stored row
  api::ObjectPtr object;
};

class Registry {
 public:
  // Loads everything from the store. References outlive the registry; destroy the registry before the store, when no
  // call is running. `store` must not have a listener yet.
  static Result<std::unique_ptr<Registry>> open(store::Store& store, const api::Catalog& catalog, const Clock& clock,
                                                Random& random, Options options = {});
  ~Registry();

  // Any verb but watch, any subresource that is stored state: status, scale, binding, eviction, ephemeralcontainers,
  // finalize, approval. Others (log, exec, token, proxy) and rows that are not stored belong to the caller:
  // MethodNotAllowed. `request.body` is consumed. The answer's code, object or list and warnings are complete.
  Result<api::Response> execute(const api::ResourcePtr& row, api::Request request, const Hooks& hooks = {});

  // `wake` is called by the store's writer thread (or this one), must not block and must not call into the stream;
  // typically it posts to the event loop. See WatchStream.
  Result<std::unique_ptr<WatchStream>> watch(const api::ResourcePtr& row, const api::Request& request,
                                             std::function<void()> wake);

  // Direct reads for the API server's own use (authorizer, admission, proxies): the stored object, or null.
  // `gvr`: of the row that stores (Resource::stored_as).
  api::ObjectPtr find(const api::Gvr& gvr, std::string_view ns, std::string_view name) const;
  std::vector<api::ObjectPtr> objects(const api::Gvr& gvr, std::string_view ns = "") const;
  // Counts up with every change of the collection: what is derived from it can be cached.
  int64_t collection_revision(const api::Gvr& gvr) const;
  // Everything, of all kinds, that names `uid` as an owner; also of kinds without a row (their CRD is gone).
  std::vector<Dependent> dependents(std::string_view uid) const;
  // How many objects a collection holds.
  size_t count(const api::Gvr& gvr) const;
  // The last revision applied.
  int64_t revision() const;

  // Called on the writer thread with each change of a collection, in order; must not block nor call back. kFirst: before
  // anyone can read or watch the change, for what must be known by then (caches of the authorizer: a node that sees a pod
  // bound asks for the pod's secrets at once). kAfter: when it is visible. Before serving; never removed.
  using Observer = std::function<void(const Event& event)>;
  enum class Moment { kFirst, kAfter };
  void observe(const api::Gvr& gvr, Moment moment, Observer observer);

  // Housekeeping: deletes expired events, ages the rings. Call about once a minute.
  void tick();

  struct Impl;

 private:
  explicit Registry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace skerry::registry
