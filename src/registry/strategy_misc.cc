// Pods, Jobs, Namespaces, Secrets, claims and volumes, certificate requests, CustomResourceDefinitions.
#include <algorithm>

#include "api/pod.h"
#include "base/strings.h"
#include "registry/strategy.h"

namespace skerry::registry {

Status prepare_pod(StrategyContext&, Json& pod) {
  pod["status"] = {{"phase", "Pending"}, {"qosClass", std::string(api::pod_qos_class(pod))}};
  const Json& gates = json::find(pod, {"spec", "schedulingGates"});
  if (gates.is_array() && !gates.empty())
    pod["status"]["conditions"] = Json::array({{{"type", "PodScheduled"},
                                                {"status", "False"},
                                                {"reason", "SchedulingGated"},
                                                {"message", "Scheduling is blocked due to non-empty scheduling gates"}}});
  return {};
}

Status prepare_pod_update(StrategyContext&, Json& pod, const Json&) {
  Json& status = pod["status"];
  if (!status.is_object()) status = Json::object();
  if (!status.contains("qosClass")) status["qosClass"] = std::string(api::pod_qos_class(pod));
  return {};
}

// Jobs that do not choose a selector get one that matches their own uid.
Status prepare_job(StrategyContext&, Json& job) {
  Json& spec = job["spec"];
  if (json::boolean(spec, "manualSelector")) return {};
  if (!spec.is_object() || !spec.contains("template")) return {};  // validation says what is missing
  const std::string uid = json::str(job, {"metadata", "uid"}), name = json::str(job, {"metadata", "name"});
  Json& labels = spec["template"]["metadata"]["labels"];
  if (!labels.is_object()) labels = Json::object();
  for (const char* key : {"batch.kubernetes.io/controller-uid", "controller-uid"}) labels[key] = uid;
  for (const char* key : {"batch.kubernetes.io/job-name", "job-name"}) labels[key] = name;
  Json& selector = spec["selector"];
  if (!selector.is_object()) selector = Json::object();
  selector["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid;
  return {};
}

Status prepare_namespace(StrategyContext&, Json& ns) {
  ns["status"] = {{"phase", "Active"}};
  Json& spec = ns["spec"];
  if (!spec.is_object()) spec = Json::object();
  Json& finalizers = spec["finalizers"];
  if (!finalizers.is_array()) finalizers = Json::array();
  for (const Json& f : finalizers)
    if (f == "kubernetes") return {};
  finalizers.push_back("kubernetes");
  return {};
}

Status prepare_namespace_update(StrategyContext&, Json& ns, const Json& old) {
  ns["spec"] = json::find(old, "spec");
  return {};
}

Status prepare_secret(StrategyContext&, Json& secret) {
  auto it = secret.find("stringData");
  if (it == secret.end()) return {};
  Json& data = secret["data"];
  if (!data.is_object()) data = Json::object();
  for (const auto& [key, value] : json::object_or_empty(secret["stringData"]).items())
    if (value.is_string()) data[key] = base64_encode(value.get_ref<const std::string&>());
  if (data.empty()) secret.erase("data");
  secret.erase("stringData");
  return {};
}

Status prepare_secret_update(StrategyContext& context, Json& secret, const Json& old) {
  TRY(prepare_secret(context, secret));
  // An unset type keeps what it was.
  if (json::str(secret, "type").empty() && old.contains("type")) secret["type"] = old["type"];
  return {};
}

Status prepare_pending(StrategyContext&, Json& object) {
  object["status"] = {{"phase", "Pending"}};
  return {};
}

Status prepare_csr(StrategyContext& context, Json& csr) {
  Json& spec = csr["spec"];
  if (!spec.is_object()) return {};
  for (const char* key : {"uid", "groups", "extra"}) spec.erase(key);
  spec["username"] = context.user.name;
  if (!context.user.uid.empty()) spec["uid"] = context.user.uid;
  if (!context.user.groups.empty()) spec["groups"] = context.user.groups;
  if (!context.user.extra.empty()) spec["extra"] = context.user.extra;
  csr["status"] = Json::object();
  return {};
}

Status prepare_csr_update(StrategyContext&, Json& csr, const Json& old) {
  csr["spec"] = json::find(old, "spec");
  return {};
}

Status prepare_crd(StrategyContext&, Json& crd) {
  Json stored = Json::array();
  for (const Json& version : json::array_or_empty(json::find(crd, {"spec", "versions"})))
    if (json::boolean(version, "storage")) stored.push_back(json::str(version, "name"));
  crd["status"] = {{"acceptedNames", {{"kind", ""}, {"plural", ""}}}, {"conditions", Json::array()}, {"storedVersions", stored}};
  return {};
}

Status prepare_crd_update(StrategyContext&, Json& crd, const Json& old) {
  Json& stored = crd["status"]["storedVersions"];
  if (!stored.is_array()) stored = json::array_or_empty(json::find(old, {"status", "storedVersions"}));
  for (const Json& version : json::array_or_empty(json::find(crd, {"spec", "versions"}))) {
    if (!json::boolean(version, "storage")) continue;
    Json name = json::str(version, "name");
    if (std::find(stored.begin(), stored.end(), name) == stored.end()) stored.push_back(name);
  }
  return {};
}

}  // namespace skerry::registry
