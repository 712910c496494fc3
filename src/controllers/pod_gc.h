// PodGc: removes pods that nobody else will: on nodes that no longer exist, terminated ones beyond a number, and
// those deleted before they were ever scheduled.
#pragma once

#include <string>
#include <vector>

#include "controllers/part.h"

namespace skerry::controllers {

class PodGc final : public Part {
 public:
  PodGc(Context& context, size_t most_terminated);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  Result<Outcome> collect_node(const std::string& node);
  Status collect_terminated();
  // Marks it failed, says why, and removes it at once.
  Status force_delete(const api::ObjectPtr& pod, const std::string& message);

  const size_t most_terminated_;
};

// The index "node" of the pods' cache: spec.nodeName.
std::vector<std::string> pod_node_index(const api::Object& pod);

}  // namespace skerry::controllers
