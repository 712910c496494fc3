#include "controllers/pod_control.h"

#include <algorithm>

#include "controllers/object_util.h"

namespace skerry::controllers {

Json pod_from_template(const Json& pod_template, const api::Meta& owner, const Json& owner_reference) {
  Json metadata = {{"generateName", owner.name + "-"}, {"namespace", owner.ns},
                   {"ownerReferences", Json::array({owner_reference})}};
  for (auto field : {"labels", "annotations", "finalizers"})
    if (const Json& v = json::find(pod_template, {"metadata", field}); !v.is_null()) metadata[field] = v;
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", std::move(metadata)},
          {"spec", json::object_or_empty(json::find(pod_template, "spec"))}};
}

BatchResult slow_start(int64_t count, const std::function<Status()>& attempt) {
  BatchResult result;
  for (int64_t batch = 1, left = count; left > 0; batch *= 2) {
    int64_t n = std::min(batch, left);
    for (int64_t i = 0; i < n; ++i) {
      Status s = attempt();
      if (s) ++result.succeeded;
      else if (result.status) result.status = std::move(s);
    }
    if (!result.status) return result;
    left -= n;
  }
  return result;
}

Result<api::ObjectPtr> PodControl::create(const std::string& ns, Json pod, const client::ObjectReference& owner) {
  auto created = client_.create(api::kPods, ns, std::move(pod));
  if (created) {
    events_.record(owner, "Normal", "SuccessfulCreate", "Created pod: " + (*created)->meta().name);
  } else if (!is_namespace_terminating(created.error())) {
    events_.record(owner, "Warning", "FailedCreate", "Error creating: " + created.error().message);
  }
  return created;
}

Status PodControl::remove(const std::string& ns, const std::string& name, const std::string& uid,
                          const client::ObjectReference& owner) {
  api::Options options;
  options.precondition_uid = uid;
  Status s = client_.remove(api::kPods, ns, name, std::move(options));
  if (s) {
    events_.record(owner, "Normal", "SuccessfulDelete", "Deleted pod: " + name);
  } else if (s.error().is(Reason::kNotFound)) {
    return {};
  } else {
    events_.record(owner, "Warning", "FailedDelete", "Error deleting: " + s.error().message);
  }
  return s;
}

}  // namespace skerry::controllers
