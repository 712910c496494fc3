// GarbageCollector: deletes what nobody owns any more, and carries out foreground deletion and orphaning.
//
// Over every stored kind. Keys are uids. That an owner is gone is always confirmed by asking the server, so that a
// cache that is behind never deletes anything.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "controllers/gc_graph.h"
#include "controllers/part.h"

namespace skerry::controllers {

class GarbageCollector final : public Part {
 public:
  explicit GarbageCollector(Context& context);
  Result<Outcome> reconcile(const Key& uid) override;

 private:
  struct Judged {
    std::vector<OwnerState> states;  // in the order of the references
    bool unknown_kind = false;       // some owner's kind is not known (yet); it counts as living
  };

  void on_change(const api::Gvr& gvr, const api::ObjectPtr& before, const api::ObjectPtr& after);
  void enqueue_all(const std::vector<std::string>& uids);
  Result<Judged> look_at_owners(const GcNode& node, bool ask_server);
  Result<OwnerState> owner_state(const GcNode& node, const api::OwnerReference& owner, bool ask_server, bool& unknown);
  Status finish_foreground(const GcNode& node);
  Status orphan_dependents(const GcNode& node);
  Status drop_references(const GcNode& node, const std::vector<std::string>& owner_uids);
  Status drop_finalizer(const GcNode& node, std::string_view finalizer);
  Status unblock_owners(const GcNode& node);
  Status remove(const GcNode& node, const api::ObjectPtr& live, bool foreground);

  std::map<api::Gvr, client::Cache*> caches_;  // fixed after construction
  mutable std::mutex mutex_;  // guards all below
  GcGraph graph_;
};

}  // namespace skerry::controllers
