// The revisions of a Deployment (its ReplicaSets), or of a DaemonSet or StatefulSet (its ControllerRevisions).
#pragma once

#include <map>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"

namespace skerry::kubectl {

inline constexpr std::string_view kRevisionAnnotation = "deployment.kubernetes.io/revision";

struct Revision {
  Json object;        // the ReplicaSet or ControllerRevision
  Json pod_template;  // what pods were made of
};
// By number. Empty for other kinds.
Result<std::map<int64_t, Revision>> revisions_of(Objects& objects, const Item& item);

bool has_history(const Mapping& mapping);

}  // namespace skerry::kubectl
