#include "registry/strategy.h"

#include <array>

namespace skerry::registry {
namespace {

constexpr uint16_t kGen = kCountsGeneration;
constexpr uint16_t kUpsert = kCreateOnUpdate;

constexpr std::array kStrategies = {
    Strategy{"pods", kGen | kReturnsDeleted, prepare_pod, prepare_pod_update},
    Strategy{"services", kUpsert, prepare_service, prepare_service_update},
    Strategy{"namespaces", 0, prepare_namespace, prepare_namespace_update},
    Strategy{"secrets", 0, prepare_secret, prepare_secret_update},
    Strategy{"nodes", kKeepsStatusOnCreate, nullptr, nullptr},
    Strategy{"endpoints", kUpsert, nullptr, nullptr},
    Strategy{"events", kUpsert, nullptr, nullptr},
    Strategy{"limitranges", kUpsert, nullptr, nullptr},
    Strategy{"podtemplates", kGen | kUpsert | kReturnsDeleted, nullptr, nullptr},
    Strategy{"replicationcontrollers", kGen | kOrphansByDefault, nullptr, nullptr},
    Strategy{"persistentvolumes", kReturnsDeleted, prepare_pending, nullptr},
    Strategy{"persistentvolumeclaims", kReturnsDeleted, prepare_pending, nullptr},
    Strategy{"resourcequotas", kReturnsDeleted, nullptr, nullptr},
    Strategy{"serviceaccounts", kReturnsDeleted, nullptr, nullptr},
    Strategy{"deployments.apps", kGen, nullptr, nullptr},
    Strategy{"replicasets.apps", kGen, nullptr, nullptr},
    Strategy{"statefulsets.apps", kGen, nullptr, nullptr},
    Strategy{"daemonsets.apps", kGen, nullptr, nullptr},
    Strategy{"jobs.batch", kGen | kOrphansByDefault, prepare_job, nullptr},
    Strategy{"cronjobs.batch", kGen, nullptr, nullptr},
    Strategy{"poddisruptionbudgets.policy", kGen | kNeedsRevision, nullptr, nullptr},
    Strategy{"endpointslices.discovery.k8s.io", kGen, nullptr, nullptr},
    Strategy{"leases.coordination.k8s.io", kUpsert | kNeedsRevision, nullptr, nullptr},
    Strategy{"roles.rbac.authorization.k8s.io", kUpsert, nullptr, nullptr},
    Strategy{"rolebindings.rbac.authorization.k8s.io", kUpsert, nullptr, nullptr},
    Strategy{"clusterroles.rbac.authorization.k8s.io", kUpsert, nullptr, nullptr},
    Strategy{"clusterrolebindings.rbac.authorization.k8s.io", kUpsert, nullptr, nullptr},
    Strategy{"ingresses.networking.k8s.io", kGen, nullptr, nullptr},
    Strategy{"networkpolicies.networking.k8s.io", kGen, nullptr, nullptr},
    Strategy{"ingressclasses.networking.k8s.io", kGen, nullptr, nullptr},
    Strategy{"priorityclasses.scheduling.k8s.io", kGen | kUpsert, nullptr, nullptr},
    Strategy{"runtimeclasses.node.k8s.io", kNeedsRevision, nullptr, nullptr},
    Strategy{"csinodes.storage.k8s.io", kNeedsRevision, nullptr, nullptr},
    Strategy{"csidrivers.storage.k8s.io", kNeedsRevision, nullptr, nullptr},
    Strategy{"volumeattachments.storage.k8s.io", kNeedsRevision, nullptr, nullptr},
    Strategy{"validatingwebhookconfigurations.admissionregistration.k8s.io", kGen | kNeedsRevision, nullptr, nullptr},
    Strategy{"mutatingwebhookconfigurations.admissionregistration.k8s.io", kGen | kNeedsRevision, nullptr, nullptr},
    Strategy{"validatingadmissionpolicies.admissionregistration.k8s.io", kGen | kNeedsRevision, nullptr, nullptr},
    Strategy{"validatingadmissionpolicybindings.admissionregistration.k8s.io", kGen | kNeedsRevision, nullptr, nullptr},
    Strategy{"flowschemas.flowcontrol.apiserver.k8s.io", kGen, nullptr, nullptr},
    Strategy{"prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", kGen, nullptr, nullptr},
    Strategy{"certificatesigningrequests.certificates.k8s.io", 0, prepare_csr, prepare_csr_update},
    Strategy{"customresourcedefinitions.apiextensions.k8s.io", kGen | kNeedsRevision, prepare_crd, prepare_crd_update},
    Strategy{"apiservices.apiregistration.k8s.io", kNeedsRevision, nullptr, nullptr},
};

}  // namespace

Strategy strategy_of(const api::Resource& row) {
  if (row.custom) return {"", kCountsGeneration | kNeedsRevision, nullptr, nullptr};
  std::string name = row.group_resource();
  for (const Strategy& s : kStrategies)
    if (s.group_resource == name) return s;
  return {"", 0, nullptr, nullptr};
}

bool is_heartbeat(const api::Resource& row, const Json& object, const Json& old) {
  bool lease = row.is("coordination.k8s.io", "Lease"), node = row.is("", "Node");
  if (!lease && !node) return false;
  auto stripped = [&](const Json& full) {
    Json copy = full;
    if (auto meta = copy.find("metadata"); meta != copy.end()) {
      meta->erase("resourceVersion");
      meta->erase("managedFields");
    }
    if (lease && copy.contains("spec")) copy["spec"].erase("renewTime");
    if (node && copy.contains("status") && copy["status"].contains("conditions"))
      for (Json& condition : copy["status"]["conditions"])
        if (condition.is_object()) condition.erase("lastHeartbeatTime");
    return copy;
  };
  return stripped(object) == stripped(old);
}

}  // namespace skerry::registry
