#include "agent/admit.h"

#include <set>
#include <tuple>

#include "api/node_affinity.h"
#include "api/pod.h"

namespace skerry::agent {
namespace {

using Port = std::tuple<std::string, std::string, int64_t>;  // host ip, protocol, port

std::set<Port> host_ports(const Json& pod) {
  std::set<Port> out;
  for (const char* list : {"containers", "initContainers"})
    for (auto& c : json::array_or_empty(json::find(pod, {"spec", list})))
      for (auto& p : json::array_or_empty(json::find(c, "ports")))
        if (auto port = json::integer(p, "hostPort"); port > 0)
          out.insert({json::str(p, "hostIP", "0.0.0.0"), json::str(p, "protocol", "TCP"), port});
  return out;
}

bool collide(const Port& a, const Port& b) {
  auto any = [](const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; };
  return std::get<1>(a) == std::get<1>(b) && std::get<2>(a) == std::get<2>(b) &&
         (any(std::get<0>(a)) || any(std::get<0>(b)) || std::get<0>(a) == std::get<0>(b));
}

}  // namespace

std::optional<PodFailure> refuse(const Json& pod, const Json& node, const NodeRoom& room, const std::vector<Json>& others) {
  if (node.is_object() && !api::pod_matches_node(pod, node))
    return PodFailure{"NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"};
  const std::string wanted_os = json::str(pod, {"spec", "os", "name"});
  if (!wanted_os.empty() && wanted_os != "linux")
    return PodFailure{"PodOSNotSupported", "Pod was rejected: Pod cannot run on this node: its spec.os.name is " + wanted_os};
  auto ports = host_ports(pod);
  api::ResourceAmounts used;
  for (auto& other : others) {
    for (auto& theirs : ports.empty() ? std::set<Port>() : host_ports(other))
      for (auto& mine : ports)
        if (collide(mine, theirs))
          return PodFailure{"NodePorts", "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"};
    for (auto& [name, amount] : api::pod_requests(other)) used[name] += amount;
  }
  if (room.pods > 0 && static_cast<int64_t>(others.size()) >= room.pods)
    return PodFailure{"OutOfpods", "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: " + std::to_string(others.size()) +
                                       ", capacity: " + std::to_string(room.pods)};
  auto wanted = api::pod_requests(pod);
  struct Row { const char* name; int64_t capacity; bool milli; };
  for (const Row& row : {Row{"cpu", room.cpu_milli, true}, Row{"memory", room.memory_bytes, false}, Row{"ephemeral-storage", room.ephemeral_bytes, false}}) {
    auto it = wanted.find(row.name);
    if (it == wanted.end() || row.capacity <= 0 || it->second.is_zero()) continue;
    int64_t want = row.milli ? it->second.milli_value() : it->second.value();
    int64_t have = row.milli ? used[row.name].milli_value() : used[row.name].value();
    if (want > row.capacity - have)
      return PodFailure{std::string("OutOf") + row.name, std::string("Pod was rejected: Node didn't have enough resource: ") + row.name + ", requested: " +
                                                             std::to_string(want) + ", used: " + std::to_string(have) + ", capacity: " + std::to_string(row.capacity)};
  }
  return std::nullopt;
}

}  // namespace skerry::agent
