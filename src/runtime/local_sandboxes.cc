// LocalRuntime: sandboxes.
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"
#include "os/mounts.h"
#include "os/netns.h"
#include "os/process.h"
#include "os/sysinfo.h"
#include "runtime/local_runtime_impl.h"
#include "runtime/state_json.h"

namespace skerry::runtime {

namespace {

os::CgroupLimits limits(const Resources& r) {
  return {r.cpu_shares, r.cpu_quota_us, r.cpu_period_us, r.memory_limit_bytes, r.pids_limit};
}

}  // namespace

std::string LocalRuntime::pod_cgroup(const SandboxConfig& config) {
  return "kubepods/" + (config.cgroup_parent.empty() ? "pod" + config.pod_uid : config.cgroup_parent);
}

Result<LocalRuntime::Sandbox*> LocalRuntime::find_sandbox_locked(const std::string& id) {
  auto it = sandboxes_.find(id);
  if (it == sandboxes_.end()) return Error(Reason::kNotFound, "no sandbox " + id);
  return &it->second;
}

Result<SandboxInfo> LocalRuntime::sandbox(const std::string& id) {
  std::lock_guard lock(mutex_);
  return TRY(find_sandbox_locked(id))->info;
}

Status LocalRuntime::save_sandbox_locked(const Sandbox& s) {
  Json out = {{"id", s.info.id}, {"config", to_json(s.info.config)}, {"netns", s.info.netns_path}, {"createdNs", to_ns(s.info.created_at)},
              {"ips", s.info.ips}, {"shimPid", s.shim_pid}, {"shimStart", s.shim_start}, {"boot", s.boot_id},
              {"ready", s.info.state == SandboxState::kReady}};
  // After a power cut every sandbox is gone anyway: no need to wait for the disk.
  return os::write_file_atomic(sandbox_data(s.info.id) + "/sandbox.json", json::dump(out), 0600, os::Durability::kProcess);
}

Status LocalRuntime::start_sandbox(Sandbox& s) {
  const SandboxConfig& c = s.info.config;
  TRY(os::make_dirs(sandbox_data(s.info.id), 0700));
  TRY(os::make_dirs(sandbox_run(s.info.id), 0711));
  TRY(cgroups_.create(pod_cgroup(c)));
  if (starts_with(c.cgroup_parent, "besteffort/")) (void)cgroups_.set_limits("kubepods/besteffort", {.cpu_shares = 2, .cpu_quota_us = {}, .memory_bytes = {}, .pids = {}});
  TRY(cgroups_.set_limits(pod_cgroup(c), limits(c.pod_resources)));
  if (!c.host_ipc) {
    std::string shm = sandbox_run(s.info.id) + "/shm";
    TRY(os::make_dirs(shm, 0755));
    TRY(os::mount_at("shm", shm, "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k"));
  }
  ShimStart start;
  start.executable = options_.executable;
  start.crun = options_.crun;
  start.crun_root = options_.run_dir + "/crun";
  start.socket = socket_path(s.info.id);
  start.netns = s.info.netns_path;
  start.new_uts = !c.host_network;
  if (start.new_uts) start.hostname = c.hostname.substr(0, 64);
  start.new_ipc = !c.host_ipc;
  start.share_pid = c.share_process_namespace && !c.host_pid;
  for (const auto& [name, value] : c.sysctls) {
    if (name.find('/') != std::string::npos || name.find("..") != std::string::npos)
      return Error(Reason::kInvalid, "malformed sysctl \"" + name + "\"");
    if (c.host_network && starts_with(name, "net."))
      return Error(Reason::kInvalid, "sysctl \"" + name + "\" is not allowed with hostNetwork");
    start.sysctls.push_back(name + "=" + value);
  }
  start.procs_files = cgroups_.procs_files("shims");
  s.shim_pid = TRY(start_shim(start));
  s.shim_start = os::process_start_time(s.shim_pid);
  return {};
}

Result<SandboxInfo> LocalRuntime::run_sandbox(const SandboxConfig& config) {
  Sandbox s;
  s.info.id = hex_encode(random_.bytes(32));
  s.info.config = config;
  s.info.created_at = clock_.now();
  s.info.state = SandboxState::kReady;
  s.boot_id = os::boot_id();
  if (!config.host_network) s.info.netns_path = options_.run_dir + "/netns/" + s.info.id;
  Status started = start_sandbox(s);
  if (started) started = open_subscription(s);
  if (started) {
    std::lock_guard lock(mutex_);
    Sandbox& kept = sandboxes_[s.info.id] = std::move(s);
    started = watch_locked(kept);
    if (started) started = save_sandbox_locked(kept);
    if (started) return kept.info;
    unwatch_locked(kept);
    s = std::move(kept);
    sandboxes_.erase(s.info.id);
  }
  release_sandbox(s);
  (void)os::remove_tree(sandbox_data(s.info.id));
  (void)cgroups_.remove(pod_cgroup(config));
  return started.error();
}

Status LocalRuntime::set_sandbox_ips(const std::string& id, const std::vector<std::string>& ips) {
  std::lock_guard lock(mutex_);
  Sandbox* s = TRY(find_sandbox_locked(id));
  s->info.ips = ips;
  s->info.ip = ips.empty() ? "" : ips[0];
  return save_sandbox_locked(*s);
}

Status LocalRuntime::update_pod_resources(const std::string& id, const Resources& resources) {
  SandboxInfo info = TRY(sandbox(id));
  TRY(cgroups_.set_limits(pod_cgroup(info.config), limits(resources)));
  std::lock_guard lock(mutex_);
  Sandbox* s = TRY(find_sandbox_locked(id));
  s->info.config.pod_resources = resources;
  return save_sandbox_locked(*s);
}

void LocalRuntime::release_sandbox(const Sandbox& s) {
  ShimClient shim(socket_path(s.info.id));
  if (!shim.request(ShimOp::kShutdown, {}, {}, std::chrono::seconds(5)) && s.shim_pid > 0 && s.boot_id == os::boot_id() &&
      os::process_start_time(s.shim_pid) == s.shim_start)
    kill(s.shim_pid, SIGKILL);
  if (!s.info.netns_path.empty()) (void)os::unpin_namespace(s.info.netns_path);
  (void)os::unmount(sandbox_run(s.info.id) + "/shm");
  (void)os::remove_tree(sandbox_run(s.info.id));
}

Status LocalRuntime::stop_sandbox(const std::string& id) {
  std::vector<std::string> ids;
  SandboxConfig config;
  {
    std::lock_guard lock(mutex_);
    auto it = sandboxes_.find(id);
    if (it == sandboxes_.end()) return {};
    config = it->second.info.config;
    for (auto& [container_id, container] : containers_)
      if (container.info.sandbox_id == id && container.info.state != ContainerState::kExited) ids.push_back(container_id);
  }
  for (const std::string& container_id : ids) TRY(stop_container(container_id, std::chrono::milliseconds(0)));
  Sandbox gone;
  {
    std::lock_guard lock(mutex_);
    auto it = sandboxes_.find(id);
    if (it == sandboxes_.end()) return {};
    it->second.info.state = SandboxState::kNotReady;
    unwatch_locked(it->second);  // its end is wanted: no event
    gone.info = it->second.info;
    gone.shim_pid = it->second.shim_pid;
    gone.shim_start = it->second.shim_start;
    gone.boot_id = it->second.boot_id;
    TRY(save_sandbox_locked(it->second));
  }
  release_sandbox(gone);
  return cgroups_.kill_all(pod_cgroup(config));
}

Status LocalRuntime::remove_sandbox(const std::string& id) {
  TRY(stop_sandbox(id));
  std::vector<std::string> ids;
  SandboxConfig config;
  {
    std::lock_guard lock(mutex_);
    auto it = sandboxes_.find(id);
    if (it == sandboxes_.end()) return {};
    config = it->second.info.config;
    for (auto& [container_id, container] : containers_)
      if (container.info.sandbox_id == id) ids.push_back(container_id);
  }
  for (const std::string& container_id : ids) TRY(remove_container(container_id));
  bool last = true;
  {
    std::lock_guard lock(mutex_);
    // A later attempt of the same pod uses the same cgroup.
    for (auto& [other, s] : sandboxes_) last = last && (other == id || pod_cgroup(s.info.config) != pod_cgroup(config));
  }
  if (last) TRY(cgroups_.remove(pod_cgroup(config)));
  TRY(os::remove_tree(sandbox_data(id)));
  std::lock_guard lock(mutex_);
  sandboxes_.erase(id);
  return {};
}

std::vector<SandboxInfo> LocalRuntime::list_sandboxes() {
  std::lock_guard lock(mutex_);
  std::vector<SandboxInfo> out;
  for (const auto& [id, s] : sandboxes_) out.push_back(s.info);
  return out;
}

Result<Stats> LocalRuntime::pod_stats(const std::string& id) {
  SandboxInfo info = TRY(sandbox(id));
  os::CgroupStats s = TRY(cgroups_.stats(pod_cgroup(info.config)));
  return Stats{s.cpu_usage_ns, s.memory_usage_bytes, s.memory_working_set_bytes, s.memory_rss_bytes, clock_.now()};
}

}  // namespace skerry::runtime
