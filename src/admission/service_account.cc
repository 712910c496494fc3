#include <algorithm>
#include <chrono>
#include <thread>

#include "admission/plugins.h"

namespace skerry::admission {
namespace {

constexpr const char* kMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
// A little more than an hour, so that the token is told from one somebody asked for.
constexpr int kExpirationSeconds = 3607;
constexpr const char* kMirrorAnnotation = "kubernetes.io/config.mirror";

Json token_volume(const std::string& name) {
  Json token = {{"serviceAccountToken", {{"expirationSeconds", kExpirationSeconds}, {"path", "token"}}}};
  Json ca = {{"configMap", {{"name", "kube-root-ca.crt"}, {"items", Json::array({Json{{"key", "ca.crt"}, {"path", "ca.crt"}}})}}}};
  Json ns_item = {{"path", "namespace"}, {"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}}}};
  Json ns = {{"downwardAPI", {{"items", Json::array({ns_item})}}}};
  Json sources = Json::array({token, ca, ns});
  return {{"name", name}, {"projected", {{"defaultMode", 420}, {"sources", sources}}}};
}

class ServiceAccount final : public Plugin {
 public:
  ServiceAccount(Reader reader, Random& random) : reader_(std::move(reader)), random_(random) {}
  std::string_view name() const override { return "ServiceAccount"; }

  Status mutate(Attempt& a) override {
    if (!a.creates(api::kPods)) return {};
    Json& pod = *a.object;
    Json& spec = pod["spec"];
    // What a node mirrors from its own files never speaks to the API.
    if (!json::str(pod, {"metadata", "annotations", kMirrorAnnotation}).empty()) {
      if (!json::str(spec, "serviceAccountName").empty()) return refuse(a, "a mirror pod may not reference service accounts");
      return {};
    }
    if (json::str(spec, "serviceAccountName").empty()) spec["serviceAccountName"] = "default";
    const std::string name = json::str(spec, "serviceAccountName");
    spec["serviceAccount"] = name;
    auto account = find_account(a.request, name);
    if (!account)
      return refuse(a, "error looking up service account " + a.request.ns + "/" + name + ": serviceaccount \"" + name + "\" not found");
    const Json value = account->json();
    if (!spec.contains("imagePullSecrets") || spec["imagePullSecrets"].empty())
      if (const Json& secrets = json::array_or_empty(json::find(value, "imagePullSecrets")); !secrets.empty())
        spec["imagePullSecrets"] = secrets;
    bool wants_token = json::boolean(spec, "automountServiceAccountToken", json::boolean(value, "automountServiceAccountToken", true));
    if (wants_token) mount_token(spec);
    return {};
  }

 private:
  // Whoever makes a namespace and at once a pod in it should not lose the race against the controller that makes the
  // default account: like Kubernetes, wait for that one a second. Only for requests from outside (they name an agent):
  // controllers come again by themselves, and share their threads with the one waited for.
  api::ObjectPtr find_account(const api::Request& request, const std::string& name) const {
    auto account = reader_.find(api::kServiceAccounts, request.ns, name);
    for (int i = 0; !account && name == "default" && !request.user_agent.empty() && i < 50; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      account = reader_.find(api::kServiceAccounts, request.ns, name);
    }
    return account;
  }

  void mount_token(Json& spec) {
    // A volume of that kind that is there already (a pod copied from another) is used again.
    std::string volume;
    for (const auto& v : json::array_or_empty(json::find(spec, "volumes")))
      if (json::str(v, "name").rfind("kube-api-access-", 0) == 0) volume = json::str(v, "name");
    bool is_new = volume.empty();
    if (is_new) volume = "kube-api-access-" + random_.name_suffix(5);
    bool used = false;
    for (const char* list : {"initContainers", "containers"}) {
      if (!spec.contains(list) || !spec[list].is_array()) continue;
      for (auto& container : spec[list]) {
        if (!container.is_object()) continue;
        const Json& mounts = json::array_or_empty(json::find(container, "volumeMounts"));
        if (std::any_of(mounts.begin(), mounts.end(), [](const Json& m) { return json::str(m, "mountPath") == kMountPath; })) continue;
        container["volumeMounts"].push_back({{"name", volume}, {"readOnly", true}, {"mountPath", kMountPath}});
        used = true;
      }
    }
    if (used && is_new) spec["volumes"].push_back(token_volume(volume));
  }

  Reader reader_;
  Random& random_;
};

}  // namespace

std::unique_ptr<Plugin> make_service_account(Reader reader, Random& random) {
  return std::make_unique<ServiceAccount>(std::move(reader), random);
}

}  // namespace skerry::admission
