#include "kubectl/workloads/history.h"

#include "base/strings.h"
#include "api/strategic_merge.h"
#include "kubectl/builtin_type.h"
#include "kubectl/describe/format.h"

namespace skerry::kubectl {

namespace {

bool owned_by(const Json& object, const Json& owner) {
  for (auto& o : json::array_or_empty(json::find(object, {"metadata", "ownerReferences"})))
    if (json::boolean(o, "controller") && json::str(o, "uid") == json::str(owner, {"metadata", "uid"})) return true;
  return false;
}

}  // namespace

bool has_history(const Mapping& m) {
  return (m.group == "apps" || m.group == "extensions") && (m.kind == "Deployment" || m.kind == "DaemonSet" || m.kind == "StatefulSet");
}

Result<std::map<int64_t, Revision>> revisions_of(Objects& objects, const Item& item) {
  std::map<int64_t, Revision> out;
  if (!has_history(item.mapping)) return out;
  ListOptions options{.label_selector = selector_text(json::find(item.object, {"spec", "selector"}))};
  if (item.mapping.kind == "Deployment") {
    Json list = TRY(objects.list(mapping_of("apps/v1", "replicasets", "ReplicaSet", true), item.ns, options));
    for (auto& rs : json::array_or_empty(json::find(list, "items"))) {
      if (!owned_by(rs, item.object)) continue;
      auto number = parse_int(json::str(rs, {"metadata", "annotations", kRevisionAnnotation}));
      if (number) out[*number] = {rs, json::find(rs, {"spec", "template"})};
    }
    return out;
  }
  Json list = TRY(objects.list(mapping_of("apps/v1", "controllerrevisions", "ControllerRevision", true), item.ns, options));
  const api::Type* type = builtin_type(mapping_of("apps/v1", item.mapping.resource, item.mapping.kind, true));
  for (auto& revision : json::array_or_empty(json::find(list, "items"))) {
    if (!owned_by(revision, item.object)) continue;
    // What is kept is a patch of the object that replaces its template.
    auto patched = api::apply_strategic_merge(type, item.object, json::find(revision, "data"));
    if (!patched) return patched.error();
    out[json::integer(revision, "revision")] = {revision, json::find(*patched, {"spec", "template"})};
  }
  return out;
}

}  // namespace skerry::kubectl
