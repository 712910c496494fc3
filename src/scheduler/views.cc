#include "api/pod.h"
#include "base/strings.h"
#include "scheduler/framework.h"

namespace skerry::scheduler {
namespace {

int64_t amount(const std::string& resource, const api::Quantity& q) {
  return resource == "cpu" ? q.milli_value() : q.value();
}

// "nginx" and "nginx:latest" are the same image.
std::string normal_image(std::string name) {
  size_t slash = name.rfind('/');
  size_t colon = name.rfind(':');
  if (colon == std::string::npos || (slash != std::string::npos && colon < slash)) name += ":latest";
  return name;
}

}  // namespace

bool HostPort::clashes(const HostPort& o) const {
  auto any = [](const std::string& ip) { return ip.empty() || ip == "0.0.0.0"; };
  return port == o.port && protocol == o.protocol && (any(ip) || any(o.ip) || ip == o.ip);
}

std::shared_ptr<const PodView> parse_pod(const api::Object& object) {
  auto out = std::make_shared<PodView>();
  Json pod = object.json();
  const Json& spec = json::find(pod, "spec");
  out->key = object.key();
  out->uid = object.meta().uid;
  out->ns = object.meta().ns;
  out->name = object.meta().name;
  out->labels = object.meta().labels;
  out->owners = object.meta().owners;
  out->deleting = object.meta().deleting;
  out->node = json::str(spec, "nodeName");
  out->priority = json::integer(spec, "priority");
  for (auto& [resource, quantity] : api::pod_requests(pod)) out->requests[resource] = amount(resource, quantity);
  for (const auto& c : json::array_or_empty(json::find(spec, "containers"))) {
    const Json& requests = json::find(c, {"resources", "requests"});
    const Json& cpu = json::find(requests, "cpu");
    const Json& memory = json::find(requests, "memory");
    out->scoring_cpu += cpu.is_null() ? 100 : api::Quantity::from_json(cpu).milli_value();
    out->scoring_memory += memory.is_null() ? 200 * 1024 * 1024 : api::Quantity::from_json(memory).value();
    out->images.push_back(normal_image(json::str(c, "image")));
  }
  for (const char* list : {"containers", "initContainers"})
    for (const auto& c : json::array_or_empty(json::find(spec, list))) {
      if (std::string_view(list) == "initContainers" && !api::is_sidecar(c)) continue;
      for (const auto& p : json::array_or_empty(json::find(c, "ports")))
        if (int64_t port = json::integer(p, "hostPort"); port > 0)
          out->ports.push_back({json::str(p, "hostIP"), json::str(p, "protocol", "TCP"), static_cast<int>(port)});
    }
  out->spec = Json::object();
  for (const char* key : {"nodeSelector", "affinity", "tolerations", "topologySpreadConstraints", "nodeName"})
    if (const Json& v = json::find(spec, key); !v.is_null()) out->spec[key] = v;
  return out;
}

std::shared_ptr<const NodeView> parse_node(const api::Object& object) {
  auto out = std::make_shared<NodeView>();
  Json node = object.json();
  out->name = object.meta().name;
  out->labels = object.meta().labels;
  out->identity = {{"metadata", {{"name", out->name}, {"labels", json::object_or_empty(json::find(node, {"metadata", "labels"}))}}}};
  for (auto& [resource, quantity] : api::amounts_from_json(json::find(node, {"status", "allocatable"})))
    out->allocatable[resource] = amount(resource, quantity);
  out->taints = json::array_or_empty(json::find(node, {"spec", "taints"}));
  out->unschedulable = json::boolean(node, {"spec", "unschedulable"});
  for (const auto& image : json::array_or_empty(json::find(node, {"status", "images"})))
    for (const auto& name : json::array_or_empty(json::find(image, "names")))
      if (name.is_string()) out->images.insert(normal_image(name.get<std::string>()));
  return out;
}

void NodeInfo::add(const std::shared_ptr<const PodView>& pod) {
  remove(pod->key);
  pods[pod->key] = pod;
  for (auto& [resource, n] : pod->requests) requested[resource] += n;
  scoring_cpu += pod->scoring_cpu;
  scoring_memory += pod->scoring_memory;
}

void NodeInfo::remove(const std::string& pod_key) {
  auto it = pods.find(pod_key);
  if (it == pods.end()) return;
  for (auto& [resource, n] : it->second->requests) requested[resource] -= n;
  scoring_cpu -= it->second->scoring_cpu;
  scoring_memory -= it->second->scoring_memory;
  pods.erase(it);
}

}  // namespace skerry::scheduler
