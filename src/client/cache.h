// Cache: the objects of one collection, kept current by list and watch (client-go calls it an informer).
//
// The objects are those the client delivers: in-process they are the API server's own, not copies.
// Threads: readers may call from anywhere; handlers run on the client's watch thread, one at a time, in order, and
// must only note what changed (typically: add a key to a queue).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/object.h"
#include "base/executor.h"
#include "client/client.h"
#include "client/object_source.h"

namespace skerry::client {

struct CacheOptions {
  std::string ns;              // empty: all namespaces
  std::string label_selector;
  std::string field_selector;
};

class Cache final : public ObjectSource {
 public:
  using IndexFunction = std::function<std::vector<std::string>(const api::Object&)>;

  Cache(Client& client, Executor& executor, api::Gvr gvr, CacheOptions options = {});
  ~Cache() override;  // stop()

  // Before start() only.
  void add_handler(Handler handler) override;
  void add_index(std::string name, IndexFunction keys_of);
  // Called after each complete listing, when everything in it has been delivered to the handlers.
  void on_listed(std::function<void()> handler);

  // Begins to list and watch; again with back-off whenever the watch ends or expires.
  void start();
  void stop();
  // The first list has been delivered to the handlers.
  bool synced() const override;
  // All changes up to this revision are in the objects; the handlers hear of each right after that. A reconciler that
  // wrote revision r sees its own write once revision() >= r.
  int64_t revision() const;

  // `key` is "namespace/name" or "name". Null if absent.
  api::ObjectPtr get(const std::string& key) const override;
  std::vector<api::ObjectPtr> all() const override;
  std::vector<api::ObjectPtr> in_namespace(std::string_view ns) const;
  std::vector<api::ObjectPtr> by_index(const std::string& index, const std::string& value) const;
  const api::Gvr& gvr() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace skerry::client
