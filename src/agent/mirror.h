// Mirror: what this node needs of the API, kept on the node's disk.
//
// Fed by watches while the uplink is up; readable when it is not, also after a reboot with no server. Collections
// (pods of this node, services, endpoint slices, nodes) are there from the start; ConfigMaps and Secrets come and go
// one by one as pods refer to them, as the node authorizer asks.
//
// On disk: one SQLite file (0600). A change is written once, in a transaction, some 200 ms after it came; what differs
// only in heartbeats or resourceVersion is not written. A kill -9 loses at most those 200 ms, which the server still has.
//
// Threads: readers from anywhere. Handlers run on the client's watch threads, one at a time per collection, or on the
// thread of whoever starts the mirror; they must only note what changed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/gvr.h"
#include "api/object.h"
#include "base/executor.h"
#include "client/cache.h"
#include "client/client.h"
#include "client/object_source.h"

namespace skerry::agent {

class MirrorStore;

// One object that a pod refers to: a ConfigMap or Secret.
struct Reference {
  api::Gvr gvr;
  std::string ns, name;
  auto operator<=>(const Reference&) const = default;
};

class Mirror {
 public:
  // `uplink` and `executor` outlive the mirror. The executor may block on the uplink: give it one of its own.
  static Result<std::unique_ptr<Mirror>> open(const std::string& path, const std::string& node_name, client::Client& uplink,
                                              Executor& executor);
  ~Mirror();

  // kPods (of this node), kNodes, kServices, kEndpointSlices. Sources live as long as the mirror. Handlers may be added
  // at any time: a late one gets what is there as additions first.
  client::ObjectSource& source(const api::Gvr& gvr);
  // The server has answered for this collection since we started: what is missing is gone, not just unknown.
  bool fresh(const api::Gvr& gvr) const;
  // Called when a collection becomes fresh. Before start().
  void on_fresh(std::function<void(const api::Gvr&)> handler);

  // Delivers what is on disk, then begins to watch.
  void start();
  void stop();

  // What the pod with this uid refers to, from now on. An empty set forgets the pod.
  void set_references(const std::string& pod_uid, const std::set<Reference>& references);
  // Called with a pod's uid when something it refers to has changed, or is known to be missing. Before start().
  void on_reference(std::function<void(const std::string& pod_uid)> handler);
  // Found: the object. Not found: NotFound ('configmaps "x" not found') when the server said so, ServiceUnavailable when
  // it is not known yet.
  Result<api::ObjectPtr> lookup(const Reference& reference) const;

  // Small values of the agent's own that must survive a reboot (the outbox, admission decisions). Null if absent.
  std::optional<std::string> load_note(const std::string& key) const;
  std::vector<std::pair<std::string, std::string>> load_notes(const std::string& prefix) const;
  void save_note(const std::string& key, std::optional<std::string> value);
  // Writes what waits. Blocks on the disk.
  void flush();

 private:
  class Collection;
  struct Single;
  Mirror(std::unique_ptr<MirrorStore> store, std::string node_name, client::Client& uplink, Executor& executor);
  void add_collection(const api::Gvr& gvr, client::CacheOptions options);
  void single_changed(const Reference& reference, const api::ObjectPtr& object, bool listed);
  void start_single(const Reference& reference);

  std::unique_ptr<MirrorStore> store_;
  const std::string node_name_;
  client::Client& uplink_;
  Executor& executor_;
  std::map<api::Gvr, std::unique_ptr<Collection>> collections_;  // fixed after construction
  std::vector<std::function<void(const api::Gvr&)>> fresh_handlers_;
  std::vector<std::function<void(const std::string&)>> reference_handlers_;

  mutable std::mutex mutex_;  // guards all below
  bool started_ = false, stopped_ = false;
  std::map<Reference, std::unique_ptr<Single>> singles_;
  std::map<std::string, std::set<Reference>> references_;  // by pod uid
};

}  // namespace skerry::agent
