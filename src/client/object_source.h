// ObjectSource: where a reader finds the objects of one collection and hears of their changes.
//
// Two things implement it: client::Cache (straight from the API) and the agent's mirror (kept on the node's disk, readable
// without a server). The service proxy and DNS read through this interface, so that they work the same when the uplink is down.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/object.h"

namespace skerry::client {

class ObjectSource {
 public:
  // `before` is null for an addition, `after` for a deletion. Called one at a time, in order; must only note what changed.
  using Handler = std::function<void(const api::ObjectPtr& before, const api::ObjectPtr& after)>;

  virtual ~ObjectSource() = default;
  // Before the source is started only.
  virtual void add_handler(Handler handler) = 0;
  // True once what is there has been delivered to the handlers (for the mirror: what was on disk, if anything was).
  virtual bool synced() const = 0;
  // `key` is "namespace/name" or "name". Null if absent.
  virtual api::ObjectPtr get(const std::string& key) const = 0;
  virtual std::vector<api::ObjectPtr> all() const = 0;
};

}  // namespace skerry::client
