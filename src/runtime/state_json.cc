#include "runtime/state_json.h"

namespace skerry::runtime {

namespace {

std::vector<std::string> strings(const Json& value) {
  std::vector<std::string> out;
  for (const Json& item : json::array_or_empty(value))
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::map<std::string, std::string> string_map(const Json& value) {
  std::map<std::string, std::string> out;
  for (const auto& [key, item] : json::object_or_empty(value).items())
    if (item.is_string()) out[key] = item.get<std::string>();
  return out;
}

void put(Json& out, const char* key, const std::optional<int64_t>& value) {
  if (value) out[key] = *value;
}

std::optional<int64_t> optional(const Json& value, const char* key) {
  const Json& item = json::find(value, key);
  return item.is_number_integer() ? std::optional(item.get<int64_t>()) : std::nullopt;
}

Json resources_to_json(const Resources& r) {
  Json out = {{"period", r.cpu_period_us}, {"oom", r.oom_score_adj}};
  put(out, "shares", r.cpu_shares);
  put(out, "quota", r.cpu_quota_us);
  put(out, "memory", r.memory_limit_bytes);
  put(out, "pids", r.pids_limit);
  return out;
}

Resources resources_from_json(const Json& value) {
  Resources r;
  r.cpu_shares = optional(value, "shares");
  r.cpu_quota_us = optional(value, "quota");
  r.cpu_period_us = json::integer(value, "period", 100000);
  r.memory_limit_bytes = optional(value, "memory");
  r.pids_limit = optional(value, "pids");
  r.oom_score_adj = static_cast<int>(json::integer(value, "oom"));
  return r;
}

}  // namespace

int64_t to_ns(WallTime time) { return time.time_since_epoch().count(); }
WallTime from_ns(int64_t ns) { return WallTime(std::chrono::nanoseconds(ns)); }

Json to_json(const SandboxConfig& c) {
  return {{"uid", c.pod_uid}, {"name", c.pod_name}, {"namespace", c.pod_namespace}, {"attempt", c.attempt},
          {"hostname", c.hostname}, {"logDirectory", c.log_directory}, {"hostNetwork", c.host_network}, {"hostPID", c.host_pid},
          {"hostIPC", c.host_ipc}, {"sharePID", c.share_process_namespace}, {"cgroupParent", c.cgroup_parent},
          {"resources", resources_to_json(c.pod_resources)}, {"sysctls", c.sysctls}, {"labels", c.labels}};
}

SandboxConfig sandbox_config_from_json(const Json& v) {
  SandboxConfig c;
  c.pod_uid = json::str(v, "uid");
  c.pod_name = json::str(v, "name");
  c.pod_namespace = json::str(v, "namespace");
  c.attempt = static_cast<uint32_t>(json::integer(v, "attempt"));
  c.hostname = json::str(v, "hostname");
  c.log_directory = json::str(v, "logDirectory");
  c.host_network = json::boolean(v, "hostNetwork");
  c.host_pid = json::boolean(v, "hostPID");
  c.host_ipc = json::boolean(v, "hostIPC");
  c.share_process_namespace = json::boolean(v, "sharePID");
  c.cgroup_parent = json::str(v, "cgroupParent");
  c.pod_resources = resources_from_json(json::find(v, "resources"));
  c.sysctls = string_map(json::find(v, "sysctls"));
  c.labels = string_map(json::find(v, "labels"));
  return c;
}

Json to_json(const ContainerConfig& c) {
  Json mounts = Json::array(), devices = Json::array(), env = Json::array();
  for (const Mount& m : c.mounts)
    mounts.push_back({{"host", m.host_path}, {"container", m.container_path}, {"ro", m.read_only}, {"rro", m.recursive_read_only},
                      {"propagation", static_cast<int>(m.propagation)}});
  for (const Device& d : c.devices)
    devices.push_back({{"host", d.host_path}, {"container", d.container_path}, {"permissions", d.permissions}});
  for (const auto& [name, value] : c.env) env.push_back({name, value});
  Json user = {{"name", c.user.name}, {"groups", c.user.supplemental_groups}};
  put(user, "uid", c.user.uid);
  put(user, "gid", c.user.gid);
  Json out = {{"name", c.name}, {"attempt", c.attempt}, {"imageRef", c.image_ref}, {"imageName", c.image_name},
              {"command", c.command}, {"args", c.args}, {"env", env}, {"workingDir", c.working_dir}, {"mounts", mounts},
              {"devices", devices}, {"resources", resources_to_json(c.resources)}, {"user", user}, {"privileged", c.privileged},
              {"readOnly", c.read_only_rootfs}, {"noNewPrivileges", c.no_new_privileges}, {"addCapabilities", c.add_capabilities},
              {"dropCapabilities", c.drop_capabilities}, {"unmaskProc", c.unmask_proc},
              {"seccomp", {{"type", static_cast<int>(c.seccomp.type)}, {"path", c.seccomp.localhost_path}}},
              {"logPath", c.log_path}, {"stdin", c.stdin_open}, {"stdinOnce", c.stdin_once}, {"tty", c.tty},
              {"stopSignal", c.stop_signal}, {"labels", c.labels}};
  if (c.target_pid_container) out["targetPID"] = *c.target_pid_container;
  return out;
}

ContainerConfig container_config_from_json(const Json& v) {
  ContainerConfig c;
  c.name = json::str(v, "name");
  c.attempt = static_cast<uint32_t>(json::integer(v, "attempt"));
  c.image_ref = json::str(v, "imageRef");
  c.image_name = json::str(v, "imageName");
  c.command = strings(json::find(v, "command"));
  c.args = strings(json::find(v, "args"));
  for (const Json& item : json::array_or_empty(json::find(v, "env")))
    if (item.is_array() && item.size() == 2 && item[0].is_string() && item[1].is_string())
      c.env.emplace_back(item[0].get<std::string>(), item[1].get<std::string>());
  c.working_dir = json::str(v, "workingDir");
  for (const Json& m : json::array_or_empty(json::find(v, "mounts")))
    c.mounts.push_back({json::str(m, "host"), json::str(m, "container"), json::boolean(m, "ro"), json::boolean(m, "rro"),
                        static_cast<Mount::Propagation>(json::integer(m, "propagation"))});
  for (const Json& d : json::array_or_empty(json::find(v, "devices")))
    c.devices.push_back({json::str(d, "host"), json::str(d, "container"), json::str(d, "permissions")});
  c.resources = resources_from_json(json::find(v, "resources"));
  c.user.uid = optional(json::find(v, "user"), "uid");
  c.user.gid = optional(json::find(v, "user"), "gid");
  c.user.name = json::str(v, {"user", "name"});
  for (const Json& gid : json::array_or_empty(json::find(v, {"user", "groups"})))
    if (gid.is_number_integer()) c.user.supplemental_groups.push_back(gid.get<int64_t>());
  c.privileged = json::boolean(v, "privileged");
  c.read_only_rootfs = json::boolean(v, "readOnly");
  c.no_new_privileges = json::boolean(v, "noNewPrivileges");
  c.add_capabilities = strings(json::find(v, "addCapabilities"));
  c.drop_capabilities = strings(json::find(v, "dropCapabilities"));
  c.unmask_proc = json::boolean(v, "unmaskProc");
  c.seccomp.type = static_cast<Seccomp::Type>(json::integer(v, {"seccomp", "type"}));
  c.seccomp.localhost_path = json::str(v, {"seccomp", "path"});
  c.log_path = json::str(v, "logPath");
  c.stdin_open = json::boolean(v, "stdin");
  c.stdin_once = json::boolean(v, "stdinOnce");
  c.tty = json::boolean(v, "tty");
  c.stop_signal = json::str(v, "stopSignal");
  c.labels = string_map(json::find(v, "labels"));
  if (json::find(v, "targetPID").is_string()) c.target_pid_container = json::str(v, "targetPID");
  return c;
}

}  // namespace skerry::runtime
