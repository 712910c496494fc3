#include "runtime/local_runtime.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <zstd.h>

#include <cerrno>
#include <set>

#include "base/log.h"
#include "base/strings.h"
#include "embedded/crun_zst.h"
#include "os/files.h"
#include "os/mounts.h"
#include "os/netns.h"
#include "os/process.h"
#include "os/sysinfo.h"
#include "runtime/archive.h"
#include "runtime/local_runtime_impl.h"
#include "runtime/pull.h"
#include "runtime/state_json.h"

namespace skerry::runtime {

namespace {

// crun refuses a hybrid layout whose unified part has controllers of its own.
bool needs_mount_fix(const os::Cgroups& cgroups) {
  if (cgroups.layout() != os::Cgroups::Layout::kHybrid) return false;
  auto text = os::read_file("/sys/fs/cgroup/unified/cgroup.controllers", 4096);
  return text && !trim(*text).empty();
}

}  // namespace

std::string root_cgroup(const std::string& instance) { return "skerry-" + instance; }

Result<std::string> install_crun(const std::string& data_dir) {
  std::string path = data_dir + "/bin/crun";
  std::string_view packed = embedded::crun_zst();
  // Uncompressing 1.5 MB at every start would be waste: the stamp says which blob the file came from.
  std::string stamp = std::to_string(packed.size()) + "-" + hex_encode(packed.substr(packed.size() / 2, 16));
  auto have = os::read_file(path + ".version", 256);
  struct stat st;
  if (have && *have == stamp && stat(path.c_str(), &st) == 0 && st.st_size > 0) return path;
  unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > (64u << 20)) return internal_error("the embedded crun is damaged");
  std::string bytes(size, '\0');
  size_t n = ZSTD_decompress(bytes.data(), bytes.size(), packed.data(), packed.size());
  if (ZSTD_isError(n)) return internal_error("the embedded crun is damaged");
  TRY(os::make_dirs(data_dir + "/bin", 0755));
  TRY(os::write_file_atomic(path, bytes, 0755));
  TRY(os::write_file_atomic(path + ".version", stamp, 0644));
  return path;
}

Result<std::unique_ptr<Runtime>> make_runtime(const RuntimeOptions& given, const Clock& clock) {
  RuntimeOptions options = given;
  if (options.executable.empty()) options.executable = "/proc/self/exe";
  TRY(os::make_dirs(options.data_dir, 0700));
  for (const char* sub : {"/containers", "/sandboxes"}) TRY(os::make_dirs(options.data_dir + sub, 0700));
  for (const char* sub : {"/netns", "/s", "/c", "/crun"}) TRY(os::make_dirs(options.run_dir + sub, 0711));
  if (options.crun.empty()) options.crun = TRY(install_crun(options.data_dir));
  os::Cgroups cgroups = TRY(os::Cgroups::detect(root_cgroup(options.instance)));
  TRY(cgroups.create("kubepods"));
  TRY(cgroups.create("shims"));
  for (const std::string& name : cgroups.missing_controllers())
    LOG_WARN("runtime", "the kernel offers no " << name << " cgroup controller: such limits are not enforced"
                            << (name == "memory" ? " (boot with cgroup_enable=memory)" : ""));
  auto runtime = std::make_unique<LocalRuntime>(options, clock, cgroups);
  TRY(runtime->start());
  return std::unique_ptr<Runtime>(std::move(runtime));
}

LocalRuntime::LocalRuntime(RuntimeOptions options, const Clock& clock, os::Cgroups cgroups)
    : options_(std::move(options)), clock_(clock), registries_(options_.registries_file, options_.registries), cgroups_(std::move(cgroups)), capabilities_(os::own_capabilities()),
      mount_fix_(needs_mount_fix(cgroups_)), epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC)) {}

LocalRuntime::~LocalRuntime() {
  watcher_.request_stop();
  uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
  if (watcher_.joinable()) watcher_.join();
}

Status LocalRuntime::start() {
  (void)registries_.current();  // says now what is wrong with it
  images_ = TRY(ImageStore::open(options_.data_dir + "/images"));
  std::string boot = os::boot_id();
  for (const std::string& id : TRY(os::list_directory(options_.data_dir + "/sandboxes"))) load_sandbox(id, boot);
  for (const std::string& id : TRY(os::list_directory(options_.data_dir + "/containers"))) load_container(id);
  for (auto& [id, sandbox] : sandboxes_)
    if (sandbox.info.state == SandboxState::kReady) adopt(sandbox);
  sweep();
  // Whoever has not ended now, has no shim that would know of it.
  for (auto& [id, container] : containers_) {
    auto sandbox = sandboxes_.find(container.info.sandbox_id);
    bool alive = sandbox != sandboxes_.end() && sandbox->second.info.state == SandboxState::kReady;
    if (alive || container.info.state == ContainerState::kExited) continue;
    if (sandbox != sandboxes_.end()) (void)cgroups_.kill_all(container_cgroup(sandbox->second.info.config, id));
    if (!load_exit(container)) {
      ended_locked(container, 255, false, 0, to_ns(clock_.now()));
      container.info.reason = "Unknown";
    }
  }
  images_->release({});  // collects what a crash left behind
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);  // key 0
  watcher_ = std::jthread([this](std::stop_token stop) { watch(stop); });
  return {};
}

void LocalRuntime::on_change(ChangeHandler handler) {
  std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
}

void LocalRuntime::notify(const std::string& pod_uid) {
  ChangeHandler handler;
  {
    std::lock_guard lock(mutex_);
    handler = handler_;
  }
  if (handler) handler(pod_uid);
}

// What a crash left below the run directory without a record.
void LocalRuntime::sweep() {
  std::set<std::string> known_sandboxes, known_containers, known_namespaces;
  for (const auto& [id, s] : sandboxes_) {
    known_sandboxes.insert(id.substr(0, 16));
    known_namespaces.insert(id);
  }
  for (const auto& [id, c] : containers_) known_containers.insert(id.substr(0, 16));
  auto names = [&](const char* sub) { return os::list_directory(options_.run_dir + sub).value_or(std::vector<std::string>()); };
  for (const std::string& name : names("/s")) {
    if (known_sandboxes.count(name)) continue;
    Sandbox stray;
    stray.info.id = name;
    release_sandbox(stray);
  }
  for (const std::string& name : names("/c")) {
    if (known_containers.count(name)) continue;
    (void)os::unmount_below(options_.run_dir + "/c/" + name);
    (void)os::remove_tree(options_.run_dir + "/c/" + name);
  }
  for (const std::string& name : names("/netns"))
    if (!known_namespaces.count(name)) (void)os::unpin_namespace(options_.run_dir + "/netns/" + name);
}

// ---- adoption ---------------------------------------------------------------------------------------

void LocalRuntime::load_sandbox(const std::string& id, const std::string& boot) {
  auto text = os::read_file(sandbox_data(id) + "/sandbox.json", 4 << 20);
  auto parsed = text ? json::parse_json(*text) : Result<Json>(text.error());
  if (!parsed || json::str(*parsed, "id") != id) {
    LOG_WARN("runtime", "sandbox " << id << " was not written to its end and is removed");
    (void)os::remove_tree(sandbox_data(id));
    return;
  }
  Sandbox& s = sandboxes_[id];
  s.info.id = id;
  s.info.config = sandbox_config_from_json(json::find(*parsed, "config"));
  s.info.netns_path = json::str(*parsed, "netns");
  s.info.created_at = from_ns(json::integer(*parsed, "createdNs"));
  for (const Json& ip : json::array_or_empty(json::find(*parsed, "ips")))
    if (ip.is_string()) s.info.ips.push_back(ip.get<std::string>());
  if (!s.info.ips.empty()) s.info.ip = s.info.ips[0];
  s.shim_pid = static_cast<int32_t>(json::integer(*parsed, "shimPid"));
  s.shim_start = static_cast<uint64_t>(json::integer(*parsed, "shimStart"));
  s.boot_id = json::str(*parsed, "boot");
  bool ready = json::boolean(*parsed, "ready") && s.boot_id == boot && s.shim_pid > 0 && os::process_start_time(s.shim_pid) == s.shim_start;
  s.info.state = ready ? SandboxState::kReady : SandboxState::kNotReady;
}

void LocalRuntime::load_container(const std::string& id) {
  auto text = os::read_file(container_data(id) + "/state.json", 16 << 20);
  auto parsed = text ? json::parse_json(*text) : Result<Json>(text.error());
  if (!parsed || json::str(*parsed, "id") != id) {
    LOG_WARN("runtime", "container " << id << " was not written to its end and is removed");
    (void)os::unmount_below(bundle(id));
    (void)os::remove_tree(container_data(id));
    return;
  }
  Container& c = containers_[id];
  c.info.id = id;
  c.info.sandbox_id = json::str(*parsed, "sandbox");
  c.info.config = container_config_from_json(json::find(*parsed, "config"));
  c.info.image_id = json::str(*parsed, "imageId");
  c.info.created_at = from_ns(json::integer(*parsed, "createdNs"));
  for (const Json& layer : json::array_or_empty(json::find(*parsed, "layers")))
    if (layer.is_string()) c.layers.push_back(layer.get<std::string>());
  images_->hold(c.layers);
  load_exit(c);
}

bool LocalRuntime::load_exit(Container& c) const {
  auto text = os::read_file(container_data(c.info.id) + "/exit", 65536);
  if (!text) return false;
  size_t end = text->find('\n');
  std::vector<std::string_view> f = split(std::string_view(*text).substr(0, end), ' ');
  if (f.size() < 4) return false;
  const_cast<LocalRuntime*>(this)->ended_locked(c, static_cast<int>(parse_int(f[0]).value_or(255)), f[3] == "1", parse_int(f[1]).value_or(0),
                                                parse_int(f[2]).value_or(0));
  if (f.size() > 4) {  // start_container() failed: reason, then the message
    c.info.reason = f[4];
    if (end != std::string::npos) c.info.message = text->substr(end + 1);
  }
  return true;
}

void LocalRuntime::adopt(Sandbox& s) {
  ShimClient shim(socket_path(s.info.id));
  auto list = shim.request(ShimOp::kList, {}, {}, std::chrono::seconds(5));
  if (!list || !open_subscription(s) || !watch_locked(s)) {  // start() is alone still: no lock
    LOG_WARN("runtime", "the shim of pod " << s.info.config.pod_namespace << "/" << s.info.config.pod_name << " does not answer");
    s.info.state = SandboxState::kNotReady;
    return;
  }
  // Ends between the list and the subscription are in the exit files.
  for (size_t at = 0; at + kShimContainerFields <= list->fields.size(); at += kShimContainerFields) {
    ShimContainerState state = parse_shim_container(list->fields, at);
    auto it = containers_.find(state.id);
    if (it == containers_.end() || it->second.info.state == ContainerState::kExited || load_exit(it->second)) continue;
    it->second.info.pid = state.pid;
    it->second.info.started_at = from_ns(state.started_ns);
    if (state.state == "running") it->second.info.state = ContainerState::kRunning;
    if (state.state == "exited") ended_locked(it->second, state.exit_code, state.oom, state.started_ns, state.finished_ns);
  }
}

// ---- watching ---------------------------------------------------------------------------------------

Status LocalRuntime::open_subscription(Sandbox& s) {
  ShimClient shim(socket_path(s.info.id));
  auto [connection, answer] = TRY(shim.open(ShimOp::kSubscribe, {}, {}, std::chrono::seconds(5)));
  s.init_pid = answer.fields.empty() ? 0 : static_cast<int32_t>(parse_int(answer.fields[0]).value_or(0));
  s.subscription = std::move(connection);
  return {};
}

Status LocalRuntime::watch_locked(Sandbox& s) {
  s.watch_key = next_watch_++;
  watched_[s.watch_key] = s.info.id;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = s.watch_key;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, s.subscription.get(), &event) != 0) return errno_error("epoll_ctl", errno);
  return {};
}

void LocalRuntime::unwatch_locked(Sandbox& s) {
  watched_.erase(s.watch_key);
  // Said explicitly: closing is not enough while a child that was just forked still has the description.
  if (s.subscription.get() >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, s.subscription.get(), nullptr);
  s.subscription.reset();
}

void LocalRuntime::watch(std::stop_token stop) {
  while (!stop.stop_requested()) {
    epoll_event event;
    int n = epoll_wait(epoll_.get(), &event, 1, -1);
    if (n <= 0 || event.data.u64 == 0) continue;
    std::string id;
    {
      std::lock_guard lock(mutex_);
      auto it = watched_.find(event.data.u64);
      if (it == watched_.end()) continue;
      id = it->second;
    }
    handle_event(id);
  }
}

void LocalRuntime::handle_event(const std::string& sandbox_id) {
  std::string pod_uid;
  bool lost = false;
  {
    std::lock_guard lock(mutex_);
    auto it = sandboxes_.find(sandbox_id);
    if (it == sandboxes_.end() || !it->second.subscription) return;
    static thread_local std::string buffer(kMaxShimMessage, '\0');
    auto message = receive_shim_message(it->second.subscription.get(), buffer.data(), MSG_DONTWAIT);
    pod_uid = it->second.info.config.pod_uid;
    if (!message) {
      if (errno == EAGAIN && message.error().message != "closed") return;
      unwatch_locked(it->second);
      lost = it->second.info.state == SandboxState::kReady;
      it->second.info.state = SandboxState::kNotReady;
    } else if (message->op == ShimOp::kEvent) {
      ShimContainerState state = parse_shim_container(message->fields, 0);
      auto container = containers_.find(state.id);
      if (container != containers_.end()) ended_locked(container->second, state.exit_code, state.oom, state.started_ns, state.finished_ns);
    }
  }
  if (lost) shim_lost(sandbox_id);
  notify(pod_uid);
}

// The shim is the parent of all: without it nobody would learn how they end. So they end now.
void LocalRuntime::shim_lost(const std::string& sandbox_id) {
  SandboxConfig config;
  {
    std::lock_guard lock(mutex_);
    auto it = sandboxes_.find(sandbox_id);
    if (it == sandboxes_.end()) return;
    config = it->second.info.config;
  }
  LOG_WARN("runtime", "the shim of pod " << config.pod_namespace << "/" << config.pod_name << " has died; its containers are killed");
  std::vector<std::string> ids;
  {
    std::lock_guard lock(mutex_);
    for (auto& [id, container] : containers_)
      if (container.info.sandbox_id == sandbox_id && container.info.state != ContainerState::kExited) ids.push_back(id);
  }
  for (const std::string& id : ids) (void)cgroups_.kill_all(container_cgroup(config, id));
  std::lock_guard lock(mutex_);
  for (const std::string& id : ids) {
    auto it = containers_.find(id);
    if (it == containers_.end() || it->second.info.state == ContainerState::kExited) continue;
    if (!load_exit(it->second)) ended_locked(it->second, 137, false, 0, to_ns(clock_.now()));
  }
}

void LocalRuntime::ended_locked(Container& c, int code, bool oom, int64_t started_ns, int64_t finished_ns) {
  if (c.info.state == ContainerState::kExited) return;
  c.info.state = ContainerState::kExited;
  c.info.exit_code = code;
  if (started_ns) c.info.started_at = from_ns(started_ns);
  c.info.finished_at = from_ns(finished_ns);
  c.info.pid = 0;
  c.info.reason = oom ? "OOMKilled" : code == 0 ? "Completed" : "Error";
  changed_.notify_all();
}

// ---- images -----------------------------------------------------------------------------------------

Result<ImageInfo> LocalRuntime::pull_image(const std::string& reference, const std::vector<RegistryAuth>& auths) {
  auto registries = TRY(registries_.current());
  return runtime::pull_image(*images_, *registries, reference, auths);
}
Result<std::optional<ImageInfo>> LocalRuntime::find_image(const std::string& reference) { return images_->find(reference); }
std::vector<ImageInfo> LocalRuntime::list_images() { return images_->list(); }
Status LocalRuntime::remove_image(const std::string& reference) { return images_->remove(reference); }
Result<std::vector<ImageInfo>> LocalRuntime::import_images(const std::string& path) { return import_archive(*images_, path); }

}  // namespace skerry::runtime
