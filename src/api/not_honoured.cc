#include "api/not_honoured.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace skerry::api {
namespace {

// src/agent/volumes does these; FailedMount tells of any other.
constexpr std::array<std::string_view, 6> kVolumes = {"emptyDir", "hostPath", "configMap", "secret", "downwardAPI", "projected"};
constexpr std::array<std::string_view, 4> kProjections = {"configMap", "secret", "downwardAPI", "serviceAccountToken"};

bool given(const Json& v) { return !v.is_null() && !(v.is_structured() && v.empty()) && v != ""; }

class Warnings {
 public:
  void add(const std::string& path, const std::string& what) { out_.push_back(path + ": " + what + " not honoured yet"); }
  void if_given(const Json& parent, const std::string& path, const char* field, const char* what) {
    if (given(json::find(parent, field))) add(path + "." + field, what);
  }
  std::vector<std::string> take() { return std::move(out_); }

 private:
  std::vector<std::string> out_;
};

void security_context(Warnings& w, const Json& sc, const std::string& path) {
  w.if_given(sc, path, "seLinuxOptions", "SELinux labels are");
  w.if_given(sc, path, "windowsOptions", "Windows options are");
  const std::string profile = json::str(sc, {"appArmorProfile", "type"});
  if (!profile.empty() && profile != "Unconfined") w.add(path + ".appArmorProfile", "AppArmor profiles are");
}

void container(Warnings& w, const Json& c, const std::string& path) {
  security_context(w, json::find(c, "securityContext"), path + ".securityContext");
  w.if_given(c, path, "restartPolicyRules", "restart rules of containers are");
  w.if_given(c, path, "volumeDevices", "block devices are");
  w.if_given(json::find(c, "resources"), path + ".resources", "claims", "resource claims are");
  const Json& env = json::array_or_empty(json::find(c, "env"));
  for (size_t i = 0; i < env.size(); ++i)
    if (given(json::find(env[i], {"valueFrom", "fileKeyRef"})))
      w.add(path + ".env[" + std::to_string(i) + "].valueFrom.fileKeyRef", "variables from files are");
}

void volume(Warnings& w, const Json& v, const std::string& path) {
  for (const auto& [kind, source] : json::object_or_empty(v).items())
    if (kind != "name" && !source.is_null() && std::find(kVolumes.begin(), kVolumes.end(), kind) == kVolumes.end())
      w.add(path + "." + kind, "volumes of this kind are");
  if (json::str(v, {"emptyDir", "medium"}).starts_with("HugePages")) w.add(path + ".emptyDir.medium", "huge pages are");
  const Json& sources = json::array_or_empty(json::find(v, {"projected", "sources"}));
  for (size_t i = 0; i < sources.size(); ++i)
    for (const auto& [kind, source] : json::object_or_empty(sources[i]).items())
      if (!source.is_null() && std::find(kProjections.begin(), kProjections.end(), kind) == kProjections.end())
        w.add(path + ".projected.sources[" + std::to_string(i) + "]." + kind, "projected sources of this kind are");
}

}  // namespace

std::vector<std::string> not_honoured_in_pod(const Json& spec, const std::string& path) {
  Warnings w;
  if (json::find(spec, "hostUsers") == false) w.add(path + ".hostUsers", "user namespaces are");
  w.if_given(spec, path, "resourceClaims", "resource claims are");
  w.if_given(spec, path, "runtimeClassName", "handlers of runtime classes are");
  const Json& sc = json::find(spec, "securityContext");
  security_context(w, sc, path + ".securityContext");
  if (json::str(sc, "supplementalGroupsPolicy") == "Strict") w.add(path + ".securityContext.supplementalGroupsPolicy", "the policy Strict is");
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    const Json& containers = json::array_or_empty(json::find(spec, list));
    for (size_t i = 0; i < containers.size(); ++i) container(w, containers[i], path + "." + list + "[" + std::to_string(i) + "]");
  }
  const Json& volumes = json::array_or_empty(json::find(spec, "volumes"));
  for (size_t i = 0; i < volumes.size(); ++i) volume(w, volumes[i], path + ".volumes[" + std::to_string(i) + "]");
  return w.take();
}

std::vector<std::string> not_honoured_in_service(const Json& spec) {
  Warnings w;
  if (json::str(spec, "type") == "LoadBalancer") w.add("spec.type", "load balancers (beyond their node ports) are");
  w.if_given(spec, "spec", "trafficDistribution", "preferences for near endpoints are");
  return w.take();
}

}  // namespace skerry::api
