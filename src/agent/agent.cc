#include "agent/agent.h"

#include <algorithm>

#include "agent/files.h"
#include "agent/housekeeping.h"
#include "base/log.h"

namespace skerry::agent {
namespace {

constexpr size_t kUplinkThreads = 4, kPodThreads = 8, kTaskThreads = 16, kPullThreads = 3;
constexpr auto kHousePeriod = seconds(30);
constexpr int kImagesEvery = 10;  // housekeepings

}  // namespace

Result<std::unique_ptr<Agent>> Agent::create(AgentOptions options, runtime::Runtime& runtime, client::Client& uplink, const Clock& clock,
                                             NetworkFactory make_network) {
  TRY(make_directories(options.data_dir, 0700));
  TRY(make_directories(options.data_dir + "/pods", 0755));
  if (options.hostname.empty()) options.hostname = options.node_name;
  std::unique_ptr<Agent> a(new Agent(std::move(options), runtime, clock, std::move(make_network)));
  const AgentOptions& o = a->options_;
  a->mirror_ = TRY(Mirror::open(o.data_dir + "/mirror.db", o.node_name, uplink, a->uplink_work_));
  a->events_ = std::make_unique<client::EventRecorder>(uplink, a->uplink_work_, "kubelet", o.node_name);
  a->tokens_ = std::make_unique<Tokens>(uplink, clock, o.data_dir + "/tokens");
  a->volumes_ = std::make_unique<Volumes>(o.data_dir + "/pods", *a->tokens_, clock);
  a->outbox_ = std::make_unique<Outbox>(uplink, *a->mirror_, a->uplink_work_);
  NodeFacts facts = gather_node_facts(o);
  a->pods_ = std::make_unique<Pods>(Pods::Parts{.options = o, .runtime = runtime, .mirror = *a->mirror_, .outbox = *a->outbox_, .events = *a->events_,
                                                .volumes = *a->volumes_, .tasks = a->tasks_, .pulls = a->pulls_, .workers = a->pod_work_, .clock = clock},
                                    facts.room);
  a->node_ = std::make_unique<Node>(uplink, runtime, a->uplink_work_, o, std::move(facts),
                                    [agent = a.get()](const NodeEvent& e) { agent->node_event(e.type, e.reason, e.message); });
  return a;
}

Agent::Agent(AgentOptions options, runtime::Runtime& runtime, const Clock& clock, NetworkFactory make_network)
    : options_(std::move(options)), runtime_(runtime), clock_(clock), make_network_(std::move(make_network)), uplink_work_(kUplinkThreads, clock),
      pod_work_(kPodThreads, clock), tasks_("tasks", kTaskThreads), pulls_("pulls", kPullThreads) {}

Agent::~Agent() { stop(); }

void Agent::start() {
  {
    std::lock_guard l(mutex_);
    if (started_) return;
    started_ = true;
  }
  mirror_->on_fresh([this](const api::Gvr& gvr) {
    if (gvr == api::kPods) pod_work_.post([this] { pods_->remove_orphans(); });
  });
  mirror_->source(api::kNodes).add_handler([this](const api::ObjectPtr&, const api::ObjectPtr&) { node_changed(); });
  pods_->start();
  node_->start();
  outbox_->start();
  mirror_->start();
  pod_work_.post_after(kHousePeriod, [this] { keep_house(); });
}

void Agent::stop() {
  {
    std::lock_guard l(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  runtime_.on_change(nullptr);
  node_->stop();
  pods_->stop();
  outbox_->stop();
  mirror_->stop();
  tasks_.stop();
  pulls_.stop();
  pod_work_.stop();
  uplink_work_.stop();
  mirror_->flush();
  pods_->set_network(nullptr);
}

client::ObjectSource& Agent::source(const api::Gvr& gvr) { return mirror_->source(gvr); }

network::PodNetwork* Agent::network() const {
  std::lock_guard l(mutex_);
  return network_.get();
}

void Agent::on_network(std::function<void(network::PodNetwork&)> handler) {
  network::PodNetwork* now;
  {
    std::lock_guard l(mutex_);
    now = network_.get();
    network_handlers_.push_back(handler);
  }
  if (now) handler(*now);
}

void Agent::node_event(const std::string& type, const std::string& reason, const std::string& message) {
  // As kubelet does it, the name stands for the uid: it is known before the node is registered.
  events_->record({.api_version = "v1", .kind = "Node", .ns = "", .name = options_.node_name, .uid = options_.node_name, .resource_version = "", .field_path = ""},
                  type, reason, message);
}

// On a watch thread: only notes it.
void Agent::node_changed() {
  {
    std::lock_guard l(mutex_);
    if (nodes_posted_ || stopped_) return;
    nodes_posted_ = true;
  }
  pod_work_.post([this] {
    {
      std::lock_guard l(mutex_);
      nodes_posted_ = false;
    }
    if (auto self = mirror_->source(api::kNodes).get(options_.node_name)) {
      const Json node = self->json();
      if (auto cidr = json::str(node, {"spec", "podCIDR"}); !cidr.empty()) make_network(cidr);
      tell_schedulable(!json::boolean(node, {"spec", "unschedulable"}));
    }
    update_remote_nodes();
  });
}

void Agent::tell_schedulable(bool now) {
  {
    std::lock_guard l(mutex_);
    if (now == schedulable_) return;
    schedulable_ = now;
  }
  const std::string reason = now ? "NodeSchedulable" : "NodeNotSchedulable";
  node_event("Normal", reason, "Node " + options_.node_name + " status is now: " + reason);
}

void Agent::make_network(const std::string& pod_cidr) {
  std::lock_guard turn(network_turn_);
  if (network()) return;
  auto made = make_network_(pod_cidr);
  if (!made) {
    LOG_ERROR("agent", "pod network " << pod_cidr << ": " << made.error().message);
    pod_work_.post_after(seconds(2), [this] { node_changed(); });
    return;
  }
  network::PodNetwork* network = made->get();
  std::vector<std::function<void(network::PodNetwork&)>> handlers;
  {
    std::lock_guard l(mutex_);
    network_ = std::move(*made);
    handlers = network_handlers_;
  }
  LOG_INFO("agent", "pod network " << pod_cidr << " is up");
  pods_->set_network(network);
  node_->set_network(true, network->vtep_mac());
  for (auto& h : handlers) h(*network);
}

void Agent::update_remote_nodes() {
  std::lock_guard turn(network_turn_);
  network::PodNetwork* network = this->network();
  if (!network) return;
  std::vector<network::RemoteNode> nodes;
  for (auto& object : mirror_->source(api::kNodes).all()) {
    if (object->meta().name == options_.node_name) continue;
    Json node = object->json();
    network::RemoteNode r{.name = object->meta().name, .node_ip = "", .pod_cidr = json::str(node, {"spec", "podCIDR"}),
                          .vtep_mac = json::str(node, {"metadata", "annotations", kVtepAnnotation})};
    for (auto& a : json::array_or_empty(json::find(node, {"status", "addresses"})))
      if (json::str(a, "type") == "InternalIP" && r.node_ip.empty()) r.node_ip = json::str(a, "address");
    if (!r.node_ip.empty() && !r.pod_cidr.empty() && !r.vtep_mac.empty()) nodes.push_back(std::move(r));
  }
  if (Status s = network->set_remote_nodes(nodes); !s) LOG_WARN("agent", "routes to other nodes: " << s.error().message);
}

void Agent::keep_house() {
  static_assert(kImagesEvery > 0);
  std::map<std::string, std::string> logs;  // sandbox id -> directory
  for (auto& sandbox : runtime_.list_sandboxes()) logs[sandbox.id] = sandbox.config.log_directory;
  std::string suffix = format_rfc3339(clock_.now());
  std::erase_if(suffix, [](char c) { return c == ':' || c == 'Z'; });
  rotate_logs(runtime_, options_, [&](const runtime::ContainerInfo& c) {
    auto it = logs.find(c.sandbox_id);
    return it == logs.end() || it->second.empty() ? std::string() : it->second + "/" + c.config.log_path;
  }, suffix);
  if (clock_.mono().time_since_epoch() / kHousePeriod % kImagesEvery == 0) collect_images(runtime_, options_, pods_->images_in_use());
  pod_work_.post_after(kHousePeriod, [this] { keep_house(); });
}

}  // namespace skerry::agent
