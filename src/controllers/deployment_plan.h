// What a Deployment decides, as pure functions over a few numbers of it and its ReplicaSets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/object.h"
#include "json/json.h"

namespace skerry::controllers {

struct ReplicaSetFacts {
  std::string name, uid;
  api::ObjectPtr object;
  int64_t replicas = 0;  // spec
  int64_t actual = 0, ready = 0, available = 0;  // status
  int64_t created = 0;   // Unix seconds
  int64_t revision = 0;  // annotation deployment.kubernetes.io/revision
  int64_t desired = -1;  // annotation desired-replicas; -1: none
  int64_t max = -1;      // annotation max-replicas
  bool deleting = false, observed = false;  // status.observedGeneration is current
};
ReplicaSetFacts replica_set_facts(const api::ObjectPtr& object, const Json& value);

struct DeploymentFacts {
  int64_t replicas = 1;
  bool rolling = true;
  int64_t surge = 0, unavailable = 0;  // resolved against `replicas`; 0 for Recreate
  int64_t status_replicas = 0;
};
// Percentages: surge rounds up, unavailable down; both zero would stand still, so unavailable is then 1.
DeploymentFacts deployment_facts(const Json& deployment);

using Sizes = std::vector<int64_t>;  // new spec.replicas, by index of the list given

// Of the new ReplicaSet, given all (the new one included): grows as far as the surge allows.
int64_t new_replica_set_size(const DeploymentFacts& d, const std::vector<ReplicaSetFacts>& all, int64_t current);
// Of the old ones during a rolling update: unhealthy replicas go first, then as many as availability allows.
Sizes shrink_old(const DeploymentFacts& d, const std::vector<ReplicaSetFacts>& old, const ReplicaSetFacts& current);
// A change of size while several ReplicaSets are active: shared in proportion, the rest to the largest.
Sizes scale_in_proportion(const DeploymentFacts& d, const std::vector<ReplicaSetFacts>& active);
// Which old ReplicaSets to delete so that `limit` remain (indexes).
std::vector<size_t> beyond_history(const std::vector<ReplicaSetFacts>& old, int64_t limit);

// PodTemplateSpecs without the label pod-template-hash.
bool same_template(const Json& a, const Json& b);
std::string template_hash(const Json& pod_template, int64_t collision_count);

}  // namespace skerry::controllers
