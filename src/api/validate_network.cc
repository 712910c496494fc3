// Services, endpoints, ingresses, network policies.
#include <set>

#include "api/validate_names.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

constexpr const char* kBadIp = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

// Addresses that cannot be another host.
std::string special_ip_problem(std::string_view ip) {
  if (ip == "0.0.0.0" || ip == "::") return "may not be unspecified (" + std::string(ip) + ")";
  if (is_ipv4(ip) && ip.starts_with("127.")) return "may not be in the loopback range (127.0.0.0/8, ::1/128)";
  if (ip == "::1") return "may not be in the loopback range (127.0.0.0/8, ::1/128)";
  if (is_ipv4(ip) && ip.starts_with("169.254.")) return "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
  if (is_ipv4(ip) && ip.starts_with("224.0.0.")) return "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
  return "";
}

const Json& list_of(const Json& object, std::string_view key) { return json::array_or_empty(json::find(object, key)); }

void validate_service_ports(FieldErrors& errors, const Json& spec, bool external_name, bool headless) {
  const Json& ports = list_of(spec, "ports");
  if (ports.empty() && !external_name && !headless) errors.required("spec.ports");
  std::set<std::string> names, numbers, node_ports;
  std::string type = json::str(spec, "type");
  for (size_t i = 0; i < ports.size(); ++i) {
    const Json& p = ports[i];
    std::string at = index("spec.ports", i), name = json::str(p, "name"), protocol = json::str(p, "protocol");
    if (name.empty()) {
      if (ports.size() > 1) errors.required(child(at, "name"));
    } else if (std::string problem = dns_label_problem(name); !problem.empty()) {
      errors.invalid(child(at, "name"), name, problem);
    } else if (!names.insert(name).second) {
      errors.duplicate(child(at, "name"), name);
    }
    int64_t port = json::integer(p, "port"), node_port = json::integer(p, "nodePort");
    check(errors, child(at, "port"), port, port_number_problem(port));
    validate_choice(errors, child(at, "protocol"), json::find(p, "protocol"), {"SCTP", "TCP", "UDP"}, true);
    const Json& target = json::find(p, "targetPort");
    if (target.is_number()) check(errors, child(at, "targetPort"), target, port_number_problem(target.get<int64_t>()));
    else if (target.is_string()) check(errors, child(at, "targetPort"), target, port_name_problem(target.get_ref<const std::string&>()));
    if (!numbers.insert(protocol + "/" + std::to_string(port)).second)
      errors.duplicate(at, Json{{"protocol", protocol}, {"port", port}});
    if (node_port != 0) {
      if (type == "ClusterIP" || type == "ExternalName") errors.forbidden(child(at, "nodePort"), "may not be used when `type` is '" + type + "'");
      else if (!node_ports.insert(protocol + "/" + std::to_string(node_port)).second) errors.duplicate(child(at, "nodePort"), node_port);
    }
  }
}

}  // namespace

void validate_service(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  std::string type = json::str(spec, "type"), ip = json::str(spec, "clusterIP");
  bool external_name = type == "ExternalName", headless = ip == "None";
  validate_choice(errors, "spec.type", json::find(spec, "type"), {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}, true);
  validate_service_ports(errors, spec, external_name, headless);
  validate_labels(errors, "spec.selector", json::find(spec, "selector"));
  validate_choice(errors, "spec.sessionAffinity", json::find(spec, "sessionAffinity"), {"ClientIP", "None"}, true);
  if (const Json& t = json::find(spec, {"sessionAffinityConfig", "clientIP", "timeoutSeconds"}); t.is_number() && (t <= 0 || t > 86400))
    errors.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", t, "must be greater than 0 and less than 86400");
  if (external_name) {
    std::string name = json::str(spec, "externalName");
    while (!name.empty() && name.back() == '.') name.pop_back();
    if (name.empty()) errors.required("spec.externalName");
    else check(errors, "spec.externalName", name, dns_subdomain_problem(to_lower(name)));
    if (headless) errors.invalid("spec.clusterIPs[0]", ip, "may not be set to 'None' for ExternalName services");
    else if (!ip.empty()) errors.forbidden("spec.clusterIPs", "may not be set for ExternalName services");
  } else if (!ip.empty() && !headless && !is_ip(ip)) {
    errors.invalid("spec.clusterIPs[0]", ip, kBadIp);
  }
  if (headless && (type == "NodePort" || type == "LoadBalancer"))
    errors.invalid("spec.clusterIPs[0]", ip, "may not be set to 'None' for " + type + " services");
  const Json& ips = list_of(spec, "clusterIPs");
  if (!ips.empty() && ips[0].is_string() && ips[0] != ip)
    errors.invalid("spec.clusterIPs", ips, "first value must match `clusterIP`");
  const Json& external = list_of(spec, "externalIPs");
  for (size_t i = 0; i < external.size(); ++i) {
    std::string at = index("spec.externalIPs", i);
    std::string address = external[i].is_string() ? external[i].get<std::string>() : "";
    if (!is_ip(address)) errors.invalid(at, external[i], kBadIp);
    else check(errors, at, external[i], special_ip_problem(address));
  }
  validate_choice(errors, "spec.externalTrafficPolicy", json::find(spec, "externalTrafficPolicy"), {"Cluster", "Local"}, false);
  if (json::find(spec, "externalTrafficPolicy").is_string() && type != "NodePort" && type != "LoadBalancer" && external.empty())
    errors.invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], "may only be set for externally-accessible services");
  validate_choice(errors, "spec.internalTrafficPolicy", json::find(spec, "internalTrafficPolicy"), {"Cluster", "Local"}, false);
  validate_choice(errors, "spec.ipFamilyPolicy", json::find(spec, "ipFamilyPolicy"), {"PreferDualStack", "RequireDualStack", "SingleStack"}, false);
  if (const Json& port = json::find(spec, "healthCheckNodePort"); port.is_number() && port != 0 && !(type == "LoadBalancer" && json::str(spec, "externalTrafficPolicy") == "Local"))
    errors.invalid("spec.healthCheckNodePort", port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
  if (old == nullptr) return;
  const Json& before = json::find(*old, "spec");
  std::string old_ip = json::str(before, "clusterIP");
  if (!external_name && json::str(before, "type") != "ExternalName" && !old_ip.empty() && old_ip != ip)
    errors.invalid("spec.clusterIPs[0]", Json::array({ip}), "may not change once set");
}

void validate_endpoints(FieldErrors& errors, const Json& object, const Json*) {
  const Json& subsets = list_of(object, "subsets");
  for (size_t i = 0; i < subsets.size(); ++i) {
    std::string at = index("subsets", i);
    if (list_of(subsets[i], "addresses").empty() && list_of(subsets[i], "notReadyAddresses").empty())
      errors.required(at, "must specify `addresses` or `notReadyAddresses`");
    for (const char* key : {"addresses", "notReadyAddresses"}) {
      const Json& addresses = list_of(subsets[i], key);
      for (size_t a = 0; a < addresses.size(); ++a) {
        std::string path = child(index(child(at, key), a), "ip"), ip = json::str(addresses[a], "ip");
        if (!is_ip(ip)) errors.invalid(path, ip, kBadIp);
        else check(errors, path, ip, special_ip_problem(ip));
      }
    }
    const Json& ports = list_of(subsets[i], "ports");
    for (size_t p = 0; p < ports.size(); ++p) {
      std::string path = index(child(at, "ports"), p), name = json::str(ports[p], "name");
      if (name.empty() && ports.size() > 1) errors.required(child(path, "name"));
      else if (!name.empty()) check(errors, child(path, "name"), name, dns_label_problem(name));
      check(errors, child(path, "port"), json::integer(ports[p], "port"), port_number_problem(json::integer(ports[p], "port")));
      validate_choice(errors, child(path, "protocol"), json::find(ports[p], "protocol"), {"SCTP", "TCP", "UDP"}, true);
    }
  }
}

void validate_endpoint_slice(FieldErrors& errors, const Json& object, const Json* old) {
  validate_choice(errors, "addressType", json::find(object, "addressType"), {"FQDN", "IPv4", "IPv6"}, true);
  std::string type = json::str(object, "addressType");
  const Json& endpoints = list_of(object, "endpoints");
  if (endpoints.size() > 1000) return errors.too_many("endpoints", endpoints.size(), 1000);
  for (size_t i = 0; i < endpoints.size(); ++i) {
    std::string at = index("endpoints", i);
    const Json& addresses = list_of(endpoints[i], "addresses");
    if (addresses.empty()) errors.required(child(at, "addresses"), "must contain at least 1 address");
    if (addresses.size() > 100) errors.too_many(child(at, "addresses"), addresses.size(), 100);
    for (size_t a = 0; a < addresses.size(); ++a) {
      if (!addresses[a].is_string()) continue;
      const std::string& ip = addresses[a].get_ref<const std::string&>();
      std::string path = index(child(at, "addresses"), a);
      if (type == "FQDN") check(errors, path, ip, dns_subdomain_problem(ip));
      else if (!is_ip(ip)) errors.invalid(path, ip, kBadIp);
      else if ((type == "IPv4") != is_ipv4(ip)) errors.invalid(path, ip, "must be an " + type + " address");
      else check(errors, path, ip, special_ip_problem(ip));
    }
  }
  const Json& ports = list_of(object, "ports");
  if (ports.size() > 20000) errors.too_many("ports", ports.size(), 20000);
  std::set<std::string> names;
  for (size_t i = 0; i < ports.size(); ++i) {
    std::string name = json::str(ports[i], "name"), path = index("ports", i);
    if (!name.empty()) check(errors, child(path, "name"), name, dns_label_problem(name));
    if (!names.insert(name).second) errors.duplicate(child(path, "name"), name);
    validate_choice(errors, child(path, "protocol"), json::find(ports[i], "protocol"), {"SCTP", "TCP", "UDP"}, true);
  }
  if (old != nullptr) validate_immutable(errors, "addressType", json::find(object, "addressType"), json::find(*old, "addressType"));
}

namespace {

void validate_backend(FieldErrors& errors, const std::string& path, const Json& backend) {
  bool service = json::find(backend, "service").is_object(), resource = json::find(backend, "resource").is_object();
  if (service && resource) errors.invalid(path, "", "cannot set both resource and service backends");
  else if (!service && !resource) errors.required(path, "must specify a service or resource backend");
  if (!service) return;
  const Json& s = json::find(backend, "service");
  std::string name = json::str(s, "name");
  if (name.empty()) errors.required(child(path, "service.name"));
  else check(errors, child(path, "service.name"), name, dns1035_problem(name));
  std::string port = json::str(s, {"port", "name"});
  int64_t number = json::integer(s, {"port", "number"});
  if (port.empty() && number == 0) errors.required(path, "port name or number is required");
  else if (!port.empty() && number != 0) errors.invalid(path, "", "cannot set both port name & port number");
}

}  // namespace

void validate_ingress(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  const Json& rules = list_of(spec, "rules");
  const Json& backend = json::find(spec, "defaultBackend");
  if (rules.empty() && !backend.is_object()) errors.invalid("spec", rules, "either `defaultBackend` or `rules` must be specified");
  if (backend.is_object()) validate_backend(errors, "spec.defaultBackend", backend);
  for (size_t i = 0; i < rules.size(); ++i) {
    std::string at = index("spec.rules", i), host = json::str(rules[i], "host");
    if (!host.empty()) {
      if (is_ip(host)) errors.invalid(child(at, "host"), host, "must be a DNS name, not an IP address");
      else check(errors, child(at, "host"), host, dns_subdomain_problem(host.starts_with("*.") ? host.substr(2) : host));
    }
    const Json& http = json::find(rules[i], "http");
    if (!http.is_object()) continue;
    const Json& paths = list_of(http, "paths");
    if (paths.empty()) errors.required(child(at, "http.paths"));
    for (size_t p = 0; p < paths.size(); ++p) {
      std::string path = index(child(at, "http.paths"), p), text = json::str(paths[p], "path"), type = json::str(paths[p], "pathType");
      validate_choice(errors, child(path, "pathType"), json::find(paths[p], "pathType"), {"Exact", "ImplementationSpecific", "Prefix"}, true);
      if ((type == "Exact" || type == "Prefix") && (text.empty() || text[0] != '/')) errors.invalid(child(path, "path"), text, "must be an absolute path");
      validate_backend(errors, child(path, "backend"), json::find(paths[p], "backend"));
    }
  }
}

void validate_network_policy(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  validate_label_selector(errors, "spec.podSelector", json::find(spec, "podSelector"));
  for (const auto& [direction, peers] : {std::pair{"ingress", "from"}, std::pair{"egress", "to"}}) {
    const Json& rules = list_of(spec, direction);
    for (size_t i = 0; i < rules.size(); ++i) {
      std::string at = index(child("spec", direction), i);
      const Json& ports = list_of(rules[i], "ports");
      for (size_t p = 0; p < ports.size(); ++p)
        validate_choice(errors, child(index(child(at, "ports"), p), "protocol"), json::find(ports[p], "protocol"), {"SCTP", "TCP", "UDP"}, false);
      const Json& list = list_of(rules[i], peers);
      for (size_t p = 0; p < list.size(); ++p) {
        std::string path = index(child(at, peers), p);
        validate_label_selector(errors, child(path, "podSelector"), json::find(list[p], "podSelector"));
        validate_label_selector(errors, child(path, "namespaceSelector"), json::find(list[p], "namespaceSelector"));
        if (list[p].empty()) errors.required(path, "must specify a peer");
      }
    }
  }
  const Json& types = list_of(spec, "policyTypes");
  for (size_t i = 0; i < types.size(); ++i)
    validate_choice(errors, index("spec.policyTypes", i), types[i], {"Egress", "Ingress"}, true);
}

}  // namespace skerry::api
