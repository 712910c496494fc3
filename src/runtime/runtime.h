// Runtime: what the agent needs of containers, in the shape of Kubernetes' CRI, as C++ values.
//
// A sandbox is one pod attempt: its cgroup, its network namespace, its shim process (the parent of its containers,
// which writes their logs and outlives skerry). Sandboxes and containers are found again after a restart of skerry
// (adopt): their state stands on disk below the data directory and in the shims.
// All calls are thread-safe and block; calls for one pod are made one at a time by its worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace skerry::runtime {

struct Mount {
  std::string host_path;
  std::string container_path;
  bool read_only = false;
  bool recursive_read_only = false;
  enum class Propagation { kPrivate, kHostToContainer, kBidirectional } propagation = Propagation::kPrivate;
};

struct Device {
  std::string host_path, container_path, permissions = "rwm";
};

// Limits as the kernel takes them; unset means none. cgroup v1 and v2 are the runtime's business.
struct Resources {
  std::optional<int64_t> cpu_shares;        // v1 scale 2..262144; converted for v2
  std::optional<int64_t> cpu_quota_us;      // per cpu_period_us
  int64_t cpu_period_us = 100000;
  std::optional<int64_t> memory_limit_bytes;
  std::optional<int64_t> pids_limit;
  int oom_score_adj = 0;
};

struct Seccomp {
  enum class Type { kUnconfined, kRuntimeDefault, kLocalhost } type = Type::kUnconfined;
  std::string localhost_path;  // absolute path of the profile file
};

struct SandboxConfig {
  std::string pod_uid, pod_name, pod_namespace;
  uint32_t attempt = 0;
  std::string hostname;      // of the UTS namespace; empty with host_network
  std::string log_directory;  // /var/log/pods/<ns>_<name>_<uid>
  bool host_network = false, host_pid = false, host_ipc = false, share_process_namespace = false;
  std::string cgroup_parent;  // below Skerry's group kubepods: "besteffort/pod<uid>"
  Resources pod_resources;    // of the pod's cgroup
  std::map<std::string, std::string> sysctls;
  std::map<std::string, std::string> labels;  // kept and returned; not interpreted
};

enum class SandboxState { kReady, kNotReady };

struct SandboxInfo {
  std::string id;
  SandboxConfig config;
  SandboxState state = SandboxState::kNotReady;
  std::string netns_path;  // bind-mounted, so that it survives every process; empty with host_network
  WallTime created_at{};
  std::string ip;          // what set_sandbox_ips() stored
  std::vector<std::string> ips;
};

struct User {
  std::optional<int64_t> uid, gid;   // unset: from the image
  std::string name;                  // image user, resolved in the container's /etc/passwd
  std::vector<int64_t> supplemental_groups;
};

struct ContainerConfig {
  std::string name;
  uint32_t attempt = 0;      // restart count
  std::string image_ref;     // ImageInfo.id
  std::string image_name;    // as the pod names it; only kept
  std::vector<std::string> command, args;  // empty: from the image (Kubernetes' rules: command alone drops the image's args)
  std::vector<std::pair<std::string, std::string>> env;  // over the image's
  std::string working_dir;   // empty: from the image
  std::vector<Mount> mounts;
  std::vector<Device> devices;
  Resources resources;
  User user;
  bool privileged = false;
  bool read_only_rootfs = false;
  bool no_new_privileges = false;
  std::vector<std::string> add_capabilities, drop_capabilities;  // "NET_ADMIN" or "ALL"
  bool unmask_proc = false;  // procMount: Unmasked
  Seccomp seccomp;
  std::string log_path;      // relative to the sandbox' log directory: "<container>/<attempt>.log"
  bool stdin_open = false, stdin_once = false, tty = false;
  std::string stop_signal;   // empty: the image's, then SIGTERM
  std::optional<std::string> target_pid_container;  // ephemeral containers' targetContainerName
  std::map<std::string, std::string> labels;
};

enum class ContainerState { kCreated, kRunning, kExited };

struct ContainerInfo {
  std::string id;          // 64 hex digits
  std::string sandbox_id;
  ContainerConfig config;
  ContainerState state = ContainerState::kCreated;
  WallTime created_at{}, started_at{}, finished_at{};
  int exit_code = 0;
  std::string reason;      // "Completed", "Error", "OOMKilled", "StartError", "ContainerCannotRun"
  std::string message;
  std::string image_id;    // for status.containerStatuses[].imageID
  int32_t pid = 0;
};

struct ImageInfo {
  std::string id;                         // sha256:... of the image config
  std::vector<std::string> repo_tags, repo_digests;
  uint64_t size_bytes = 0;
  std::string user;                       // as the image configuration names it: "", "1000", "nobody:nogroup"
  std::optional<int64_t> uid;             // numeric user, if it is one
  bool pinned = false;
};

struct RegistryAuth {
  std::string username, password, identity_token, registry_token;
};

struct ExecResult {
  int exit_code = 0;
  std::string out, err;  // each cut at 16 KiB
};

struct TerminalSize {
  uint16_t width = 0, height = 0;  // 0: not known
};

// A running exec or attach: file descriptors owned by this object. With a tty only `in` and `out`, both the
// same pty master kept by the shim. exit becomes readable through wait().
class Session {
 public:
  virtual ~Session() = default;
  virtual int stdin_fd() = 0;   // -1: none. close_stdin() ends it.
  virtual int stdout_fd() = 0;  // -1: none
  virtual int stderr_fd() = 0;  // -1: none, or tty
  virtual void close_stdin() = 0;
  virtual void resize(uint16_t width, uint16_t height) = 0;
  // Blocks until the process has ended; its exit code (128+signal). For attach: until the container has ended.
  virtual Result<int> wait() = 0;
  // From any thread: a wait() that blocks, and any later one, returns an Error. The process goes on.
  virtual void cancel() = 0;
};

struct Stats {
  uint64_t cpu_usage_ns = 0, memory_usage_bytes = 0, memory_working_set_bytes = 0, memory_rss_bytes = 0;
  WallTime at{};
};

class Runtime {
 public:
  virtual ~Runtime() = default;

  // Called on a thread of the runtime's when a container has ended, started outside, or a shim died. Set before use.
  using ChangeHandler = std::function<void(const std::string& pod_uid)>;
  virtual void on_change(ChangeHandler handler) = 0;

  // Sandboxes.
  virtual Result<SandboxInfo> run_sandbox(const SandboxConfig& config) = 0;
  virtual Status set_sandbox_ips(const std::string& id, const std::vector<std::string>& ips) = 0;
  virtual Status update_pod_resources(const std::string& id, const Resources& resources) = 0;
  // Kills what still runs in it; the network namespace goes with it. Idempotent.
  virtual Status stop_sandbox(const std::string& id) = 0;
  virtual Status remove_sandbox(const std::string& id) = 0;
  virtual std::vector<SandboxInfo> list_sandboxes() = 0;

  // Containers. `create` unpacks nothing that is not unpacked yet and runs nothing.
  virtual Result<std::string> create_container(const std::string& sandbox_id, const ContainerConfig& config) = 0;
  virtual Status start_container(const std::string& id) = 0;
  // Sends the stop signal (configured, the image's, or SIGTERM) and returns at once; the end comes through on_change.
  // Fine if the container has ended already.
  virtual Status signal_container(const std::string& id) = 0;
  // Stop signal, then SIGKILL after `grace`. Returns when it has ended. Idempotent.
  virtual Status stop_container(const std::string& id, std::chrono::milliseconds grace) = 0;
  virtual Status remove_container(const std::string& id) = 0;
  virtual std::vector<ContainerInfo> list_containers() = 0;
  virtual std::vector<ContainerInfo> pod_containers(const std::string& pod_uid) = 0;
  virtual Result<ContainerInfo> container(const std::string& id) = 0;
  virtual Status reopen_log(const std::string& id) = 0;  // after rotation
  virtual Result<Stats> container_stats(const std::string& id) = 0;
  virtual Result<Stats> pod_stats(const std::string& sandbox_id) = 0;

  // Processes in containers.
  virtual Result<ExecResult> exec_sync(const std::string& id, const std::vector<std::string>& command,
                                       std::chrono::milliseconds timeout) = 0;  // Timeout error when it runs out
  virtual Result<std::unique_ptr<Session>> exec(const std::string& id, const std::vector<std::string>& command,
                                                bool in, bool out, bool err, bool tty,
                                                TerminalSize size = {}) = 0;
  virtual Result<std::unique_ptr<Session>> attach(const std::string& id, bool in, bool out, bool err) = 0;
  // A connected TCP socket to `port` inside the sandbox' network namespace (localhost). The caller owns it.
  virtual Result<int> dial(const std::string& sandbox_id, uint16_t port) = 0;

  // Images. References as Docker writes them.
  // Errors carry the message for ErrImagePull; Reason kUnauthorized/kNotFound where the registry said so.
  virtual Result<ImageInfo> pull_image(const std::string& reference, const std::vector<RegistryAuth>& auths) = 0;
  virtual Result<std::optional<ImageInfo>> find_image(const std::string& reference) = 0;  // name, digest or id
  virtual std::vector<ImageInfo> list_images() = 0;
  virtual Status remove_image(const std::string& reference) = 0;
  // Exactly these (by id) are pinned from now on: nothing but remove_image() takes them away.
  virtual Status pin_images(const std::set<std::string>& ids) = 0;
  virtual Result<std::vector<ImageInfo>> import_images(const std::string& archive_path) = 0;  // docker or OCI, plain/gzip/zstd
};

}  // namespace skerry::runtime
