// Services: cluster IPs and node ports.
#include <set>

#include "api/field_errors.h"
#include "registry/strategy.h"

namespace skerry::registry {
namespace {

std::string owner_of(const Json& service) {
  return api::make_key(json::str(service, {"metadata", "namespace"}), json::str(service, {"metadata", "name"}));
}

Status invalid(const Json& service, std::string_view field, const Json& value, const Error& error) {
  if (!error.is(Reason::kInvalid)) return error;
  api::FieldErrors errors;
  errors.invalid(field, value, error.message);
  return errors.to_status("", "Service", json::str(service, {"metadata", "name"}));
}

bool uses_node_ports(const Json& spec) {
  std::string type = json::str(spec, "type");
  return type == "NodePort" || (type == "LoadBalancer" && json::boolean(spec, "allocateLoadBalancerNodePorts", true));
}

bool needs_health_port(const Json& spec) {
  return json::str(spec, "type") == "LoadBalancer" && json::str(spec, "externalTrafficPolicy") == "Local";
}

std::string wanted_ip(const Json& spec) {
  std::string ip = json::str(spec, "clusterIP");
  const Json& list = json::array_or_empty(json::find(spec, "clusterIPs"));
  if (ip.empty() && !list.empty() && list[0].is_string()) ip = list[0];
  return ip;
}

Status allocate_ip(StrategyContext& context, Json& service) {
  Json& spec = service["spec"];
  const std::string owner = owner_of(service);
  if (json::str(spec, "type") == "ExternalName") {
    for (const char* key : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) spec.erase(key);
    return {};
  }
  std::string ip = wanted_ip(spec);
  if (ip.empty()) {
    ip = TRY(context.services.any_ip(owner));
  } else if (ip != "None") {
    if (Status s = context.services.ip(ip, owner); !s) return invalid(service, "spec.clusterIPs", Json::array({ip}), s.error());
  }
  spec["clusterIP"] = ip;
  spec["clusterIPs"] = Json::array({ip});
  // One address family; a dual-stack wish ("PreferDualStack") gets what there is.
  if (!spec.contains("ipFamilies")) spec["ipFamilies"] = Json::array({"IPv4"});
  if (!spec.contains("ipFamilyPolicy")) spec["ipFamilyPolicy"] = "SingleStack";
  std::string policy = json::str(spec, "ipFamilyPolicy");
  api::FieldErrors errors;
  if (policy == "RequireDualStack")
    errors.invalid("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services");
  for (const Json& family : json::array_or_empty(spec["ipFamilies"]))
    if (family != "IPv4") errors.invalid("spec.ipFamilies[0]", family, "not configured on this cluster");
  return errors.to_status("", "Service", json::str(service, {"metadata", "name"}));
}

Status allocate_ports(StrategyContext& context, Json& service) {
  Json& spec = service["spec"];
  const std::string owner = owner_of(service);
  if (uses_node_ports(spec) && spec.contains("ports") && spec["ports"].is_array()) {
    std::set<int64_t> wanted;
    size_t i = 0;
    for (Json& port : spec["ports"]) {
      int64_t number = json::integer(port, "nodePort");
      // The same number may serve TCP and UDP of one Service.
      if (number != 0 && wanted.insert(number).second)
        if (Status s = context.services.port(static_cast<int>(number), owner); !s)
          return invalid(service, "spec.ports[" + std::to_string(i) + "].nodePort", number, s.error());
      ++i;
    }
    for (Json& port : spec["ports"])
      if (json::integer(port, "nodePort") == 0) port["nodePort"] = TRY(context.services.any_port(owner));
  }
  if (needs_health_port(spec)) {
    if (int64_t number = json::integer(spec, "healthCheckNodePort"); number != 0) {
      if (Status s = context.services.port(static_cast<int>(number), owner); !s)
        return invalid(service, "spec.healthCheckNodePort", number, s.error());
    } else {
      spec["healthCheckNodePort"] = TRY(context.services.any_port(owner));
    }
  } else {
    spec.erase("healthCheckNodePort");
  }
  return {};
}

// A client that sends a Service without the addresses it was given keeps them.
void keep_allocated(Json& spec, const Json& old_spec) {
  if (json::str(spec, "type") != "ExternalName" && json::str(old_spec, "type") != "ExternalName" && wanted_ip(spec).empty()) {
    for (const char* key : {"clusterIP", "clusterIPs"})
      if (old_spec.contains(key)) spec[key] = old_spec[key];
  }
  for (const char* key : {"ipFamilies", "ipFamilyPolicy"})
    if (!spec.contains(key) && old_spec.contains(key) && json::str(spec, "type") != "ExternalName") spec[key] = old_spec[key];
  if (uses_node_ports(spec) && uses_node_ports(old_spec) && spec.contains("ports")) {
    std::set<int64_t> used;
    for (const Json& port : spec["ports"]) used.insert(json::integer(port, "nodePort"));
    for (Json& port : spec["ports"]) {
      if (json::integer(port, "nodePort") != 0) continue;
      for (const Json& was : json::array_or_empty(json::find(old_spec, "ports"))) {
        int64_t number = json::integer(was, "nodePort");
        bool same = json::integer(was, "port") == json::integer(port, "port") &&
                    json::str(was, "protocol") == json::str(port, "protocol");
        if (same && number != 0 && used.insert(number).second) port["nodePort"] = number;
      }
    }
  }
  if (needs_health_port(spec) && needs_health_port(old_spec) && json::integer(spec, "healthCheckNodePort") == 0 &&
      old_spec.contains("healthCheckNodePort"))
    spec["healthCheckNodePort"] = old_spec["healthCheckNodePort"];
}

// A changed type drops what only the old one needs, where the client left it as it was.
void drop_by_type(Json& spec, const Json& old_spec) {
  if (!uses_node_ports(spec) && uses_node_ports(old_spec) && spec.contains("ports")) {
    std::set<int64_t> old_ports;
    for (const Json& port : json::array_or_empty(json::find(old_spec, "ports"))) old_ports.insert(json::integer(port, "nodePort"));
    for (Json& port : spec["ports"])
      if (old_ports.contains(json::integer(port, "nodePort"))) port.erase("nodePort");
  }
  std::string type = json::str(spec, "type");
  if (type != "LoadBalancer")
    for (const char* key : {"allocateLoadBalancerNodePorts", "loadBalancerClass"}) spec.erase(key);
  if (type != "LoadBalancer" && type != "NodePort" && json::array_or_empty(json::find(spec, "externalIPs")).empty())
    spec.erase("externalTrafficPolicy");
}

}  // namespace

Status prepare_service(StrategyContext& context, Json& service) {
  if (!service.contains("spec") || !service["spec"].is_object()) return {};  // validation says so
  service["status"] = {{"loadBalancer", Json::object()}};
  TRY(allocate_ip(context, service));
  return allocate_ports(context, service);
}

Status prepare_service_update(StrategyContext& context, Json& service, const Json& old) {
  if (!service.contains("spec") || !service["spec"].is_object()) return {};
  Json& spec = service["spec"];
  const Json& old_spec = json::find(old, "spec");
  keep_allocated(spec, old_spec);
  if (json::str(spec, "type") != json::str(old_spec, "type")) drop_by_type(spec, old_spec);
  // What it has stays reserved for it, what is new is allocated.
  TRY(allocate_ip(context, service));
  return allocate_ports(context, service);
}

}  // namespace skerry::registry
