// Pods: what it takes to get a container running: volumes, sandbox, network, image, configuration.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "agent/container_config.h"
#include "agent/env.h"
#include "agent/files.h"
#include "agent/lifecycle_hook.h"
#include "agent/network_files.h"
#include "agent/pods.h"
#include "base/log.h"

namespace skerry::agent {

Lookup Pods::lookup() const {
  return [this](const Reference& r) { return parts_.mirror.lookup(r); };
}

// Failed to prepare the pod as a whole: an event, and another try later.
void Pods::setup_failed(Pass& p, const std::string& reason, const std::string& message) {
  State& s = *p.state;
  s.setup.next("", parts_.clock.mono());
  s.setup_failed = parts_.clock.mono();
  tell(p.pod, "Warning", reason, message);
  LOG_WARN("agent", "pod " << p.model.full_name() << ": " << message);
  p.wake_after(s.setup.delay("") + milliseconds(5));
}

bool Pods::prepare_volumes(Pass& p) {
  State& s = *p.state;
  const WallTime now = parts_.clock.now();
  bool dirty;
  {
    std::lock_guard l(mutex_);
    dirty = s.volumes_dirty;
    s.volumes_dirty = false;
  }
  if (s.mounted && s.mounted->refresh_at && now >= *s.mounted->refresh_at) dirty = true;
  // What keeps failing waits, unless something it refers to has changed.
  if (!dirty && s.setup.waiting("", s.setup_failed, parts_.clock.mono()) && !s.mounted) {
    p.wake_after(std::chrono::duration_cast<std::chrono::milliseconds>(s.setup_failed + s.setup.delay("") - parts_.clock.mono()) + milliseconds(5));
    return false;
  }
  if (!s.mounted || dirty) {
    api::ObjectPtr node = parts_.mirror.source(api::kNodes).get(parts_.options.node_name);
    auto mounted = parts_.volumes.set_up(p.pod, p.facts, lookup(), node ? node->meta().uid : "");
    if (mounted) {
      s.mounted = std::move(*mounted);
      s.volumes_unknown_since = {};
      if (!p.seen.sandbox) s.setup.reset("");
    } else {
      const std::string& message = mounted.error().message;
      // Not known yet is everyday for the first moments: the mirror wakes us. Said aloud only if it lasts.
      const bool unknown = mounted.error().is(Reason::kServiceUnavailable);
      const MonoTime mono = parts_.clock.mono();
      if (!unknown) s.volumes_unknown_since = {};
      else if (s.volumes_unknown_since == MonoTime{}) s.volumes_unknown_since = mono;
      if (unknown && mono < s.volumes_unknown_since + seconds(3)) {
        p.wake_after(std::chrono::duration_cast<std::chrono::milliseconds>(s.volumes_unknown_since + seconds(3) - mono) + milliseconds(5));
        return s.mounted.has_value();
      }
      setup_failed(p, "FailedMount", message);
      return s.mounted.has_value();  // a running pod goes on with what it has
    }
  }
  if (s.mounted->refresh_at)
    p.wake_after(std::chrono::duration_cast<std::chrono::milliseconds>(*s.mounted->refresh_at - now) + milliseconds(50));
  return true;
}

bool Pods::make_sandbox(Pass& p, const Plan& plan) {
  State& s = *p.state;
  if (p.seen.sandbox && s.setup.waiting("", s.setup_failed, parts_.clock.mono())) {
    p.wake_after(s.setup.delay(""));
    return false;
  }
  const bool host_network = json::boolean(p.pod, {"spec", "hostNetwork"});
  network::PodNetwork* network;
  {
    std::lock_guard l(mutex_);
    network = network_;
  }
  if (!host_network && !network) {
    tell(p.pod, "Warning", "NetworkNotReady", "network is not ready: the node has no pod network yet (spec.podCIDR is not assigned)");
    p.wake_after(seconds(10));  // set_network() comes first, usually
    return false;
  }
  const std::string directory = log_directory(p.pod);
  Status made = make_directories(directory, 0755);
  if (made) {
    auto sandbox = parts_.runtime.run_sandbox(
        make_sandbox_config(p.pod, plan.sandbox_attempt, pod_hostname(p.pod, parts_.options.cluster_domain), directory));
    if (sandbox) {
      s.attached = false;
      if (p.seen.sandbox) tell(p.pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
      return true;
    }
    made = sandbox.error();
  }
  setup_failed(p, "FailedCreatePodSandBox", "Failed to create pod sandbox: " + made.error().message);
  return false;
}

// The sandbox has its address, host ports and network files. Again after each start of the agent.
Status Pods::attach_network(Pass& p) {
  State& s = *p.state;
  if (s.attached) return {};
  auto fail = [&](const std::string& message) {
    setup_failed(p, "FailedCreatePodSandBox", "Failed to create pod sandbox: " + message);
    return internal_error(message);
  };
  const auto& sandbox = *p.seen.sandbox;
  if (sandbox.config.host_network) {
    p.facts.pod_ips = {parts_.options.node_ip};
    if (sandbox.ips.empty()) (void)parts_.runtime.set_sandbox_ips(sandbox.id, p.facts.pod_ips);
  } else {
    network::PodNetwork* network;
    {
      std::lock_guard l(mutex_);
      network = network_;
    }
    if (!network) {
      p.wake_after(seconds(1));
      return Error(Reason::kServiceUnavailable, "no pod network yet");
    }
    auto ips = network->attach(p.model.uid, sandbox.netns_path);
    if (!ips) return fail("failed to setup network for sandbox: " + ips.error().message);
    if (*ips != sandbox.ips)
      if (Status set = parts_.runtime.set_sandbox_ips(sandbox.id, *ips); !set) return fail(set.error().message);
    p.facts.pod_ips = *ips;
    std::vector<network::HostPort> ports;
    for (const char* list : {"initContainers", "containers"})
      for (auto& c : json::array_or_empty(json::find(p.pod, {"spec", list})))
        for (auto& port : json::array_or_empty(json::find(c, "ports")))
          if (auto host = json::integer(port, "hostPort"); host > 0)
            ports.push_back({json::str(port, "protocol", "TCP"), static_cast<uint16_t>(host),
                             static_cast<uint16_t>(json::integer(port, "containerPort")), json::str(port, "hostIP")});
    if (!ports.empty() && !ips->empty())
      if (Status set = network->set_host_ports(p.model.uid, ips->front(), ports); !set) return fail("host ports: " + set.error().message);
  }
  p.facts.pod_ip = p.facts.pod_ips.empty() ? "" : p.facts.pod_ips.front();
  s.ips = p.facts.pod_ips;
  if (Status written = write_network_files(p); !written) return fail(written.error().message);
  s.attached = true;
  s.setup.reset("");
  return {};
}

Status Pods::write_network_files(Pass& p) {
  const std::string directory = parts_.volumes.pod_directory(p.model.uid);
  TRY(make_directories(directory, 0750));
  auto host_file = [](const std::string& path) { return read_file(path, 1 << 20).value_or(std::string()); };
  TRY(write_file_in_place(directory + "/hosts", render_hosts(p.pod, p.facts.pod_ips, parts_.options.cluster_domain, host_file("/etc/hosts"))));
  ClusterDns dns{parts_.options.cluster_dns, parts_.options.cluster_domain};
  TRY(write_file_in_place(directory + "/resolv.conf", render_resolv_conf(p.pod, dns, host_file(parts_.options.resolv_conf))));
  std::string hostname = pod_hostname(p.pod, parts_.options.cluster_domain);
  if (json::boolean(p.pod, {"spec", "hostNetwork"})) hostname = parts_.options.hostname;
  TRY(write_file_in_place(directory + "/hostname", hostname + "\n"));
  return {};
}

std::vector<Json> Pods::services_for(const Json& pod) const {
  const Json& links = json::find(pod, {"spec", "enableServiceLinks"});
  const bool all = !links.is_boolean() || links.get<bool>();
  const std::string ns = json::str(pod, {"metadata", "namespace"});
  std::vector<Json> out;
  for (auto& service : parts_.mirror.source(api::kServices).all()) {
    const auto& m = service->meta();
    const bool kubernetes = m.ns == "default" && m.name == "kubernetes";
    if (kubernetes || (all && m.ns == ns)) out.push_back(service->json());
  }
  return out;
}

bool Pods::start_container(Pass& p, const std::string& name) {
  State& s = *p.state;
  const Json& container = find_container(p.pod, name);
  if (!container.is_object()) return false;
  auto wait = [&](std::string reason, std::string message) { p.waiting[name] = {std::move(reason), std::move(message)}; };
  auto last = p.seen.newest(name);
  uint32_t attempt = last ? last->config.attempt + 1 : 0;
  if (!last) {
    // All trace of its container is lost, but it has run: an ephemeral container does so once.
    for (auto& c : json::array_or_empty(json::find(p.old_status, "ephemeralContainerStatuses")))
      if (json::str(c, "name") == name && !json::str(c, "containerID").empty()) return false;
    for (const char* list : {"containerStatuses", "initContainerStatuses"})
      for (auto& c : json::array_or_empty(json::find(p.old_status, list)))
        if (json::str(c, "name") == name && !json::str(c, "containerID").empty()) attempt = static_cast<uint32_t>(json::integer(c, "restartCount")) + 1;
  }
  // In a new sandbox with its image still coming, an ended container is waited for, not shown as ended.
  auto image = images_.ensure(p.pod, container, attempt, lookup(), [this, pod = p.pod, name](const std::string& type, const std::string& reason, const std::string& message) {
    tell(pod, type, reason, message, name);
  });
  if (image.state == Images::Answer::State::kPulling) return false;
  if (image.state == Images::Answer::State::kFailed) {
    wait(image.reason, image.message);
    p.wake_after(image.retry_after);
    return false;
  }
  if (!parts_.mirror.source(api::kServices).synced()) {
    p.wake_after(milliseconds(50));
    return false;
  }
  auto environment = make_environment(p.pod, container, p.facts, lookup(), services_for(p.pod));
  Status started = {};
  std::string reason = "CreateContainerConfigError";
  if (!environment) {
    started = environment.error();
    if (started.error().is(Reason::kServiceUnavailable)) {
      p.wake_after(seconds(5));
      return false;
    }
  } else {
    started = create_and_start(p, container, attempt, image.image, *environment);
    if (started) {
      images_.used(p.model.uid, name);
      // The first restart is at once, as in Kubernetes: the delay begins with it.
      if (last) s.restarts.next(name, parts_.clock.mono());
      s.backoff_told.erase(name);
      return true;
    }
    reason = started.error().is(Reason::kInvalid) || started.error().is(Reason::kNotImplemented) ? "CreateContainerConfigError"
             : started.error().is(Reason::kGone) ? "RunContainerError" : "CreateContainerError";
  }
  tell(p.pod, "Warning", "Failed", "Error: " + started.error().message, name);
  wait(reason, started.error().message);
  if (reason == "RunContainerError") {
    // The runtime keeps it as an ended container where it can: then the next pass backs off as after a crash.
    s.restarts.next(name, parts_.clock.mono());
    images_.used(p.model.uid, name);
  }
  p.wake_after(seconds(10));
  return false;
}

// Errors: Invalid and NotImplemented for a configuration that cannot work, Gone for a container that could not be started.
Status Pods::create_and_start(Pass& p, const Json& container, uint32_t attempt, const runtime::ImageInfo& image, const Environment& environment) {
  State& s = *p.state;
  const std::string name = json::str(container, "name"), directory = parts_.volumes.pod_directory(p.model.uid);
  ContainerInputs in{.pod = p.pod, .container = container, .attempt = attempt, .image = image, .environment = environment,
                     .node_memory_bytes = room_.memory_bytes, .seccomp_directory = parts_.options.data_dir + "/seccomp"};
  auto config = TRY(make_container_config(in));
  config.mounts = TRY(make_mounts(in, *s.mounted, parts_.volumes));
  if (std::string target = json::str(container, "targetContainerName"); !target.empty()) {
    if (!p.seen.newest(target)) return Error(Reason::kInvalid, "unable to find target container " + target);
    config.target_pid_container = target;
  }
  auto add = [&](const std::string& host, const std::string& inside) {
    if (std::none_of(config.mounts.begin(), config.mounts.end(), [&](auto& m) { return m.container_path == inside; }))
      config.mounts.push_back({.host_path = host, .container_path = inside, .propagation = runtime::Mount::Propagation::kPrivate});
  };
  add(directory + "/hosts", "/etc/hosts");
  add(directory + "/resolv.conf", "/etc/resolv.conf");
  add(directory + "/hostname", "/etc/hostname");
  if (auto path = json::str(container, "terminationMessagePath", "/dev/termination-log"); path.starts_with("/")) {
    TRY(make_directories(directory + "/containers/" + name, 0755));
    const std::string file = directory + "/containers/" + name + "/" + std::to_string(attempt);
    TRY(write_file_atomic(file, "", 0666));
    add(file, path);
  }
  const std::string logs = log_directory(p.pod);
  TRY(make_directories(logs + "/" + name, 0755));
  // A container of an interrupted try.
  for (auto& c : p.seen.containers)
    if (c.config.name == name && c.state == runtime::ContainerState::kCreated) (void)parts_.runtime.remove_container(c.id);
  auto id = parts_.runtime.create_container(p.seen.sandbox->id, config);
  if (!id) return internal_error(id.error().message);
  tell(p.pod, "Normal", "Created", "Container created", name);
  if (Status started = parts_.runtime.start_container(*id); !started) {
    auto now = parts_.runtime.container(*id);
    if (!now || now->state == runtime::ContainerState::kCreated) (void)parts_.runtime.remove_container(*id);
    return Error(Reason::kGone, started.error().message);
  }
  tell(p.pod, "Normal", "Started", "Container started", name);
  const std::string links = parts_.options.log_dir + "/containers";
  if (make_directories(links, 0755)) {
    std::string link = links + "/" + p.model.name + "_" + p.model.ns + "_" + name + "-" + *id + ".log";
    if (::symlink((logs + "/" + config.log_path).c_str(), link.c_str()) != 0 && errno != EEXIST) LOG_DEBUG("agent", "cannot link " << link);
  }
  if (const Json& hook = json::find(container, {"lifecycle", "postStart"}); hook.is_object()) {
    {
      std::lock_guard l(mutex_);
      s.hook_running.insert(*id);
    }
    run_hook(parts_.runtime, parts_.tasks, parts_.workers, hook, container, *id, p.facts.pod_ip, std::chrono::hours(24),
             [this, state = p.state, id = *id, uid = p.model.uid, name](Status done) {
               Json pod;
               {
                 std::lock_guard l(mutex_);
                 state->hook_running.erase(id);
                 if (!done) state->hook_failed.insert(id);
                 pod = state->pod->json();
               }
               if (!done) tell(pod, "Warning", "FailedPostStartHook", "PostStartHook failed", name);
               enqueue(uid);
             });
  }
  return {};
}

}  // namespace skerry::agent
