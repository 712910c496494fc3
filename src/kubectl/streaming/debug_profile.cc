#include "kubectl/streaming/debug_profile.h"

#include <algorithm>

#include "kubectl/session.h"

namespace skerry::kubectl {

Status check_profile(const std::string& profile) {
  for (const char* known : {"general", "baseline", "restricted", "netadmin", "sysadmin", "legacy"}) {
    if (profile == known) return {};
  }
  return plain_error("unknown profile: " + profile);
}

void apply_profile(const std::string& profile, DebugTarget target, Json& pod, Json& container) {
  bool node = target == DebugTarget::kNode;
  if (node && profile != "baseline" && profile != "restricted") {
    for (const char* ns : {"hostNetwork", "hostPID", "hostIPC"}) pod["spec"][ns] = true;
  }
  if (node && (profile == "general" || profile == "sysadmin" || profile == "legacy")) {
    pod["spec"]["volumes"].push_back({{"name", "host-root"}, {"hostPath", {{"path", "/"}}}});
    container["volumeMounts"].push_back({{"name", "host-root"}, {"mountPath", "/host"}});
  }
  Json& security = container["securityContext"];
  if (profile == "general" && !node) security["capabilities"]["add"] = {"SYS_PTRACE"};
  if (profile == "netadmin") security["capabilities"]["add"] = {"NET_ADMIN", "NET_RAW"};
  if (profile == "sysadmin") security["privileged"] = true;
  if (profile == "restricted") {
    security = {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}, {"runAsNonRoot", true},
                {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  }
  if (security.is_null()) container.erase("securityContext");
}

Status apply_custom(const Json& partial, Json& container) {
  if (!partial.is_object()) return plain_error("the --custom file must hold a partial container");
  for (const char* fixed : {"name", "image", "command", "lifecycle", "volumeDevices"}) {
    if (partial.contains(fixed)) return plain_error(std::string(fixed) + " can not be modified by custom profile");
  }
  Json rest = partial;
  if (rest.contains("env") && rest["env"].is_array()) {
    for (const Json& variable : rest["env"]) {
      Json& list = container["env"];
      if (list.is_null()) list = Json::array();
      auto same = std::find_if(list.begin(), list.end(), [&](const Json& old) { return json::str(old, "name") == json::str(variable, "name"); });
      if (same != list.end()) *same = variable;
      else list.push_back(variable);
    }
    rest.erase("env");
  }
  container.merge_patch(rest);
  return {};
}

}  // namespace skerry::kubectl
