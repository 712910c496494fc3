#include "agent/node.h"

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "json/patch.h"

namespace skerry::agent {
namespace {

constexpr auto kLeasePeriod = seconds(10), kStatusPeriod = seconds(300);
constexpr auto kNetworkGrace = seconds(10);  // after a start
constexpr int kLeaseDuration = 40;
constexpr size_t kMostImages = 50, kMostImageNames = 5;
constexpr int64_t kMemoryThreshold = 100 << 20;  // what Kubernetes keeps free before it evicts

std::string ki(uint64_t bytes) { return std::to_string(bytes / 1024) + "Ki"; }

Json resources(int64_t cpu_milli, std::string memory, std::string disk, int64_t pods) {
  std::string cpu = cpu_milli % 1000 == 0 ? std::to_string(cpu_milli / 1000) : std::to_string(cpu_milli) + "m";
  return {{"cpu", cpu}, {"memory", std::move(memory)}, {"ephemeral-storage", std::move(disk)}, {"pods", std::to_string(pods)},
          {"hugepages-1Gi", "0"}, {"hugepages-2Mi", "0"}};
}

Json image_list(std::vector<runtime::ImageInfo> images) {
  std::stable_sort(images.begin(), images.end(), [](auto& a, auto& b) { return a.size_bytes > b.size_bytes; });
  Json out = Json::array();
  for (auto& i : images) {
    if (out.size() >= kMostImages) break;
    Json names = Json::array();
    for (auto* list : {&i.repo_digests, &i.repo_tags})
      for (auto& n : *list)
        if (names.size() < kMostImageNames) names.push_back(n);
    out.push_back({{"names", std::move(names)}, {"sizeBytes", i.size_bytes}});
  }
  return out;
}

// Without what changes by the clock alone.
std::string comparable(Json status) {
  if (status.contains("conditions"))
    for (auto& c : status["conditions"]) c.erase("lastHeartbeatTime");
  return json::dump(status);
}

}  // namespace

NodeFacts gather_node_facts(const AgentOptions& options) {
  NodeFacts f;
  f.system = os::system_info();
  if (auto disk = os::disk_info(options.data_dir)) f.disk_bytes = static_cast<int64_t>(disk->total);
  f.room.cpu_milli = std::max<int64_t>(0, static_cast<int64_t>(f.system.cpus) * 1000 - options.system_reserved_cpu_milli);
  f.room.memory_bytes = std::max<int64_t>(0, static_cast<int64_t>(f.system.memory_bytes) - options.system_reserved_memory_bytes - kMemoryThreshold);
  f.room.ephemeral_bytes = f.disk_bytes / 10 * 9;
  f.room.pods = options.max_pods;
  return f;
}

NodeHealth gather_health(const AgentOptions& options, bool network_ready) {
  NodeHealth h;
  h.network_ready = network_ready;
  h.memory_pressure = os::memory_info().available < static_cast<uint64_t>(kMemoryThreshold);
  if (auto disk = os::disk_info(options.data_dir); disk && disk->total > 0)
    h.disk_pressure = disk->available < disk->total / 10 || (disk->inodes > 0 && disk->inodes_free < disk->inodes / 20);
  return h;
}

Json node_object(const AgentOptions& options, const NodeFacts& facts) {
  Json labels = {{"kubernetes.io/hostname", options.node_name}, {"kubernetes.io/os", "linux"}, {"kubernetes.io/arch", facts.system.architecture},
                 {"beta.kubernetes.io/os", "linux"}, {"beta.kubernetes.io/arch", facts.system.architecture},
                 {"node.kubernetes.io/instance-type", "skerry"}};
  for (auto& [k, v] : options.node_labels) labels[k] = v;
  Json node = {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", options.node_name}, {"labels", std::move(labels)}}}, {"spec", Json::object()}};
  for (auto& [k, v] : options.node_annotations) node["metadata"]["annotations"][k] = v;
  if (!options.register_taints.empty()) node["spec"]["taints"] = options.register_taints;
  return node;
}

Json node_status(const AgentOptions& options, const NodeFacts& facts, const NodeHealth& health, const std::vector<runtime::ImageInfo>& images,
                 const Json& before, WallTime now) {
  Json s = Json::object();
  const auto& system = facts.system;
  s["addresses"] = {{{"type", "InternalIP"}, {"address", options.node_ip}}, {{"type", "Hostname"}, {"address", options.hostname}}};
  s["capacity"] = resources(static_cast<int64_t>(system.cpus) * 1000, ki(system.memory_bytes), ki(static_cast<uint64_t>(facts.disk_bytes)), options.max_pods);
  s["allocatable"] = resources(facts.room.cpu_milli, ki(static_cast<uint64_t>(facts.room.memory_bytes)), std::to_string(facts.room.ephemeral_bytes), facts.room.pods);
  s["daemonEndpoints"] = {{"kubeletEndpoint", {{"Port", options.kubelet_port}}}};
  s["nodeInfo"] = {{"machineID", system.machine_id}, {"systemUUID", system.system_uuid}, {"bootID", system.boot_id},
                   {"kernelVersion", system.kernel_version}, {"osImage", system.os_image}, {"containerRuntimeVersion", options.runtime_version},
                   {"kubeletVersion", options.kubelet_version}, {"kubeProxyVersion", ""}, {"operatingSystem", "linux"}, {"architecture", system.architecture}};
  s["images"] = image_list(images);
  Json conditions = Json::array();
  auto add = [&](const char* type, bool status, const char* reason, const std::string& message) {
    Json c = {{"type", type}, {"status", status ? "True" : "False"}, {"reason", reason}, {"message", message},
              {"lastHeartbeatTime", format_rfc3339(now)}, {"lastTransitionTime", format_rfc3339(now)}};
    for (auto& old : json::array_or_empty(json::find(before, "conditions")))
      if (json::str(old, "type") == type && json::str(old, "status") == c["status"] && old.contains("lastTransitionTime"))
        c["lastTransitionTime"] = old["lastTransitionTime"];
    conditions.push_back(std::move(c));
  };
  add("MemoryPressure", health.memory_pressure, health.memory_pressure ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
      health.memory_pressure ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available");
  add("DiskPressure", health.disk_pressure, health.disk_pressure ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
      health.disk_pressure ? "kubelet has disk pressure" : "kubelet has no disk pressure");
  add("PIDPressure", health.pid_pressure, health.pid_pressure ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
      health.pid_pressure ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available");
  add("Ready", health.network_ready, health.network_ready ? "KubeletReady" : "KubeletNotReady",
      health.network_ready ? "kubelet is posting ready status" : "container runtime network not ready: the node has no pod network yet (spec.podCIDR is not assigned)");
  if (health.host_lacks) {
    // Skerry's own condition, so that a fleet shows which of its machines are not as they could be (skerry check-config).
    const bool degraded = !health.host_lacks->empty();
    add("HostDegraded", degraded, degraded ? "HostLacksFeatures" : "HostHasAllFeatures",
        degraded ? skerry::join(*health.host_lacks, "; ") : "the host has everything that Skerry relies on");
  }
  for (auto& c : json::array_or_empty(json::find(before, "conditions")))
    if (std::none_of(conditions.begin(), conditions.end(), [&](auto& mine) { return mine["type"] == json::str(c, "type"); })) conditions.push_back(c);
  s["conditions"] = std::move(conditions);
  return s;
}

namespace {

std::string condition(const Json& status, std::string_view type) {
  for (auto& c : json::array_or_empty(json::find(status, "conditions")))
    if (json::str(c, "type") == type) return json::str(c, "status");
  return {};
}

}  // namespace

bool is_news(bool network_ready, const Json& before, milliseconds since_start) {
  return network_ready || since_start >= kNetworkGrace || condition(before, "Ready") != "True";
}

std::vector<NodeEvent> node_events(const std::string& node, const Json& before, const Json& after) {
  std::vector<NodeEvent> out;
  const auto is_now = [&](const std::string& reason) { out.push_back({"Normal", reason, "Node " + node + " status is now: " + reason}); };
  const std::string booted = json::str(before, {"nodeInfo", "bootID"}), boot = json::str(after, {"nodeInfo", "bootID"});
  if (!booted.empty() && booted != boot) out.push_back({"Warning", "Rebooted", "Node " + node + " has been rebooted, boot id: " + boot});
  constexpr struct { const char *type, *when_true, *when_false; } kPressures[] = {
      {"MemoryPressure", "NodeHasInsufficientMemory", "NodeHasSufficientMemory"},
      {"DiskPressure", "NodeHasDiskPressure", "NodeHasNoDiskPressure"},
      {"PIDPressure", "NodeHasInsufficientPID", "NodeHasSufficientPID"},
  };
  for (auto& p : kPressures)
    if (const auto now = condition(after, p.type); now != condition(before, p.type)) is_now(now == "True" ? p.when_true : p.when_false);
  // That a new node is not ready yet is no news.
  const auto was_ready = condition(before, "Ready"), ready = condition(after, "Ready");
  if (ready != was_ready && (ready == "True" || !was_ready.empty())) is_now(ready == "True" ? "NodeReady" : "NodeNotReady");
  return out;
}

struct Node::State : std::enable_shared_from_this<Node::State> {
  State(client::Client& u, runtime::Runtime& r, Executor& e, const AgentOptions& o, NodeFacts f, Tell t)
      : uplink(u), runtime(r), executor(e), options(o), facts(std::move(f)), tell(std::move(t)) {}
  client::Client& uplink;
  runtime::Runtime& runtime;
  Executor& executor;
  const AgentOptions& options;
  const NodeFacts facts;
  const Tell tell;

  std::mutex turn;  // held during a look; taken before mutex
  // guarded by turn:
  std::string node_uid, sent;
  MonoTime status_sent_at{}, lease_at{};
  Json lease;
  int failures = 0;
  std::string sent_vtep;
  bool told_start = false;
  const MonoTime started_at = executor.clock().mono();

  mutable std::mutex mutex;  // guards all below
  bool stopped = false, registered = false, network_ready = false;
  std::string vtep_mac;
  std::optional<std::vector<std::string>> host_lacks;
  Executor::TimerId timer = 0;

  void schedule(std::chrono::milliseconds after) {
    std::lock_guard l(mutex);
    if (stopped) return;
    if (timer) executor.cancel(timer);
    timer = executor.post_after(after, [self = shared_from_this()] { self->look(); });
  }
  void look();
  Status register_node();
  Status send_status();
  Status renew_lease();
};

void Node::State::look() {
  std::lock_guard turn_lock(turn);
  {
    std::lock_guard l(mutex);
    if (stopped) return;
  }
  const MonoTime now = executor.clock().mono();
  Status s = node_uid.empty() ? register_node() : Status();
  if (s) s = send_status();
  if (s && (lease_at == MonoTime{} || now - lease_at >= kLeasePeriod - milliseconds(100))) s = renew_lease();
  if (s) {
    if (failures > 0) LOG_INFO("agent", "node " << options.node_name << ": the API server answers again");
    failures = 0;
    schedule(kLeasePeriod);
    return;
  }
  if (failures++ == 0) LOG_WARN("agent", "node " << options.node_name << ": " << s.error().message);
  if (s.error().is(Reason::kNotFound)) node_uid.clear();  // somebody deleted us: register again
  schedule(std::min<milliseconds>(milliseconds(200) * (1 << std::min(failures, 6)), seconds(10)));
}

Status Node::State::register_node() {
  Json wanted = node_object(options, facts);
  auto created = uplink.create(api::kNodes, "", wanted);
  if (!created && created.error().is(Reason::kForbidden)) {
    // Roles are not a node's own to claim: the server gives them.
    Json& labels = wanted["metadata"]["labels"];
    for (auto it = labels.begin(); it != labels.end();) it = it.key().starts_with("node-role.kubernetes.io/") ? labels.erase(it) : std::next(it);
    created = uplink.create(api::kNodes, "", wanted);
  }
  if (created) {
    node_uid = (*created)->meta().uid;
    LOG_INFO("agent", "registered node " << options.node_name);
  } else if (created.error().is(Reason::kAlreadyExists)) {
    api::ObjectPtr now = TRY(uplink.get(api::kNodes, "", options.node_name));
    node_uid = now->meta().uid;
    Json patch = {{"metadata", {{"labels", wanted["metadata"]["labels"]}}}};
    if (wanted["metadata"].contains("annotations")) patch["metadata"]["annotations"] = wanted["metadata"]["annotations"];
    Json have = now->json();
    if (json::apply_merge_patch(have, patch) != have) (void)TRY(uplink.patch(api::kNodes, "", options.node_name, api::PatchType::kMerge, patch));
  } else {
    return created.error();
  }
  sent.clear();
  lease = Json();
  lease_at = {};
  std::lock_guard l(mutex);
  registered = true;
  return {};
}

Status Node::State::send_status() {
  bool ready;
  std::string vtep;
  std::optional<std::vector<std::string>> lacks;
  {
    std::lock_guard l(mutex);
    ready = network_ready;
    vtep = vtep_mac;
    lacks = host_lacks;
  }
  if (!vtep.empty() && vtep != sent_vtep) {
    (void)TRY(uplink.patch(api::kNodes, "", options.node_name, api::PatchType::kMerge, {{"metadata", {{"annotations", {{kVtepAnnotation, vtep}}}}}}));
    sent_vtep = vtep;
  }
  NodeHealth health = gather_health(options, ready);
  health.host_lacks = std::move(lacks);
  const auto images = runtime.list_images();
  const WallTime wall = executor.clock().now();
  const MonoTime now = executor.clock().mono();
  // What would be said, compared with what was said: times left out.
  std::string would = comparable(node_status(options, facts, health, images, Json(), WallTime{}));
  if (would == sent && now - status_sent_at < kStatusPeriod) return {};
  api::ObjectPtr current = TRY(uplink.get(api::kNodes, "", options.node_name));
  Json have = json::object_or_empty(json::find(current->json(), "status"));
  if (!is_news(ready, have, std::chrono::duration_cast<milliseconds>(now - started_at))) return {};
  const Json status = node_status(options, facts, health, images, have, wall);
  Json patch = json::make_merge_patch(have, status);
  for (auto it = patch.begin(); it != patch.end();) it = it->is_null() ? patch.erase(it) : std::next(it);  // others' fields stay
  (void)TRY(uplink.patch(api::kNodes, "", options.node_name, api::PatchType::kMerge, {{"status", std::move(patch)}}, "status"));
  if (!told_start) {
    tell({"Normal", "Starting", "Starting kubelet."});
    tell({"Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods"});
    told_start = true;
  }
  for (auto& event : node_events(options.node_name, have, status)) tell(event);
  sent = std::move(would);
  status_sent_at = now;
  return {};
}

Status Node::State::renew_lease() {
  const std::string time = format_rfc3339(executor.clock().now(), 6);
  if (!lease.is_object()) {
    auto now = uplink.get(api::kLeases, "kube-node-lease", options.node_name);
    if (now) {
      lease = (*now)->json();
    } else if (now.error().is(Reason::kNotFound)) {
      Json fresh = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"},
                    {"metadata", {{"name", options.node_name}, {"namespace", "kube-node-lease"},
                                  {"ownerReferences", {{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", options.node_name}, {"uid", node_uid}}}}}},
                    {"spec", {{"holderIdentity", options.node_name}, {"leaseDurationSeconds", kLeaseDuration}, {"renewTime", time}}}};
      lease = TRY(uplink.create(api::kLeases, "kube-node-lease", std::move(fresh)))->json();
      lease_at = executor.clock().mono();
      return {};
    } else {
      return now.error();
    }
  }
  lease["spec"]["holderIdentity"] = options.node_name;
  lease["spec"]["leaseDurationSeconds"] = kLeaseDuration;
  lease["spec"]["renewTime"] = time;
  auto updated = uplink.update(api::kLeases, "kube-node-lease", lease);
  if (!updated) {
    lease = Json();  // read it anew next time
    if (updated.error().is(Reason::kConflict) || updated.error().is(Reason::kNotFound)) return Error(Reason::kServiceUnavailable, updated.error().message);
    return updated.error();
  }
  lease = (*updated)->json();
  lease_at = executor.clock().mono();
  return {};
}

Node::Node(client::Client& uplink, runtime::Runtime& runtime, Executor& executor, const AgentOptions& options, NodeFacts facts, Tell tell)
    : state_(std::make_shared<State>(uplink, runtime, executor, options, std::move(facts), std::move(tell))) {}
Node::~Node() { stop(); }

void Node::start() { state_->schedule(milliseconds(0)); }

void Node::stop() {
  {
    std::lock_guard l(state_->mutex);
    state_->stopped = true;
    if (state_->timer) state_->executor.cancel(state_->timer);
  }
  std::lock_guard turn(state_->turn);  // a look that runs ends first
}

void Node::set_network(bool ready, const std::string& vtep_mac) {
  {
    std::lock_guard l(state_->mutex);
    state_->network_ready = ready;
    state_->vtep_mac = vtep_mac;
  }
  state_->schedule(milliseconds(0));
}

void Node::set_host_findings(std::vector<std::string> lacks) {
  {
    std::lock_guard l(state_->mutex);
    state_->host_lacks = std::move(lacks);
  }
  state_->schedule(milliseconds(0));
}

bool Node::registered() const {
  std::lock_guard l(state_->mutex);
  return state_->registered;
}

}  // namespace skerry::agent
