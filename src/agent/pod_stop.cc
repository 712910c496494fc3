// Pods: stopping containers with their grace, and clearing away what pods leave.
#include <unistd.h>

#include <algorithm>

#include "agent/files.h"
#include "agent/lifecycle_hook.h"
#include "agent/pods.h"
#include "base/log.h"

namespace skerry::agent {
namespace {
constexpr auto kLeastGrace = seconds(2);  // after a preStop hook that took all the time
}  // namespace

int64_t Pods::grace_of(const Pass& p) const {
  const Json& deletion = json::find(p.pod, {"metadata", "deletionGracePeriodSeconds"});
  if ((p.deleting || p.gone) && deletion.is_number_integer()) return std::max<int64_t>(0, deletion.get<int64_t>());
  return std::max<int64_t>(0, json::integer(p.pod, {"spec", "terminationGracePeriodSeconds"}, 30));
}

void Pods::advance_kills(Pass& p, const std::vector<Plan::Kill>& wanted) {
  State& s = *p.state;
  const MonoTime now = parts_.clock.mono();
  for (auto& k : wanted) {
    const std::chrono::nanoseconds grace = seconds(k.grace_s.value_or(grace_of(p)));
    auto [it, fresh] = s.kills.try_emplace(k.id);
    Kill& kill = it->second;
    if (fresh) {
      kill.name = k.name;
      kill.began = now;
      kill.deadline = now + grace;
      tell(p.pod, "Normal", "Killing", k.message, k.name);
      const Json& container = find_container(p.pod, k.name);
      const Json& hook = json::find(container, {"lifecycle", "preStop"});
      if (hook.is_object() && grace.count() > 0) {
        kill.hook_running = true;
        {
          std::lock_guard l(mutex_);
          s.pre_stop_running.insert(k.id);
        }
        run_hook(parts_.runtime, parts_.tasks, parts_.workers, hook, container, k.id, p.facts.pod_ip,
                 std::chrono::duration_cast<std::chrono::milliseconds>(grace),
                 [this, state = p.state, id = k.id, uid = p.model.uid, name = k.name](Status done) {
                   Json pod;
                   {
                     std::lock_guard l(mutex_);
                     state->pre_stop_running.erase(id);
                     pod = state->pod->json();
                   }
                   if (!done) tell(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", name);
                   enqueue(uid);
                 });
      }
    }
    kill.deadline = std::min(kill.deadline, kill.began + grace);  // the grace may have been shortened
  }
  // Also those that the plan names no more: what has begun is brought to its end.
  for (auto& [id, kill] : s.kills) {
    const bool runs = std::any_of(p.seen.containers.begin(), p.seen.containers.end(),
                                  [&, &id = id](auto& c) { return c.id == id && c.state == runtime::ContainerState::kRunning; });
    if (runs) advance_kill(p, id, kill);
  }
}

void Pods::advance_kill(Pass& p, const std::string& id, Kill& kill) {
  State& s = *p.state;
  const MonoTime now = parts_.clock.mono();
  if (kill.hook_running) {
    std::lock_guard l(mutex_);
    if (!s.pre_stop_running.contains(id)) {
      kill.hook_running = false;
      kill.deadline = std::max(kill.deadline, now + kLeastGrace);
    }
  }
  if (!kill.signalled && (!kill.hook_running || now >= kill.deadline)) {
    if (kill.hook_running) kill.deadline = now + kLeastGrace;
    kill.hook_running = false;
    kill.signalled = true;
    if (now < kill.deadline)
      if (Status st = parts_.runtime.signal_container(id); !st)
        LOG_WARN("agent", "signal to " << kill.name << " of " << p.model.full_name() << ": " << st.error().message);
  }
  if (kill.signalled && now >= kill.deadline) {
    if (Status st = parts_.runtime.stop_container(id, milliseconds(0)); !st) {
      LOG_WARN("agent", "stopping " << kill.name << " of " << p.model.full_name() << ": " << st.error().message);
      p.wake_after(seconds(1));
    } else {
      p.wake_after(milliseconds(1));  // look again
    }
    return;
  }
  p.wake_after(std::chrono::duration_cast<std::chrono::milliseconds>(kill.deadline - now) + milliseconds(5));
}

// Keeps the newest container of each name and the dead one before it; what ended need not be stopped any more.
void Pods::collect_dead(Pass& p) {
  State& s = *p.state;
  std::map<std::string, std::vector<const runtime::ContainerInfo*>> dead;
  std::set<std::string> sandboxes;
  for (auto& c : p.seen.containers) {
    if (c.state == runtime::ContainerState::kRunning) continue;
    s.kills.erase(c.id);
    if (c.state == runtime::ContainerState::kExited) dead[c.config.name].push_back(&c);
  }
  std::set<std::string> removed;
  for (auto& [name, list] : dead) {
    auto newest = p.seen.newest(name), previous = p.seen.previous(name);
    for (auto c : list) {
      if (c == newest || c == previous) continue;
      if (!parts_.runtime.remove_container(c->id)) continue;
      removed.insert(c->id);
      ::unlink((parts_.options.log_dir + "/containers/" + p.model.name + "_" + p.model.ns + "_" + name + "-" + c->id + ".log").c_str());
      const std::string logs = log_directory(p.pod) + "/" + name + "/";
      const std::string file = std::to_string(c->config.attempt) + ".log";
      for (auto& f : list_directory(logs))
        if (f.starts_with(file)) ::unlink((logs + f).c_str());
    }
  }
  for (auto& c : p.seen.containers)
    if (!removed.contains(c.id)) sandboxes.insert(c.sandbox_id);
  if (!p.seen.sandbox || p.seen.sandbox->config.attempt == 0) return;
  for (auto& old : parts_.runtime.list_sandboxes())
    if (old.config.pod_uid == p.model.uid && old.id != p.seen.sandbox->id && !sandboxes.contains(old.id)) {
      (void)parts_.runtime.stop_sandbox(old.id);
      (void)parts_.runtime.remove_sandbox(old.id);
    }
}

void Pods::remove_everything(const std::string& uid, const std::string& log_directory) {
  for (auto& c : parts_.runtime.pod_containers(uid)) {
    (void)parts_.runtime.stop_container(c.id, milliseconds(0));
    if (Status s = parts_.runtime.remove_container(c.id); !s) LOG_WARN("agent", "removing container " << c.id.substr(0, 12) << ": " << s.error().message);
  }
  for (auto& sandbox : parts_.runtime.list_sandboxes()) {
    if (sandbox.config.pod_uid != uid) continue;
    (void)parts_.runtime.stop_sandbox(sandbox.id);
    if (Status s = parts_.runtime.remove_sandbox(sandbox.id); !s) LOG_WARN("agent", "removing sandbox " << sandbox.id.substr(0, 12) << ": " << s.error().message);
  }
  network::PodNetwork* network;
  {
    std::lock_guard l(mutex_);
    network = network_;
  }
  if (network)
    if (Status s = network->detach(uid); !s) LOG_WARN("agent", "network of pod " << uid << ": " << s.error().message);
  if (Status s = parts_.volumes.tear_down(uid); !s) LOG_WARN("agent", "volumes of pod " << uid << ": " << s.error().message);
  if (!log_directory.empty()) {
    for (auto& link : list_directory(parts_.options.log_dir + "/containers")) {
      const std::string path = parts_.options.log_dir + "/containers/" + link;
      char target[4096];
      ssize_t n = ::readlink(path.c_str(), target, sizeof target);
      if (n > 0 && std::string_view(target, static_cast<size_t>(n)).starts_with(log_directory + "/")) ::unlink(path.c_str());
    }
    if (Status s = remove_tree(log_directory); !s) LOG_WARN("agent", "logs of pod " << uid << ": " << s.error().message);
  }
}

// All has stopped and the pod is to go: nothing of it stays here, and the API may forget it.
void Pods::finish(Pass& p) {
  State& s = *p.state;
  const std::string& uid = p.model.uid;
  probes_.forget(uid);
  images_.forget_pod(uid);
  remove_everything(uid, log_directory(p.pod));
  parts_.mirror.set_references(uid, {});
  s.finished = true;
  if (p.gone) parts_.outbox.forget(uid);
  else parts_.outbox.put_deletion(p.model.ns, p.model.name, uid);
  std::lock_guard l(mutex_);
  admitted_.erase(uid);
  if (p.gone || s.gone) states_.erase(uid);
}

void Pods::remove_orphans() {
  std::vector<std::string> known;
  {
    std::lock_guard l(mutex_);
    for (auto& [uid, state] : states_) known.push_back(uid);
  }
  auto unknown = [&](const std::string& uid) { return std::find(known.begin(), known.end(), uid) == known.end(); };
  std::map<std::string, std::string> orphans;  // uid -> log directory
  for (auto& sandbox : parts_.runtime.list_sandboxes())
    if (unknown(sandbox.config.pod_uid)) orphans[sandbox.config.pod_uid] = sandbox.config.log_directory;
  for (auto& [uid, logs] : orphans) {
    LOG_INFO("agent", "removing what is left of pod " << uid);
    remove_everything(uid, logs);
  }
  parts_.volumes.retain(known);
  network::PodNetwork* network;
  {
    std::lock_guard l(mutex_);
    network = network_;
  }
  if (network)
    if (Status s = network->retain(known); !s) LOG_WARN("agent", "pod network: " << s.error().message);
}

}  // namespace skerry::agent
