// DeploymentController: rolls a Deployment's pods over by scaling one ReplicaSet per template.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/deployment_plan.h"
#include "controllers/part.h"

namespace skerry::controllers {

class DeploymentController final : public Part {
 public:
  explicit DeploymentController(Context& context);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  struct Rollout;  // one Deployment during one reconcile
  void on_replica_set(const api::ObjectPtr& before, const api::ObjectPtr& after);
  void on_pod_gone(const api::ObjectPtr& pod);

  client::EventRecorder events_;
};

}  // namespace skerry::controllers
