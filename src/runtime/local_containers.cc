// LocalRuntime: containers.
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"
#include "os/mounts.h"
#include "runtime/local_runtime_impl.h"
#include "runtime/oci_spec.h"
#include "runtime/reference.h"
#include "runtime/rootfs_copy.h"
#include "runtime/signals.h"
#include "runtime/state_json.h"

namespace skerry::runtime {

namespace {

os::CgroupLimits limits(const Resources& r) {
  return {r.cpu_shares, r.cpu_quota_us, r.cpu_period_us, r.memory_limit_bytes, r.pids_limit, /*oom_group=*/true};
}

}  // namespace

Result<LocalRuntime::Container*> LocalRuntime::find_container_locked(const std::string& id) {
  auto it = containers_.find(id);
  if (it == containers_.end()) return Error(Reason::kNotFound, "no container " + id);
  return &it->second;
}

Status LocalRuntime::mount_rootfs(const std::string& id, const std::vector<std::string>& lower) {
  std::string data = container_data(id), target = bundle(id) + "/rootfs";
  TRY(os::make_dirs(target, 0755));
  TRY(os::make_dirs(data + "/upper", 0755));
  TRY(os::make_dirs(data + "/work", 0700));
  // An image without layers is an empty root.
  if (lower.empty()) return os::bind_mount(data + "/upper", target);
  // The merged root has the mode and owner of the upper directory.
  struct stat st;
  if (stat(lower[0].c_str(), &st) == 0 &&
      (chown((data + "/upper").c_str(), st.st_uid, st.st_gid) != 0 || chmod((data + "/upper").c_str(), st.st_mode & 07777) != 0))
    return errno_error("set the mode of " + data + "/upper", errno);
  Status mounted = os::mount_overlay(lower, data + "/upper", data + "/work", target);
  if (mounted) return mounted;
  LOG_WARN("runtime", "no overlayfs here, the image is copied: " << mounted.error().message);
  TRY(copy_layers(lower, data + "/upper"));
  return os::bind_mount(data + "/upper", target);
}

Result<std::string> LocalRuntime::create_container(const std::string& sandbox_id, const ContainerConfig& config) {
  SandboxConfig sandbox_config;
  std::string pid_namespace;
  {
    std::lock_guard lock(mutex_);
    Sandbox* s = TRY(find_sandbox_locked(sandbox_id));
    if (s->info.state != SandboxState::kReady) return Error(Reason::kConflict, "sandbox " + sandbox_id + " is not ready");
    sandbox_config = s->info.config;
    if (s->init_pid > 0) pid_namespace = "/proc/" + std::to_string(s->init_pid) + "/ns/pid";
    if (config.target_pid_container) {
      const Container* target = nullptr;
      for (const auto& [id, c] : containers_)
        if (c.info.sandbox_id == sandbox_id && c.info.config.name == *config.target_pid_container && c.info.state == ContainerState::kRunning)
          target = &c;
      if (!target) return Error(Reason::kNotFound, "target container \"" + *config.target_pid_container + "\" is not running");
      pid_namespace = "/proc/" + std::to_string(target->info.pid) + "/ns/pid";
    }
  }
  std::optional<ImageInfo> image = images_->find(config.image_ref);
  if (!image) return Error(Reason::kNotFound, "image " + config.image_ref + " is not present");
  ImageConfig image_config = TRY(images_->config(image->id));
  std::vector<std::string> layers = TRY(images_->layers(image->id));

  Container c;
  c.info.id = hex_encode(random_.bytes(32));
  c.info.sandbox_id = sandbox_id;
  c.info.config = config;
  if (c.info.config.stop_signal.empty()) c.info.config.stop_signal = image_config.stop_signal;
  c.info.created_at = clock_.now();
  c.info.image_id = image->repo_digests.empty() ? image->id : image->repo_digests[0];
  // One image may have come from several repositories: the one that the pod named.
  if (auto named = parse_reference(config.image_name))
    for (auto& d : image->repo_digests)
      if (starts_with(d, named->name() + "@")) c.info.image_id = d;
  c.layers = layers;
  images_->hold(layers);
  const std::string& id = c.info.id;
  std::string group = container_cgroup(sandbox_config, id);
  auto work = [&]() -> Status {
    TRY(os::make_dirs(container_data(id), 0700));
    TRY(os::make_dirs(bundle(id), 0711));
    TRY(mount_rootfs(id, TRY(images_->layer_directories(image->id))));
    SpecInput input{sandbox_config, config, image_config, bundle(id) + "/rootfs", sandbox_run(sandbox_id) + "/shm", pid_namespace,
                    cgroups_, group, capabilities_};
    Spec spec = TRY(make_spec(input));
    TRY(cgroups_.create(group));
    if (Status allowed = cgroups_.allow_devices(group, spec.device_rules); !allowed) {
      // A kernel without the device controller: MKNOD would reach every device, so this is an error unless privileged.
      if (!config.privileged) return allowed;
    }
    TRY(os::write_file_atomic(bundle(id) + "/config.json", json::dump(spec.config), 0600, os::Durability::kProcess));
    Json state = {{"id", id}, {"sandbox", sandbox_id}, {"config", to_json(c.info.config)}, {"imageId", c.info.image_id},
                  {"createdNs", to_ns(c.info.created_at)}, {"layers", layers}};
    return os::write_file_atomic(container_data(id) + "/state.json", json::dump(state), 0600, os::Durability::kProcess);
  };
  if (Status done = work(); !done) {
    tidy_container(c.info, sandbox_config);
    (void)os::remove_tree(container_data(id));
    images_->release(layers);
    return done.error();
  }
  std::lock_guard lock(mutex_);
  containers_[id] = c;
  return id;
}

Status LocalRuntime::start_in_shim(const SandboxInfo& sandbox, const ContainerInfo& info) {
  const ContainerConfig& config = info.config;
  std::string log;
  if (!config.log_path.empty() && !sandbox.config.log_directory.empty()) {
    log = sandbox.config.log_directory + "/" + config.log_path;
    TRY(os::make_dirs(log.substr(0, log.find_last_of('/')), 0755));
  }
  std::string group = container_cgroup(sandbox.config, info.id);
  std::string flags = std::string(config.stdin_open ? "i" : "") + (config.stdin_once ? "1" : "") + (config.tty ? "t" : "");
  std::vector<std::string> fields = {info.id, bundle(info.id), container_data(info.id), log, cgroups_.oom_file(group), flags, mount_fix_ ? "1" : ""};
  for (std::string& file : cgroups_.procs_files(group)) fields.push_back(std::move(file));
  ShimClient shim(socket_path(sandbox.id));
  ShimMessage created = TRY(shim.request(ShimOp::kCreate, fields));
  {
    std::lock_guard lock(mutex_);
    Container* c = TRY(find_container_locked(info.id));
    if (!created.fields.empty()) c->info.pid = static_cast<int32_t>(parse_int(created.fields[0]).value_or(0));
  }
  // Only now: what crun itself took before is not the container's.
  Status done = cgroups_.set_limits(group, limits(config.resources));
  if (done)
    if (auto started = shim.request(ShimOp::kStart, {info.id}); !started) done = started.error();
  if (!done) {
    (void)shim.request(ShimOp::kKill, {info.id, std::to_string(SIGKILL)});
    (void)wait_ended(info.id, std::chrono::seconds(5));  // its exit file is then replaced by ours
  }
  return done;
}

Status LocalRuntime::start_container(const std::string& id) {
  SandboxInfo sandbox;
  ContainerInfo info;
  {
    std::lock_guard lock(mutex_);
    Container* c = TRY(find_container_locked(id));
    if (c->info.state != ContainerState::kCreated) return Error(Reason::kConflict, "container " + id + " has been started before");
    info = c->info;
    sandbox = TRY(find_sandbox_locked(info.sandbox_id))->info;
  }
  Status started = start_in_shim(sandbox, info);
  std::lock_guard lock(mutex_);
  Container* c = TRY(find_container_locked(id));
  if (started) {
    if (c->info.state == ContainerState::kCreated) {
      c->info.state = ContainerState::kRunning;
      c->info.started_at = clock_.now();
    }
    return {};
  }
  // As container engines report a container that could not start.
  c->info.state = ContainerState::kCreated;
  int64_t now = to_ns(clock_.now());
  ended_locked(*c, 128, false, now, now);
  c->info.reason = "StartError";
  c->info.message = started.error().message;
  std::string record = "128 " + std::to_string(now) + " " + std::to_string(now) + " 0 StartError\n" + c->info.message;
  (void)os::write_file_atomic(container_data(id) + "/exit", record, 0600);
  return started;
}

bool LocalRuntime::wait_ended(const std::string& id, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] {
    auto it = containers_.find(id);
    return it == containers_.end() || it->second.info.state == ContainerState::kExited;
  });
}

Status LocalRuntime::signal_container(const std::string& id) {
  ContainerInfo info = TRY(container(id));
  if (info.state != ContainerState::kRunning) return {};
  int number = signal_number(info.config.stop_signal).value_or(SIGTERM);
  TRY(ShimClient(socket_path(info.sandbox_id)).request(ShimOp::kKill, {id, std::to_string(number)}, {}, std::chrono::seconds(10)));
  return {};
}

Status LocalRuntime::stop_container(const std::string& id, std::chrono::milliseconds grace) {
  ContainerInfo info;
  SandboxConfig sandbox_config;
  {
    std::lock_guard lock(mutex_);
    auto it = containers_.find(id);
    if (it == containers_.end() || it->second.info.state == ContainerState::kExited) return {};
    info = it->second.info;
    if (auto s = sandboxes_.find(info.sandbox_id); s != sandboxes_.end()) sandbox_config = s->second.info.config;
    if (info.state == ContainerState::kCreated && info.pid == 0) {
      ended_locked(it->second, 137, false, 0, to_ns(clock_.now()));
      return {};
    }
  }
  ShimClient shim(socket_path(info.sandbox_id));
  if (grace.count() > 0) {
    int number = signal_number(info.config.stop_signal).value_or(SIGTERM);
    if (shim.request(ShimOp::kKill, {id, std::to_string(number)}) && wait_ended(id, grace)) return {};
  }
  (void)shim.request(ShimOp::kKill, {id, std::to_string(SIGKILL)});
  if (wait_ended(id, std::chrono::seconds(10))) return {};
  TRY(cgroups_.kill_all(container_cgroup(sandbox_config, id)));
  if (wait_ended(id, std::chrono::seconds(2))) return {};
  // The shim did not tell: nothing of it runs, so it has ended.
  std::lock_guard lock(mutex_);
  if (auto it = containers_.find(id); it != containers_.end() && !load_exit(it->second))
    ended_locked(it->second, 137, false, 0, to_ns(clock_.now()));
  return {};
}

// Takes away what a container has besides its record.
void LocalRuntime::tidy_container(const ContainerInfo& info, const SandboxConfig& sandbox_config) {
  std::string group = container_cgroup(sandbox_config, info.id);
  (void)cgroups_.kill_all(group);
  if (Status removed = cgroups_.remove(group); !removed) LOG_WARN("runtime", removed.error().message);
  (void)os::unmount(bundle(info.id) + "/rootfs");
  (void)os::remove_tree(bundle(info.id));
  (void)os::remove_tree(options_.run_dir + "/crun/" + info.id);
}

Status LocalRuntime::remove_container(const std::string& id) {
  TRY(stop_container(id, std::chrono::milliseconds(0)));
  ContainerInfo info;
  SandboxConfig sandbox_config;
  std::vector<std::string> layers;
  {
    std::lock_guard lock(mutex_);
    auto it = containers_.find(id);
    if (it == containers_.end()) return {};
    info = it->second.info;
    layers = it->second.layers;
    if (auto s = sandboxes_.find(info.sandbox_id); s != sandboxes_.end()) sandbox_config = s->second.info.config;
  }
  (void)ShimClient(socket_path(info.sandbox_id)).request(ShimOp::kDelete, {id}, {}, std::chrono::seconds(5));
  tidy_container(info, sandbox_config);
  TRY(os::remove_tree(container_data(id)));
  {
    std::lock_guard lock(mutex_);
    containers_.erase(id);
  }
  images_->release(layers);
  return {};
}

std::vector<ContainerInfo> LocalRuntime::list_containers() {
  std::lock_guard lock(mutex_);
  std::vector<ContainerInfo> out;
  for (const auto& [id, c] : containers_) out.push_back(c.info);
  return out;
}

std::vector<ContainerInfo> LocalRuntime::pod_containers(const std::string& pod_uid) {
  std::lock_guard lock(mutex_);
  std::vector<ContainerInfo> out;
  for (const auto& [id, c] : containers_) {
    auto s = sandboxes_.find(c.info.sandbox_id);
    if (s != sandboxes_.end() && s->second.info.config.pod_uid == pod_uid) out.push_back(c.info);
  }
  return out;
}

Result<ContainerInfo> LocalRuntime::container(const std::string& id) {
  std::lock_guard lock(mutex_);
  return TRY(find_container_locked(id))->info;
}

Status LocalRuntime::reopen_log(const std::string& id) {
  ContainerInfo info = TRY(container(id));
  TRY(ShimClient(socket_path(info.sandbox_id)).request(ShimOp::kReopen, {id}));
  return {};
}

Result<Stats> LocalRuntime::container_stats(const std::string& id) {
  ContainerInfo info = TRY(container(id));
  SandboxInfo s = TRY(sandbox(info.sandbox_id));
  os::CgroupStats stats = TRY(cgroups_.stats(container_cgroup(s.config, id)));
  return Stats{stats.cpu_usage_ns, stats.memory_usage_bytes, stats.memory_working_set_bytes, stats.memory_rss_bytes, clock_.now()};
}

}  // namespace skerry::runtime
