#include "proxy/frontend.h"

#include <netinet/in.h>

#include <algorithm>

#include "network/links.h"

namespace skerry::proxy {
namespace {

uint8_t protocol_number(const std::string& name) {
  if (name == "UDP") return IPPROTO_UDP;
  if (name == "SCTP") return IPPROTO_SCTP;
  return IPPROTO_TCP;
}

std::vector<Backend> backends_of(const std::vector<Json>& slices, const std::string& port_name, const std::string& protocol,
                                 const std::string& only_node) {
  std::vector<Backend> ready, draining;
  for (const Json& slice : slices) {
    if (json::str(slice, "addressType", "IPv4") != "IPv4") continue;
    int64_t number = 0;
    for (const auto& p : json::array_or_empty(json::find(slice, "ports")))
      if (json::str(p, "name") == port_name && json::str(p, "protocol", "TCP") == protocol) number = json::integer(p, "port");
    if (number <= 0 || number > 65535) continue;
    for (const auto& e : json::array_or_empty(json::find(slice, "endpoints"))) {
      if (!only_node.empty() && json::str(e, "nodeName") != only_node) continue;
      bool is_ready = json::boolean(e, {"conditions", "ready"}, true);
      bool serving = json::boolean(e, {"conditions", "serving"}, is_ready);
      for (const auto& a : json::array_or_empty(json::find(e, "addresses"))) {
        if (!a.is_string()) continue;
        auto ip = network::parse_ipv4(a.get_ref<const std::string&>());
        if (!ip) continue;
        Backend b{*ip, static_cast<uint16_t>(number)};
        if (is_ready) ready.push_back(b);
        else if (serving) draining.push_back(b);
      }
    }
  }
  auto& out = ready.empty() ? draining : ready;
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

std::vector<Frontend> plan_frontends(const Json& service, const std::vector<Json>& slices, const std::string& node) {
  std::vector<Frontend> out;
  const Json& spec = json::find(service, "spec");
  std::string type = json::str(spec, "type", "ClusterIP");
  auto cluster_ip = network::parse_ipv4(json::str(spec, "clusterIP"));
  if (type == "ExternalName" || !cluster_ip) return out;
  uint32_t affinity = json::str(spec, "sessionAffinity") == "ClientIP"
                          ? static_cast<uint32_t>(json::integer(spec, {"sessionAffinityConfig", "clientIP", "timeoutSeconds"}, 10800))
                          : 0;
  bool internal_local = json::str(spec, "internalTrafficPolicy") == "Local";
  bool external_local = json::str(spec, "externalTrafficPolicy") == "Local";
  std::vector<uint32_t> external;
  for (const auto& ip : json::array_or_empty(json::find(spec, "externalIPs")))
    if (auto a = network::parse_ipv4(ip.is_string() ? ip.get<std::string>() : ""); a) external.push_back(*a);
  for (const auto& ingress : json::array_or_empty(json::find(service, {"status", "loadBalancer", "ingress"})))
    if (auto a = network::parse_ipv4(json::str(ingress, "ip")); a) external.push_back(*a);

  for (const auto& p : json::array_or_empty(json::find(spec, "ports"))) {
    std::string name = json::str(p, "name"), protocol = json::str(p, "protocol", "TCP");
    Frontend f;
    f.port = static_cast<uint16_t>(json::integer(p, "port"));
    f.protocol = protocol_number(protocol);
    f.affinity_s = affinity;
    f.ip = *cluster_ip;
    f.backends = backends_of(slices, name, protocol, internal_local ? node : "");
    out.push_back(f);

    f.keep_source = external_local;
    auto outside = backends_of(slices, name, protocol, external_local ? node : "");
    f.kind = Frontend::Kind::kExternalIp;
    f.backends = outside;
    for (uint32_t ip : external) {
      f.ip = ip;
      out.push_back(f);
    }
    if (int64_t node_port = json::integer(p, "nodePort"); node_port > 0 && (type == "NodePort" || type == "LoadBalancer")) {
      f.kind = Frontend::Kind::kNodePort;
      f.ip = 0;
      f.port = static_cast<uint16_t>(node_port);
      out.push_back(f);
    }
  }
  return out;
}

}  // namespace skerry::proxy
