#include "scheduler/scheduler.h"

#include "base/log.h"

namespace skerry::scheduler {
namespace {

constexpr std::chrono::minutes kRetryUnschedulable{5};
constexpr const char* kName = "default-scheduler";

bool terminal(const Json& pod) {
  std::string phase = json::str(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

Scheduler::Scheduler(client::Client& client, client::Cache& pods, client::Cache& nodes, Executor& executor, Random& random)
    : client_(client),
      pods_(pods),
      nodes_(nodes),
      events_(client, executor, kName),
      algorithm_(random),
      controller_("scheduler", *this, executor, 1) {
  pods_.add_handler([this](const api::ObjectPtr& before, const api::ObjectPtr& after) { on_pod(before, after); });
  nodes_.add_handler([this](const api::ObjectPtr& before, const api::ObjectPtr& after) { on_node(before, after); });
}

Scheduler::~Scheduler() { stop(); }

void Scheduler::start() {
  controller_.start([this] { return pods_.synced() && nodes_.synced(); });
}

void Scheduler::stop() { controller_.stop(); }

void Scheduler::account(const std::string& key, std::shared_ptr<const PodView> pod) {
  auto old = placed_.find(key);
  if (old != placed_.end()) {
    auto info = infos_.find(old->second);
    if (info != infos_.end()) {
      info->second.remove(key);
      if (!info->second.node && info->second.pods.empty()) infos_.erase(info);
    }
    placed_.erase(old);
  }
  if (!pod) return;
  placed_[key] = pod->node;
  infos_[pod->node].add(pod);
}

void Scheduler::on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  const std::string key = (after ? after : before)->key();
  Json pod = after ? after->json() : Json();
  const bool assigned = after && !json::str(pod, {"spec", "nodeName"}).empty();
  bool freed = false, company = false;
  {
    std::lock_guard l(mutex_);
    if (!after || terminal(pod)) {
      freed = placed_.contains(key);
      account(key, nullptr);
      assumed_.erase(key);
      waiting_.erase(key);
    } else if (assigned) {
      company = !before || assumed_.contains(key) || !placed_.contains(key) || before->meta().labels != after->meta().labels;
      account(key, parse_pod(*after));
      assumed_.erase(key);
      waiting_.erase(key);
    } else if (auto it = assumed_.find(key); it != assumed_.end() && it->second != after->meta().uid) {
      account(key, nullptr);  // a new pod under the old name
      assumed_.erase(it);
    }
  }
  if (freed || company) retry_waiting(!freed);
  if (after && !assigned) controller_.enqueue(key);
}

void Scheduler::on_node(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  const std::string& name = (after ? after : before)->meta().name;
  bool changed = true;
  {
    std::lock_guard l(mutex_);
    if (after) {
      auto view = parse_node(*after);
      NodeInfo& info = infos_[name];
      // Heartbeats change a node often and help nobody.
      changed = !info.node || info.node->allocatable != view->allocatable || info.node->labels != view->labels ||
                info.node->taints != view->taints || info.node->unschedulable != view->unschedulable;
      info.node = std::move(view);
    } else if (auto it = infos_.find(name); it != infos_.end()) {
      it->second.node = nullptr;
      if (it->second.pods.empty()) infos_.erase(it);
      changed = false;
    }
  }
  if (changed) retry_waiting();
}

void Scheduler::retry_waiting(bool social) {
  std::vector<std::string> keys;
  {
    std::lock_guard l(mutex_);
    std::erase_if(waiting_, [&](const auto& entry) {
      if (social && !entry.second) return false;
      keys.push_back(entry.first);
      return true;
    });
  }
  for (auto& key : keys) controller_.enqueue(key);
}

Result<client::Outcome> Scheduler::reconcile(const client::Key& key) {
  auto object = pods_.get(key);
  if (!object || object->meta().deleting) return client::Outcome{};
  Json pod = object->json();
  if (!json::str(pod, {"spec", "nodeName"}).empty() || terminal(pod)) return client::Outcome{};
  if (json::str(pod, {"spec", "schedulerName"}, kName) != kName) return client::Outcome{};
  if (!json::array_or_empty(json::find(pod, {"spec", "schedulingGates"})).empty()) return client::Outcome{};

  auto view = parse_pod(*object);
  Decision decision;
  {
    std::lock_guard l(mutex_);
    if (assumed_.contains(key)) return client::Outcome{};
    Snapshot snapshot;
    for (auto& [name, info] : infos_)
      if (info.node) snapshot.nodes.push_back(&info);
    decision = algorithm_.decide(*view, snapshot);
    if (decision.node.empty()) {
      waiting_[key] = view->spec.contains("affinity") || view->spec.contains("topologySpreadConstraints");
    } else {
      auto placed = std::make_shared<PodView>(*view);
      placed->node = decision.node;
      account(key, placed);
      assumed_[key] = view->uid;
      waiting_.erase(key);
    }
  }
  if (decision.node.empty()) return report_unschedulable(object, decision.message);

  Json binding = {{"apiVersion", "v1"},
                  {"kind", "Binding"},
                  {"metadata", {{"name", view->name}, {"namespace", view->ns}, {"uid", view->uid}}},
                  {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", decision.node}}}};
  auto bound = client_.create_sub(api::kPods, view->ns, view->name, "binding", std::move(binding));
  if (!bound) {
    {
      std::lock_guard l(mutex_);
      // Unless the watch has already shown it bound.
      if (assumed_.erase(key) > 0) account(key, nullptr);
    }
    if (bound.error().is(Reason::kNotFound)) return client::Outcome{};
    return bound.error();
  }
  events_.record(client::reference_to(api::kPods, "Pod", *object), "Normal", "Scheduled",
                 "Successfully assigned " + view->ns + "/" + view->name + " to " + decision.node);
  return client::Outcome{};
}

Result<client::Outcome> Scheduler::report_unschedulable(const api::ObjectPtr& object, const std::string& message) {
  Json pod = object->json();
  events_.record(client::reference_to(api::kPods, "Pod", *object), "Warning", "FailedScheduling", message);
  for (const auto& c : json::array_or_empty(json::find(pod, {"status", "conditions"})))
    if (json::str(c, "type") == "PodScheduled" && json::str(c, "status") == "False" && json::str(c, "message") == message)
      return client::Outcome{kRetryUnschedulable};
  Json patch = {{"status",
                 {{"conditions",
                   Json::array({{{"type", "PodScheduled"},
                                 {"status", "False"},
                                 {"reason", "Unschedulable"},
                                 {"message", message},
                                 {"lastProbeTime", nullptr},
                                 {"lastTransitionTime", format_rfc3339(SystemClock().now())}}})}}}};
  auto done = client_.patch(api::kPods, object->meta().ns, object->meta().name, api::PatchType::kStrategic, std::move(patch), "status");
  if (!done && !done.error().is(Reason::kNotFound)) return done.error();
  return client::Outcome{kRetryUnschedulable};
}

}  // namespace skerry::scheduler
