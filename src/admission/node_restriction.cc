#include "admission/plugins.h"
#include "auth/node_authorizer.h"
#include "base/strings.h"

namespace skerry::admission {
namespace {

// Labels a node may set on itself: the well-known ones, and its own below node.kubernetes.io.
bool may_set_label(const std::string& key) {
  static const char* const allowed[] = {
      "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/os",
      "beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type", "topology.kubernetes.io/zone",
      "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"};
  size_t slash = key.find('/');
  if (slash == std::string::npos) return true;
  std::string prefix = key.substr(0, slash);
  bool reserved = prefix == "kubernetes.io" || prefix == "k8s.io" || ends_with(prefix, ".kubernetes.io") || ends_with(prefix, ".k8s.io");
  if (!reserved) return true;
  for (const char* label : allowed)
    if (key == label) return true;
  return prefix == "kubelet.kubernetes.io" || prefix == "node.kubernetes.io" || ends_with(prefix, ".kubelet.kubernetes.io") ||
         ends_with(prefix, ".node.kubernetes.io");
}

class NodeRestriction final : public Plugin {
 public:
  explicit NodeRestriction(Reader reader) : reader_(std::move(reader)) {}
  std::string_view name() const override { return "NodeRestriction"; }

  Status validate(Attempt& a) override {
    const std::string node = auth::node_of(a.request.user);
    if (node.empty()) return {};
    const auto& gvr = a.request.gvr;
    if (gvr.group.empty() && gvr.resource == "pods") return check_pod(a, node);
    if (gvr.group.empty() && gvr.resource == "nodes") return check_node(a, node);
    if (gvr.group.empty() && gvr.resource == "serviceaccounts" && a.request.subresource == "token") return check_token(a, node);
    if (gvr.group == "coordination.k8s.io" && gvr.resource == "leases" &&
        (a.request.ns != "kube-node-lease" || (a.name() != node)))
      return refuse(a, "can only access node lease with the same name as the requesting node");
    return {};
  }

 private:
  // Where the pod of this request runs; it must be this node.
  Status must_run_here(Attempt& a, const std::string& node, const char* verb) {
    auto pod = reader_.find(api::kPods, a.request.ns, a.request.name);
    if (!pod) return {};  // the registry says NotFound
    if (json::str(pod->json(), {"spec", "nodeName"}) == node) return {};
    return refuse(a, "node \"" + node + "\" can only " + verb + " pods with spec.nodeName set to itself");
  }

  Status check_pod(Attempt& a, const std::string& node) {
    const std::string& sub = a.request.subresource;
    if (sub == "status") {
      if (a.object && a.existing && json::find(*a.object, {"metadata", "labels"}) != json::find(*a.existing, {"metadata", "labels"}))
        return refuse(a, "node \"" + node + "\" cannot update labels through pod status");
      return must_run_here(a, node, "update pod status for");
    }
    if (sub == "eviction") return must_run_here(a, node, "evict");
    if (!sub.empty()) return refuse(a, "unexpected subresource \"" + sub + "\"");
    if (a.operation == api::Verb::kDelete) return must_run_here(a, node, "delete");
    if (a.operation != api::Verb::kCreate) return refuse(a, "node \"" + node + "\" can only create and delete mirror pods");
    if (json::str(*a.object, {"metadata", "annotations", "kubernetes.io/config.mirror"}).empty())
      return refuse(a, "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"" + node + "\" can only create mirror pods");
    if (json::str(*a.object, {"spec", "nodeName"}) != node)
      return refuse(a, "node \"" + node + "\" can only create pods with spec.nodeName set to itself");
    for (const auto& v : json::array_or_empty(json::find(*a.object, {"spec", "volumes"})))
      for (const char* kind : {"secret", "configMap", "persistentVolumeClaim", "projected"})
        if (v.contains(kind)) return refuse(a, "node \"" + node + "\" can not create pods that reference " + kind + "s");
    return {};
  }

  Status check_node(Attempt& a, const std::string& node) {
    if (a.name() != node) return refuse(a, "node \"" + node + "\" is not allowed to modify node \"" + a.name() + "\"");
    if (!a.object) return {};
    const Json none;
    const Json& before = a.existing ? json::object_or_empty(json::find(*a.existing, {"metadata", "labels"})) : json::object_or_empty(none);
    const Json& after = json::object_or_empty(json::find(*a.object, {"metadata", "labels"}));
    std::string bad;
    for (const auto& [key, value] : after.items())
      if ((!before.contains(key) || before[key] != value) && !may_set_label(key)) bad += (bad.empty() ? "" : ", ") + key;
    for (const auto& [key, value] : before.items())
      if (!after.contains(key) && !may_set_label(key)) bad += (bad.empty() ? "" : ", ") + key;
    if (!bad.empty()) return refuse(a, "is not allowed to modify labels: " + bad);
    if (a.existing && json::array_or_empty(json::find(*a.object, {"spec", "taints"})) != json::array_or_empty(json::find(*a.existing, {"spec", "taints"})))
      return refuse(a, "node \"" + node + "\" is not allowed to modify taints");
    if (json::find(*a.object, {"metadata", "ownerReferences"}).is_array() &&
        (!a.existing || json::find(*a.object, {"metadata", "ownerReferences"}) != json::find(*a.existing, {"metadata", "ownerReferences"})))
      return refuse(a, "node \"" + node + "\" is not allowed to set ownerReferences");
    return {};
  }

  Status check_token(Attempt& a, const std::string& node) {
    const Json& ref = json::find(*a.object, {"spec", "boundObjectRef"});
    if (json::str(ref, "kind") != "Pod" || json::str(ref, "apiVersion") != "v1") return refuse(a, "node requested token not bound to a pod");
    if (json::str(ref, "uid").empty()) return refuse(a, "node requested token with a pod binding without a uid");
    auto pod = reader_.find(api::kPods, a.request.ns, json::str(ref, "name"));
    if (!pod || pod->meta().uid != json::str(ref, "uid")) return refuse(a, "pod not found");
    if (json::str(pod->json(), {"spec", "nodeName"}) != node) return refuse(a, "node requested token bound to a pod scheduled on a different node");
    return {};
  }

  Reader reader_;
};

}  // namespace

std::unique_ptr<Plugin> make_node_restriction(Reader reader) { return std::make_unique<NodeRestriction>(std::move(reader)); }

}  // namespace skerry::admission
