#include "agent/pods.h"

#include <algorithm>

#include "agent/env.h"
#include "agent/files.h"
#include "api/pod.h"
#include "base/log.h"
#include "base/strings.h"

namespace skerry::agent {
namespace {

constexpr size_t kMostMessage = 4096, kMostMessages = 12288, kMostLogMessage = 2048;

runtime::ContainerState running() { return runtime::ContainerState::kRunning; }

// The last lines of a container's log, without what the log format adds.
std::string log_tail(const std::string& path) {
  auto file = read_file(path, 64 << 20);
  if (!file) return "";
  std::string out;
  auto lines = split(std::string_view(*file).substr(file->size() > 16384 ? file->size() - 16384 : 0), '\n');
  size_t first = lines.size() > 81 ? lines.size() - 81 : 0;
  for (size_t i = first; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    bool partial = false;  // of a line that goes on, or that never ended
    for (int field = 0; field < 3 && !line.empty(); ++field) {
      auto space = line.find(' ');
      if (field == 2) partial = line.substr(0, space).starts_with('P');
      line = space == std::string_view::npos ? "" : line.substr(space + 1);
    }
    if (line.empty()) continue;
    out.append(line);
    if (!partial) out += '\n';
  }
  return out.size() > kMostLogMessage ? out.substr(out.size() - kMostLogMessage) : out;
}

}  // namespace

Pods::Pods(Parts parts, NodeRoom room)
    : parts_(parts), room_(room), images_(parts.runtime, parts.pulls, parts.clock, [this](const std::string& uid) { enqueue(uid); }),
      probes_(parts.runtime, parts.workers, parts.tasks, parts.clock, [this](const std::string& uid) { enqueue(uid); },
              [this](const std::string& uid, const std::string& container, const std::string& message) {
                StatePtr state = find_state(uid);
                if (!state) return;
                api::ObjectPtr pod;
                {
                  std::lock_guard l(mutex_);
                  pod = state->pod;
                }
                tell(pod->json(), "Warning", "Unhealthy", message, container);
              }),
      controller_("pods", *this, parts.workers, 8) {}

Pods::~Pods() { stop(); }

void Pods::start() {
  parts_.runtime.on_change([this](const std::string& uid) { enqueue(uid); });
  parts_.mirror.on_reference([this](const std::string& uid) {
    if (StatePtr state = find_state(uid)) {
      {
        std::lock_guard l(mutex_);
        state->volumes_dirty = true;
      }
      enqueue(uid);
    }
  });
  parts_.mirror.source(api::kPods).add_handler([this](const api::ObjectPtr& before, const api::ObjectPtr& after) { pod_changed(before, after); });
  controller_.start();
}

void Pods::stop() {
  {
    std::lock_guard l(mutex_);
    stopped_ = true;
  }
  controller_.stop();
}

void Pods::enqueue(const std::string& uid) {
  {
    std::lock_guard l(mutex_);
    if (stopped_ || !states_.contains(uid)) return;
  }
  controller_.enqueue(uid);
}

void Pods::enqueue_all() {
  std::vector<std::string> uids;
  {
    std::lock_guard l(mutex_);
    for (auto& [uid, state] : states_) uids.push_back(uid);
  }
  for (auto& uid : uids) enqueue(uid);
}

void Pods::set_network(network::PodNetwork* network) {
  {
    std::lock_guard l(mutex_);
    network_ = network;
  }
  enqueue_all();
}

void Pods::pod_changed(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  std::vector<std::string> touched;
  {
    std::lock_guard l(mutex_);
    if (before && (!after || after->meta().uid != before->meta().uid)) {
      if (auto it = states_.find(before->meta().uid); it != states_.end()) {
        it->second->gone = true;
        touched.push_back(before->meta().uid);
      }
    }
    if (after) {
      auto& state = states_[after->meta().uid];
      if (!state) state = std::make_shared<State>();
      state->pod = after;
      state->gone = false;
      state->volumes_dirty = true;  // labels and annotations may be in files
      touched.push_back(after->meta().uid);
    }
  }
  for (auto& uid : touched) enqueue(uid);
}

Pods::StatePtr Pods::find_state(const std::string& uid) const {
  std::lock_guard l(mutex_);
  auto it = states_.find(uid);
  return it == states_.end() ? nullptr : it->second;
}

void Pods::tell(const Json& pod, std::string_view type, std::string_view reason, const std::string& message, const std::string& container) {
  client::ObjectReference about{.api_version = "v1", .kind = "Pod", .ns = json::str(pod, {"metadata", "namespace"}),
                                .name = json::str(pod, {"metadata", "name"}), .uid = json::str(pod, {"metadata", "uid"}),
                                .resource_version = json::str(pod, {"metadata", "resourceVersion"}), .field_path = ""};
  if (!container.empty()) {
    std::string list = "containers";
    for (const char* other : {"initContainers", "ephemeralContainers"})
      for (auto& c : json::array_or_empty(json::find(pod, {"spec", other})))
        if (json::str(c, "name") == container) list = other;
    about.field_path = "spec." + list + "{" + container + "}";
  }
  parts_.events.record(about, type, reason, message);
}

Result<client::Outcome> Pods::reconcile(const client::Key& uid) {
  StatePtr state = find_state(uid);
  if (!state) return client::Outcome{};
  api::ObjectPtr object;
  Bytes said;
  bool gone;
  {
    std::lock_guard l(mutex_);
    object = state->pod;
    gone = state->gone;
    said = state->status;
  }
  if (!gone && state->finished) return client::Outcome{};  // waits for the API to let go of it
  const Json pod = object->json();
  Pass p{.state = state, .pod = pod, .old_status = json::object_or_empty(json::find(pod, "status")), .model = model_of(pod),
         .deleting = object->meta().deleting, .gone = gone, .ending = false, .facts = {}, .seen = {}, .waiting = {}, .wake = {}};
  if (!said) said = parts_.outbox.unsent(uid);
  if (said)
    if (auto status = json::parse_json(*said)) p.old_status = std::move(*status);
  p.facts = {.pod_ip = "", .pod_ips = {}, .host_ip = parts_.options.node_ip, .node_name = parts_.options.node_name,
             .node_cpu_milli = room_.cpu_milli, .node_memory_bytes = room_.memory_bytes, .node_ephemeral_bytes = room_.ephemeral_bytes};
  if (!gone && !admit(p)) {
    if (p.deleting) finish(p);
    return client::Outcome{};
  }
  if (!gone) parts_.mirror.set_references(uid, references_of(pod));

  Plan plan;
  for (int round = 0; round < 4; ++round) {
    p.waiting.clear();
    p.wake.reset();
    observe(p);
    check_deadline(p);
    p.ending = p.deleting || p.gone || state->failure || is_terminal_status(p.old_status);
    std::map<std::string, std::chrono::milliseconds> delays;
    for (auto* list : {&p.model.inits, &p.model.apps})
      for (auto& c : *list) delays[c.name] = state->restarts.delay(c.name);
    plan = make_plan(p.model, p.seen, delays, parts_.clock.now(), p.ending);
    p.waiting = plan.waiting;
    if (plan.wake_after) p.wake_after(*plan.wake_after);
    for (auto& [name, why] : plan.waiting)
      if (state->backoff_told.insert(name).second)
        tell(pod, "Warning", "BackOff", "Back-off restarting failed container " + name + " in pod " + p.model.full_name(), name);
    advance_kills(p, plan.kill);
    bool again = false;
    if (!plan.ending && prepare_volumes(p)) {
      if (plan.new_sandbox) again = make_sandbox(p, plan);
      else if (p.seen.sandbox_ready() && attach_network(p))
        for (auto& name : plan.start) again = start_container(p, name) || again;
    }
    if (!again) break;
  }
  observe(p);
  watch_probes(p);
  collect_dead(p);
  bool stopped = plan.stop_sandbox;
  if (plan.stop_sandbox && p.seen.sandbox_ready()) {
    if (Status s = parts_.runtime.stop_sandbox(p.seen.sandbox->id); !s) {
      LOG_WARN("agent", "stopping the sandbox of " << p.model.full_name() << ": " << s.error().message);
      p.wake_after(seconds(1));
      stopped = false;
    }
    p.seen.sandbox->state = runtime::SandboxState::kNotReady;
    network::PodNetwork* network;
    {
      std::lock_guard l(mutex_);
      network = network_;
    }
    if (network) (void)network->detach(uid);
    state->attached = false;
  }
  if (!p.gone) publish(p, plan);
  if (stopped) {
    if (p.deleting || p.gone) {
      finish(p);
    } else if (!state->cleaned) {
      state->cleaned = true;  // the messages in its files are in the status by now
      if (Status s = parts_.volumes.tear_down(uid); !s) LOG_WARN("agent", "volumes of " << p.model.full_name() << ": " << s.error().message);
      std::lock_guard l(mutex_);
      admitted_.erase(uid);
    }
  }
  return client::Outcome{.requeue_after = p.wake.value_or(milliseconds(0))};
}

bool Pods::admit(Pass& p) {
  State& s = *p.state;
  if (s.admitted) return true;
  if (s.rejected) return false;
  const std::string& uid = p.model.uid;
  // Seen before, in an earlier life of the agent; or nothing to start any more.
  bool known = p.old_status.contains("containerStatuses") || p.deleting || is_terminal_status(p.old_status);
  if (known) {
    s.admitted = true;
    std::lock_guard l(mutex_);
    if (!is_terminal_status(p.old_status)) admitted_.insert(uid);
    return true;
  }
  std::vector<Json> others;
  {
    std::lock_guard l(mutex_);  // one pod at a time: two that fit only alone must not both be let in
    for (auto& [other, state] : states_)
      if (other != uid && admitted_.contains(other)) others.push_back(state->pod->json());
    api::ObjectPtr node = parts_.mirror.source(api::kNodes).get(parts_.options.node_name);
    s.failure = refuse(p.pod, node ? node->json() : Json(), room_, others);
    if (!s.failure) {
      s.admitted = true;
      admitted_.insert(uid);
      return true;
    }
    s.rejected = true;
  }
  tell(p.pod, "Warning", s.failure->reason, s.failure->message);
  Bytes status = make_bytes(json::dump(rejected_status(p.pod, p.old_status, *s.failure, parts_.clock.now())));
  {
    std::lock_guard l(mutex_);
    s.status = status;
  }
  parts_.outbox.put_status(p.model.ns, p.model.name, uid, status);
  return false;
}

void Pods::observe(Pass& p) {
  State& s = *p.state;
  p.seen = Observed{};
  p.seen.containers = parts_.runtime.pod_containers(p.model.uid);
  for (auto& sandbox : parts_.runtime.list_sandboxes()) {
    if (sandbox.config.pod_uid != p.model.uid) continue;
    if (!p.seen.sandbox || sandbox.config.attempt >= p.seen.sandbox->config.attempt) p.seen.sandbox = sandbox;
  }
  if (p.seen.sandbox_ready()) {
    auto ips = p.seen.sandbox->ips;
    if (ips.empty() && !p.seen.sandbox->ip.empty()) ips.push_back(p.seen.sandbox->ip);
    if (p.seen.sandbox->config.host_network && ips.empty()) ips.push_back(parts_.options.node_ip);
    s.ips = ips;
    p.facts.pod_ips = ips;
    p.facts.pod_ip = ips.empty() ? "" : ips.front();
  }
  {
    std::lock_guard l(mutex_);
    std::erase_if(s.hook_failed, [&](auto& id) { return std::none_of(p.seen.containers.begin(), p.seen.containers.end(), [&](auto& c) { return c.id == id; }); });
    p.seen.hook_failed = s.hook_failed;
    for (auto& c : p.seen.containers)
      if (c.state == running() && s.hook_running.contains(c.id)) p.seen.hook_running.insert(c.id);
  }
  for (auto& c : p.seen.containers) {
    if (c.state != running()) continue;
    const Json& spec = find_container(p.pod, c.config.name);
    if (!spec.is_object()) continue;
    ProbeView view = probes_.view(p.model.uid, p.old_status, spec, c.id);
    if (p.seen.hook_running.contains(c.id)) view.started = view.ready = false;
    if (s.kills.contains(c.id)) view.failed.reset();  // it is being stopped already
    if (s.kills.contains(c.id) && !p.ending) view.ready = false;
    p.seen.probes[c.id] = view;
  }
}

void Pods::check_deadline(Pass& p) {
  const Json& limit = json::find(p.pod, {"spec", "activeDeadlineSeconds"});
  if (!limit.is_number_integer() || p.deleting || p.gone || p.state->failure || is_terminal_status(p.old_status)) return;
  auto began = parse_rfc3339(json::str(p.old_status, "startTime"));
  if (!began) return;
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*began + seconds(limit.get<int64_t>()) - parts_.clock.now());
  if (left.count() > 0) {
    p.wake_after(left + milliseconds(5));
    return;
  }
  p.state->failure = PodFailure{"DeadlineExceeded", "Pod was active on the node longer than the specified deadline"};
  tell(p.pod, "Normal", "DeadlineExceeded", p.state->failure->message);
}

void Pods::watch_probes(Pass& p) {
  std::vector<Probes::Running> list;
  for (auto& c : p.seen.containers)
    if (c.state == running() && !p.seen.hook_running.contains(c.id)) list.push_back({c.config.name, c.id, c.started_at});
  probes_.watch(p.model.uid, p.pod, p.old_status, p.facts.pod_ip, list, p.ending);
}

void Pods::publish(Pass& p, const Plan& plan) {
  State& s = *p.state;
  // The conditions that others have set come from the API's newest, ours from what we said last.
  Json status = make_status({.pod = p.pod, .old_status = p.old_status, .model = p.model, .seen = p.seen, .facts = p.facts,
                             .waiting = p.waiting, .now = parts_.clock.now(), .ending = p.ending, .init_failed = plan.init_failed,
                             .failure = s.failure,
                             .message_of = [&](const runtime::ContainerInfo& c, const Json& container) { return termination_message(p.pod, c, container); }});
  Bytes bytes = make_bytes(json::dump(status));
  {
    std::lock_guard l(mutex_);
    s.status = bytes;
  }
  parts_.outbox.put_status(p.model.ns, p.model.name, p.model.uid, std::move(bytes));
  // A pod that has just ended by itself: the next pass stops its sandbox.
  if (is_terminal_status(status) && !is_terminal_status(p.old_status) && p.seen.sandbox_ready()) p.wake_after(milliseconds(1));
}

std::string Pods::termination_message(const Json& pod, const runtime::ContainerInfo& c, const Json& container) const {
  size_t n = 0;
  for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) n += json::array_or_empty(json::find(pod, {"spec", list})).size();
  const size_t most = std::min(kMostMessage, kMostMessages / std::max<size_t>(n, 1));
  std::string text;
  if (auto file = read_file(parts_.volumes.pod_directory(json::str(pod, {"metadata", "uid"})) + "/containers/" + c.config.name + "/" +
                                std::to_string(c.config.attempt),
                            1 << 20))
    text = std::move(*file);
  if (text.empty() && json::str(container, "terminationMessagePolicy") == "FallbackToLogsOnError" && c.exit_code != 0)
    text = log_tail(log_directory(pod) + "/" + c.config.name + "/" + std::to_string(c.config.attempt) + ".log");
  if (text.size() > most) text.resize(most);
  return text;
}

std::string Pods::log_directory(const Json& pod) const {
  return parts_.options.log_dir + "/pods/" + json::str(pod, {"metadata", "namespace"}) + "_" + json::str(pod, {"metadata", "name"}) + "_" +
         json::str(pod, {"metadata", "uid"});
}

std::vector<Json> Pods::list() const {
  std::vector<std::pair<api::ObjectPtr, Bytes>> all;
  {
    std::lock_guard l(mutex_);
    for (auto& [uid, state] : states_)
      if (!state->gone) all.emplace_back(state->pod, state->status);
  }
  std::vector<Json> out;
  for (auto& [object, status] : all) {
    Json pod = object->json();
    if (status)
      if (auto s = json::parse_json(*status)) pod["status"] = std::move(*s);
    out.push_back(std::move(pod));
  }
  return out;
}

std::optional<Json> Pods::find(const std::string& ns, const std::string& name) const {
  std::lock_guard l(mutex_);
  for (auto& [uid, state] : states_)
    if (!state->gone && state->pod->meta().ns == ns && state->pod->meta().name == name) return state->pod->json();
  return std::nullopt;
}

size_t Pods::count() const {
  std::lock_guard l(mutex_);
  return states_.size();
}

std::set<std::string> Pods::images_in_use() const {
  std::set<std::string> used;
  for (auto& c : parts_.runtime.list_containers()) used.insert(c.config.image_ref);
  return used;
}

}  // namespace skerry::agent
