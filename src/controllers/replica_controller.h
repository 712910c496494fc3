// ReplicaController: keeps the number of pods of ReplicaSets, or of ReplicationControllers.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "api/selector.h"
#include "controllers/part.h"
#include "controllers/pod_control.h"
#include "controllers/replica_plan.h"

namespace skerry::controllers {

struct ReplicaKind {
  api::Gvr gvr;
  std::string kind;       // "ReplicaSet"
  std::string component;  // of its events: "replicaset-controller"
  bool map_selector;      // spec.selector is a plain map of labels
};
ReplicaKind replica_set_kind();
ReplicaKind replication_controller_kind();

class ReplicaController final : public Part {
 public:
  ReplicaController(Context& context, ReplicaKind kind);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  // What this controller has done that its cache may not show yet. Pods get generated names, so acting on an old
  // cache would make twins.
  struct Done {
    int64_t created_revision = 0;       // pods up to this revision are ours to wait for
    MonoTime created_at{};
    std::set<std::string> deleted_uids;  // count as gone though the cache still shows them alive
  };

  void on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after);
  api::LabelSelector selector_of(const Json& object) const;
  bool cache_shows_creations(const Key& key);
  Status manage(const Key& key, const Json& object, const api::Meta& meta, const std::vector<PodFacts>& active,
                int64_t wanted);
  Status write_status(Json object, const ReplicaCounts& counts, const Status& managed, int64_t missing);

  const ReplicaKind kind_;
  client::EventRecorder events_;
  PodControl pods_;
  std::mutex mutex_;  // guards all below
  std::map<Key, Done> done_;
};

}  // namespace skerry::controllers
