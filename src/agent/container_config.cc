#include "agent/container_config.h"

#include <algorithm>

#include "api/pod.h"
#include "api/quantity.h"

namespace skerry::agent {
namespace {

int64_t shares_of(int64_t milli) { return std::clamp<int64_t>(milli * 1024 / 1000, 2, 262144); }
int64_t quota_of(int64_t milli) { return std::max<int64_t>(milli * 100000 / 1000, 1000); }

api::ResourceAmounts amounts(const Json& container, const char* which) {
  return api::amounts_from_json(json::find(container, {"resources", which}));
}
int64_t milli_cpu(const api::ResourceAmounts& a) {
  auto it = a.find("cpu");
  return it == a.end() ? 0 : it->second.milli_value();
}
int64_t memory(const api::ResourceAmounts& a) {
  auto it = a.find("memory");
  return it == a.end() ? 0 : it->second.value();
}

// The container's own setting, or the pod's.
const Json& security(const Json& pod, const Json& container, const char* key) {
  const Json& own = json::find(container, {"securityContext", key});
  return own.is_null() ? json::find(pod, {"spec", "securityContext", key}) : own;
}

std::optional<int64_t> as_integer(const Json& v) { return v.is_number_integer() ? std::optional(v.get<int64_t>()) : std::nullopt; }

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> out;
  for (auto& s : json::array_or_empty(list))
    if (s.is_string()) out.push_back(s.get<std::string>());
  return out;
}

Status verify_non_root(const ContainerInputs& in, const runtime::User& user) {
  const Json& wanted = security(in.pod, in.container, "runAsNonRoot");
  if (!wanted.is_boolean() || !wanted.get<bool>()) return {};
  const std::string where = "(pod: \"" + json::str(in.pod, {"metadata", "name"}) + "_" + json::str(in.pod, {"metadata", "namespace"}) + "(" +
                            json::str(in.pod, {"metadata", "uid"}) + ")\", container: " + json::str(in.container, "name") + ")";
  if (user.uid) {
    if (*user.uid == 0) return Error(Reason::kInvalid, "container's runAsUser breaks non-root policy " + where);
    return {};
  }
  if (in.image.uid) {
    if (*in.image.uid == 0) return Error(Reason::kInvalid, "container has runAsNonRoot and image will run as root " + where);
    return {};
  }
  if (in.image.user.empty()) return Error(Reason::kInvalid, "container has runAsNonRoot and image will run as root " + where);
  return Error(Reason::kInvalid, "container has runAsNonRoot and image has non-numeric user (" + in.image.user + "), cannot verify user is non-root " + where);
}

}  // namespace

std::string cgroup_parent(const Json& pod) {
  const auto qos = api::pod_qos_class(pod);
  const std::string leaf = "pod" + json::str(pod, {"metadata", "uid"});
  if (qos == "BestEffort") return "besteffort/" + leaf;
  if (qos == "Burstable") return "burstable/" + leaf;
  return leaf;
}

runtime::Resources pod_resources(const Json& pod) {
  runtime::Resources r;
  auto requests = api::pod_requests(pod), limits = api::pod_limits(pod);
  r.cpu_shares = shares_of(milli_cpu(requests));
  bool all_cpu = true, all_memory = true;
  for (auto& c : json::array_or_empty(json::find(pod, {"spec", "containers"}))) {
    auto l = amounts(c, "limits");
    if (milli_cpu(l) == 0) all_cpu = false;
    if (memory(l) == 0) all_memory = false;
  }
  if (all_cpu && milli_cpu(limits) > 0) r.cpu_quota_us = quota_of(milli_cpu(limits));
  if (all_memory && memory(limits) > 0) r.memory_limit_bytes = memory(limits);
  return r;
}

int oom_score_adj(const Json& pod, const Json& container, int64_t node_memory_bytes) {
  const int64_t priority = json::integer(pod, {"spec", "priority"});
  const auto qos = api::pod_qos_class(pod);
  if (priority >= 2000000000 || qos == "Guaranteed") return -997;
  if (qos == "BestEffort" || node_memory_bytes <= 0) return 1000;
  auto requested = static_cast<double>(memory(amounts(container, "requests")));
  int64_t adj = 1000 - static_cast<int64_t>(1000.0 * requested / static_cast<double>(node_memory_bytes));
  return static_cast<int>(std::clamp<int64_t>(adj, 3, 999));
}

runtime::Resources container_resources(const Json& pod, const Json& container, int64_t node_memory_bytes) {
  runtime::Resources r;
  auto requests = amounts(container, "requests"), limits = amounts(container, "limits");
  int64_t cpu = milli_cpu(requests);
  if (!requests.contains("cpu") && limits.contains("cpu")) cpu = milli_cpu(limits);
  r.cpu_shares = shares_of(cpu);
  if (milli_cpu(limits) > 0) r.cpu_quota_us = quota_of(milli_cpu(limits));
  if (memory(limits) > 0) r.memory_limit_bytes = memory(limits);
  r.oom_score_adj = oom_score_adj(pod, container, node_memory_bytes);
  return r;
}

runtime::SandboxConfig make_sandbox_config(const Json& pod, uint32_t attempt, const std::string& hostname, const std::string& log_directory) {
  runtime::SandboxConfig s;
  s.pod_uid = json::str(pod, {"metadata", "uid"});
  s.pod_name = json::str(pod, {"metadata", "name"});
  s.pod_namespace = json::str(pod, {"metadata", "namespace"});
  s.attempt = attempt;
  s.host_network = json::boolean(pod, {"spec", "hostNetwork"});
  s.host_pid = json::boolean(pod, {"spec", "hostPID"});
  s.host_ipc = json::boolean(pod, {"spec", "hostIPC"});
  s.share_process_namespace = json::boolean(pod, {"spec", "shareProcessNamespace"});
  s.hostname = s.host_network ? "" : hostname;
  s.log_directory = log_directory;
  s.cgroup_parent = cgroup_parent(pod);
  s.pod_resources = pod_resources(pod);
  for (auto& c : json::array_or_empty(json::find(pod, {"spec", "securityContext", "sysctls"})))
    s.sysctls[json::str(c, "name")] = json::str(c, "value");
  return s;
}

Result<runtime::ContainerConfig> make_container_config(const ContainerInputs& in) {
  const Json &pod = in.pod, &container = in.container;
  runtime::ContainerConfig c;
  c.name = json::str(container, "name");
  c.attempt = in.attempt;
  c.image_ref = in.image.id;
  c.image_name = json::str(container, "image");
  auto lookup = [&](std::string_view name) { return find_variable(in.environment, name); };
  for (auto& s : strings(json::find(container, "command"))) c.command.push_back(expand(s, lookup));
  for (auto& s : strings(json::find(container, "args"))) c.args.push_back(expand(s, lookup));
  c.env = in.environment;
  c.working_dir = json::str(container, "workingDir");
  c.resources = container_resources(pod, container, in.node_memory_bytes);
  c.user.uid = as_integer(security(pod, container, "runAsUser"));
  c.user.gid = as_integer(security(pod, container, "runAsGroup"));
  for (auto& g : json::array_or_empty(json::find(pod, {"spec", "securityContext", "supplementalGroups"})))
    if (g.is_number_integer()) c.user.supplemental_groups.push_back(g.get<int64_t>());
  if (auto g = as_integer(json::find(pod, {"spec", "securityContext", "fsGroup"}))) c.user.supplemental_groups.push_back(*g);
  TRY(verify_non_root(in, c.user));
  const Json& sc = json::find(container, "securityContext");
  c.privileged = json::boolean(sc, "privileged");
  c.read_only_rootfs = json::boolean(sc, "readOnlyRootFilesystem");
  const Json& escalation = json::find(sc, "allowPrivilegeEscalation");
  c.no_new_privileges = escalation.is_boolean() && !escalation.get<bool>();
  c.add_capabilities = strings(json::find(sc, {"capabilities", "add"}));
  c.drop_capabilities = strings(json::find(sc, {"capabilities", "drop"}));
  c.unmask_proc = json::str(sc, "procMount") == "Unmasked";
  const Json& seccomp = security(pod, container, "seccompProfile");
  const std::string type = json::str(seccomp, "type");
  if (!c.privileged && type == "RuntimeDefault") c.seccomp.type = runtime::Seccomp::Type::kRuntimeDefault;
  if (!c.privileged && type == "Localhost") {
    const std::string file = json::str(seccomp, "localhostProfile");
    if (file.empty() || file.starts_with("/") || file.find("..") != std::string::npos)
      return Error(Reason::kInvalid, "seccomp: localhostProfile must be a relative path below the seccomp directory");
    c.seccomp = {runtime::Seccomp::Type::kLocalhost, in.seccomp_directory + "/" + file};
  }
  c.log_path = c.name + "/" + std::to_string(in.attempt) + ".log";
  c.stdin_open = json::boolean(container, "stdin");
  c.stdin_once = json::boolean(container, "stdinOnce");
  c.tty = json::boolean(container, "tty");
  c.stop_signal = json::str(container, {"lifecycle", "stopSignal"});
  if (!json::array_or_empty(json::find(container, "volumeDevices")).empty())
    return Error(Reason::kNotImplemented, "volumeDevices are not supported yet");
  return c;
}

bool is_read_only_volume(const Json& pod, std::string_view volume) {
  for (auto& v : json::array_or_empty(json::find(pod, {"spec", "volumes"})))
    if (json::str(v, "name") == volume)
      return v.contains("configMap") || v.contains("secret") || v.contains("downwardAPI") || v.contains("projected");
  return false;
}

Result<std::vector<runtime::Mount>> make_mounts(const ContainerInputs& in, const MountedVolumes& mounted, Volumes& volumes) {
  std::vector<runtime::Mount> out;
  const std::string uid = json::str(in.pod, {"metadata", "uid"}), name = json::str(in.container, "name");
  size_t index = 0;
  for (auto& m : json::array_or_empty(json::find(in.container, "volumeMounts"))) {
    const std::string volume = json::str(m, "name");
    auto it = mounted.paths.find(volume);
    if (it == mounted.paths.end()) return Error(Reason::kInvalid, "cannot find volume \"" + volume + "\" to mount into container \"" + name + "\"");
    runtime::Mount mount;
    mount.host_path = it->second;
    std::string sub_path = json::str(m, "subPath");
    if (auto expression = json::str(m, "subPathExpr"); !expression.empty()) {
      std::string missing;
      sub_path = expand(expression, [&](std::string_view variable) {
        auto v = find_variable(in.environment, variable);
        if (!v) missing = variable;
        return v;
      });
      if (!missing.empty()) return Error(Reason::kInvalid, "failed to expand subPathExpr of volumeMount \"" + volume + "\": missing value for \"" + missing + "\"");
      if (sub_path.empty() || sub_path[0] == '/') return Error(Reason::kInvalid, "error SubPath `" + sub_path + "` must not be an absolute path");
      for (size_t at = 0; (at = sub_path.find("..", at)) != std::string::npos; at += 2)
        if ((at == 0 || sub_path[at - 1] == '/') && (at + 2 == sub_path.size() || sub_path[at + 2] == '/'))
          return Error(Reason::kInvalid, "unable to provision SubPath `" + sub_path + "`: must not contain '..'");
    }
    if (!sub_path.empty()) mount.host_path = TRY(volumes.bind_sub_path(uid, name, index, it->second, sub_path));
    ++index;
    mount.container_path = json::str(m, "mountPath");
    if (!mount.container_path.starts_with('/')) mount.container_path = "/" + mount.container_path;
    const bool asked_read_only = json::boolean(m, "readOnly");
    mount.read_only = asked_read_only || is_read_only_volume(in.pod, volume);
    mount.recursive_read_only = asked_read_only && (json::str(m, "recursiveReadOnly") == "Enabled" || json::str(m, "recursiveReadOnly") == "IfPossible");
    const std::string propagation = json::str(m, "mountPropagation");
    if (propagation == "HostToContainer") mount.propagation = runtime::Mount::Propagation::kHostToContainer;
    if (propagation == "Bidirectional") mount.propagation = runtime::Mount::Propagation::kBidirectional;
    out.push_back(std::move(mount));
  }
  return out;
}

}  // namespace skerry::agent
