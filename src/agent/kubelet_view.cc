// Agent: what the kubelet's endpoint asks.
#include <algorithm>
#include <cstdio>

#include "agent/agent.h"

namespace skerry::agent {
namespace {

const runtime::ContainerInfo* newest(const std::vector<runtime::ContainerInfo>& all, const std::string& name) {
  const runtime::ContainerInfo* found = nullptr;
  for (auto& c : all)
    if (c.config.name == name && (!found || std::pair(c.config.attempt, c.created_at) > std::pair(found->config.attempt, found->created_at))) found = &c;
  return found;
}

const runtime::SandboxInfo* newest_sandbox(const std::vector<runtime::SandboxInfo>& all, const std::string& uid) {
  const runtime::SandboxInfo* found = nullptr;
  for (auto& s : all)
    if (s.config.pod_uid == uid && (!found || s.config.attempt >= found->config.attempt)) found = &s;
  return found;
}

Json cpu_json(const runtime::Stats& s) { return {{"time", format_rfc3339(s.at)}, {"usageCoreNanoSeconds", s.cpu_usage_ns}}; }
Json memory_json(const runtime::Stats& s) {
  return {{"time", format_rfc3339(s.at)}, {"usageBytes", s.memory_usage_bytes}, {"workingSetBytes", s.memory_working_set_bytes}, {"rssBytes", s.memory_rss_bytes}};
}

}  // namespace

Result<Json> Agent::known_pod(const std::string& ns, const std::string& pod, const std::string& uid) const {
  auto found = pods_->find(ns, pod);
  if (!found || (!uid.empty() && json::str(*found, {"metadata", "uid"}) != uid)) return Error(Reason::kNotFound, "pod \"" + pod + "\" not found");
  return std::move(*found);
}

Result<ContainerRef> Agent::find_container(const std::string& ns, const std::string& pod_name, const std::string& container, const std::string& uid) {
  Json pod = TRY(known_pod(ns, pod_name, uid));
  std::string name = container;
  if (name.empty()) {
    const Json& list = json::array_or_empty(json::find(pod, {"spec", "containers"}));
    if (!list.empty()) name = json::str(list[0], "name");
  }
  const Json& spec = agent::find_container(pod, name);
  if (!spec.is_object()) return Error(Reason::kBadRequest, "container " + name + " is not valid for pod " + pod_name);
  ContainerRef ref;
  ref.pod_uid = json::str(pod, {"metadata", "uid"});
  ref.tty = json::boolean(spec, "tty");
  ref.stdin_open = json::boolean(spec, "stdin");
  ref.log_directory = pods_->log_directory(pod) + "/" + name;
  auto sandboxes = runtime_.list_sandboxes();
  if (auto s = newest_sandbox(sandboxes, ref.pod_uid)) ref.sandbox_id = s->id;
  auto containers = runtime_.pod_containers(ref.pod_uid);
  if (auto c = newest(containers, name)) {
    ref.container_id = c->id;
    ref.running = c->state == runtime::ContainerState::kRunning;
    ref.attempt = c->config.attempt;
  }
  return ref;
}

Result<std::string> Agent::find_sandbox(const std::string& ns, const std::string& pod_name, const std::string& uid) {
  Json pod = TRY(known_pod(ns, pod_name, uid));
  auto sandboxes = runtime_.list_sandboxes();
  auto s = newest_sandbox(sandboxes, json::str(pod, {"metadata", "uid"}));
  if (!s || s->state != runtime::SandboxState::kReady) return Error(Reason::kNotFound, "pod \"" + pod_name + "\" has no running sandbox");
  return s->id;
}

Json Agent::pods() {
  Json items = Json::array();
  for (auto& p : pods_->list()) items.push_back(std::move(p));
  return {{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"items", std::move(items)}};
}

Json Agent::stats_summary() {
  const auto memory = os::memory_info();
  Json node = {{"nodeName", options_.node_name},
               {"memory", {{"time", format_rfc3339(clock_.now())}, {"availableBytes", memory.available}, {"workingSetBytes", memory.total - memory.available}}}};
  if (auto disk = os::disk_info(options_.data_dir))
    node["fs"] = {{"time", format_rfc3339(clock_.now())}, {"availableBytes", disk->available}, {"capacityBytes", disk->total},
                  {"usedBytes", disk->total - disk->available}, {"inodes", disk->inodes}, {"inodesFree", disk->inodes_free}};
  Json list = Json::array();
  auto sandboxes = runtime_.list_sandboxes();
  for (auto& s : sandboxes) {
    if (s.state != runtime::SandboxState::kReady) continue;
    Json pod = {{"podRef", {{"name", s.config.pod_name}, {"namespace", s.config.pod_namespace}, {"uid", s.config.pod_uid}}},
                {"startTime", format_rfc3339(s.created_at)}, {"containers", Json::array()}};
    if (auto st = runtime_.pod_stats(s.id)) {
      pod["cpu"] = cpu_json(*st);
      pod["memory"] = memory_json(*st);
    }
    for (auto& c : runtime_.pod_containers(s.config.pod_uid)) {
      if (c.state != runtime::ContainerState::kRunning) continue;
      Json one = {{"name", c.config.name}, {"startTime", format_rfc3339(c.started_at)}};
      if (auto st = runtime_.container_stats(c.id)) {
        one["cpu"] = cpu_json(*st);
        one["memory"] = memory_json(*st);
      }
      pod["containers"].push_back(std::move(one));
    }
    list.push_back(std::move(pod));
  }
  return {{"node", std::move(node)}, {"pods", std::move(list)}};
}

std::string Agent::resource_metrics() {
  std::string cpu = "# TYPE container_cpu_usage_seconds_total counter\n", memory = "# TYPE container_memory_working_set_bytes gauge\n";
  std::string pod_cpu = "# TYPE pod_cpu_usage_seconds_total counter\n", pod_memory = "# TYPE pod_memory_working_set_bytes gauge\n";
  auto number = [](uint64_t ns) {
    char text[64];
    std::snprintf(text, sizeof text, "%llu.%09llu", static_cast<unsigned long long>(ns / 1000000000), static_cast<unsigned long long>(ns % 1000000000));
    return std::string(text);
  };
  for (auto& s : runtime_.list_sandboxes()) {
    if (s.state != runtime::SandboxState::kReady) continue;
    const std::string pod = "namespace=\"" + s.config.pod_namespace + "\",pod=\"" + s.config.pod_name + "\"";
    if (auto st = runtime_.pod_stats(s.id)) {
      pod_cpu += "pod_cpu_usage_seconds_total{" + pod + "} " + number(st->cpu_usage_ns) + "\n";
      pod_memory += "pod_memory_working_set_bytes{" + pod + "} " + std::to_string(st->memory_working_set_bytes) + "\n";
    }
    for (auto& c : runtime_.pod_containers(s.config.pod_uid)) {
      if (c.state != runtime::ContainerState::kRunning) continue;
      auto st = runtime_.container_stats(c.id);
      if (!st) continue;
      const std::string who = "container=\"" + c.config.name + "\"," + pod;
      cpu += "container_cpu_usage_seconds_total{" + who + "} " + number(st->cpu_usage_ns) + "\n";
      memory += "container_memory_working_set_bytes{" + who + "} " + std::to_string(st->memory_working_set_bytes) + "\n";
    }
  }
  return cpu + memory + pod_cpu + pod_memory;
}

}  // namespace skerry::agent
