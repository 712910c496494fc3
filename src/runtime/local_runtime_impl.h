// Inside of LocalRuntime; included by local_runtime*.cc only.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "json/json.h"
#include "os/cgroup.h"
#include "os/fd.h"
#include "runtime/local_runtime.h"
#include "runtime/shim_client.h"

namespace skerry::runtime {

class LocalRuntime final : public Runtime {
 public:
  LocalRuntime(RuntimeOptions options, const Clock& clock, os::Cgroups cgroups);
  ~LocalRuntime() override;
  Status start();  // adopts, starts the watching thread

  void on_change(ChangeHandler handler) override;
  Result<SandboxInfo> run_sandbox(const SandboxConfig& config) override;
  Status set_sandbox_ips(const std::string& id, const std::vector<std::string>& ips) override;
  Status update_pod_resources(const std::string& id, const Resources& resources) override;
  Status stop_sandbox(const std::string& id) override;
  Status remove_sandbox(const std::string& id) override;
  std::vector<SandboxInfo> list_sandboxes() override;
  Result<std::string> create_container(const std::string& sandbox_id, const ContainerConfig& config) override;
  Status start_container(const std::string& id) override;
  Status signal_container(const std::string& id) override;
  Status stop_container(const std::string& id, std::chrono::milliseconds grace) override;
  Status remove_container(const std::string& id) override;
  std::vector<ContainerInfo> list_containers() override;
  std::vector<ContainerInfo> pod_containers(const std::string& pod_uid) override;
  Result<ContainerInfo> container(const std::string& id) override;
  Status reopen_log(const std::string& id) override;
  Result<Stats> container_stats(const std::string& id) override;
  Result<Stats> pod_stats(const std::string& sandbox_id) override;
  Result<ExecResult> exec_sync(const std::string& id, const std::vector<std::string>& command, std::chrono::milliseconds timeout) override;
  Result<std::unique_ptr<Session>> exec(const std::string& id, const std::vector<std::string>& command, bool in, bool out, bool err, bool tty,
                                        TerminalSize size) override;
  Result<std::unique_ptr<Session>> attach(const std::string& id, bool in, bool out, bool err) override;
  Result<int> dial(const std::string& sandbox_id, uint16_t port) override;
  Result<ImageInfo> pull_image(const std::string& reference, const std::vector<RegistryAuth>& auths) override;
  Result<std::optional<ImageInfo>> find_image(const std::string& reference) override;
  std::vector<ImageInfo> list_images() override;
  Status remove_image(const std::string& reference) override;
  Status pin_images(const std::set<std::string>& ids) override { return images_->pin(ids); }
  Result<std::vector<ImageInfo>> import_images(const std::string& archive_path) override;

 private:
  struct Sandbox {
    SandboxInfo info;
    int32_t shim_pid = 0, init_pid = 0;
    uint64_t shim_start = 0;  // process start time, so that another process of that number is not taken for it
    std::string boot_id;
    os::Fd subscription;     // of the watching thread, while the shim lives
    uint64_t watch_key = 0;  // in watched_
  };
  struct Container {
    ContainerInfo info;
    std::vector<std::string> layers;  // held
  };
  struct ExecStart {
    os::Fd connection;
    ShimMessage answer;
  };

  // Paths.
  std::string sandbox_run(const std::string& id) const { return options_.run_dir + "/s/" + id.substr(0, 16); }
  std::string socket_path(const std::string& id) const { return sandbox_run(id) + "/sock"; }
  std::string sandbox_data(const std::string& id) const { return options_.data_dir + "/sandboxes/" + id; }
  std::string bundle(const std::string& id) const { return options_.run_dir + "/c/" + id.substr(0, 16); }
  std::string container_data(const std::string& id) const { return options_.data_dir + "/containers/" + id; }
  static std::string pod_cgroup(const SandboxConfig& config);
  static std::string container_cgroup(const SandboxConfig& config, const std::string& id) { return pod_cgroup(config) + "/" + id; }

  Result<Sandbox*> find_sandbox_locked(const std::string& id);
  Result<Container*> find_container_locked(const std::string& id);
  Result<SandboxInfo> sandbox(const std::string& id);
  Status save_sandbox_locked(const Sandbox& sandbox);
  Status start_sandbox(Sandbox& sandbox);
  Status open_subscription(Sandbox& sandbox);
  Status watch_locked(Sandbox& sandbox);
  void unwatch_locked(Sandbox& sandbox);
  void release_sandbox(const Sandbox& sandbox);  // namespaces, mounts, shim
  Status mount_rootfs(const std::string& id, const std::vector<std::string>& lower);
  Status start_in_shim(const SandboxInfo& sandbox, const ContainerInfo& info);
  void ended_locked(Container& container, int code, bool oom, int64_t started_ns, int64_t finished_ns);
  bool wait_ended(const std::string& id, std::chrono::milliseconds timeout);
  void tidy_container(const ContainerInfo& info, const SandboxConfig& sandbox);
  bool load_exit(Container& container) const;
  Result<ExecStart> start_exec(const std::string& id, const std::vector<std::string>& command, const std::string& flags, const std::vector<int>& fds,
                               TerminalSize size = {});

  // Adoption.
  void load_sandbox(const std::string& id, const std::string& boot);
  void load_container(const std::string& id);
  void adopt(Sandbox& sandbox);
  void sweep();

  // The watching thread.
  void watch(std::stop_token stop);
  void handle_event(const std::string& sandbox_id);
  void shim_lost(const std::string& sandbox_id);
  void notify(const std::string& pod_uid);

  const RuntimeOptions options_;
  const Clock& clock_;
  RegistriesFile registries_;
  SystemRandom random_;
  const os::Cgroups cgroups_;
  const uint64_t capabilities_;
  const bool mount_fix_;  // see Shim::start_crun
  std::unique_ptr<ImageStore> images_;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::map<std::string, Sandbox> sandboxes_;
  std::map<std::string, Container> containers_;
  ChangeHandler handler_;
  uint64_t next_exec_ = 0;

  os::Fd epoll_, wake_;
  std::map<uint64_t, std::string> watched_;  // epoll key -> sandbox; guarded by mutex_
  uint64_t next_watch_ = 1;
  std::jthread watcher_;
};

}  // namespace skerry::runtime
