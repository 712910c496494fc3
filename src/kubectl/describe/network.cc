// Service, Endpoints, EndpointSlice, ServiceCIDR, IPAddress.
#include "base/strings.h"
#include "kubectl/describe/endpoints_text.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kMaxEndpoints = 3;

void put_list_if(Writer& w, std::string_view title, const Json& list) {
  if (!json::array_or_empty(list).empty()) w.field(0, title, joined_list(list, ","));
}

void put_text_if(Writer& w, std::string_view title, const Json& value) {
  if (value.is_string() && value != "") w.field(0, title, go_value(value));
}

std::string load_balancer_text(const Json& ingress) {
  std::string text;
  for (const Json& entry : json::array_or_empty(ingress)) {
    if (!text.empty()) text += ", ";
    std::string ip = json::str(entry, "ip");
    if (ip.empty()) text += json::str(entry, "hostname");
    else text += ip + (has(entry, "ipMode") ? " (" + json::str(entry, "ipMode") + ")" : "");
  }
  return text;
}

void put_service_port(Writer& w, const Json& port, const std::vector<Json>& slices) {
  std::string name = json::str(port, "name"), protocol = json::str(port, "protocol");
  std::string shown = name.empty() ? "<unset>" : name;
  const Json& target = json::find(port, "targetPort");
  w.field(0, "Port", shown, "\t", json::integer(port, "port"), "/", protocol);
  w.field(0, "TargetPort", target.is_null() ? "0" : go_value(target), "/", protocol);
  if (has(port, "appProtocol")) w.field(0, "AppProtocol", json::str(port, "appProtocol"));
  if (int64_t node_port = json::integer(port, "nodePort"); node_port != 0)
    w.field(0, "NodePort", shown, "\t", node_port, "/", protocol);
  w.field(0, "Endpoints", endpoints_text(slices, name));
}

void put_port_table(Writer& w, int level, const Json& ports) {
  w.line(level, "Name\tPort\tProtocol");
  w.line(level, "----\t----\t--------");
  for (const Json& port : ports) {
    std::string name = json::str(port, "name");
    w.line(level, name.empty() ? "<unset>" : name, "\t", or_unset(port, "port"), "\t", json::str(port, "protocol"));
  }
}

std::string addresses_text(const Json& addresses) {
  std::string text;
  for (const Json& address : json::array_or_empty(addresses))
    text += (text.empty() ? "" : ",") + json::str(address, "ip");
  return or_none(text);
}

void put_endpoint(Writer& w, const Json& endpoint) {
  w.field(1, "- Addresses", or_none(joined_list(json::find(endpoint, "addresses"), ", ")));
  w.line(2, "Conditions:");
  w.field(3, "Ready", or_unset(json::find(endpoint, "conditions"), "ready"));
  w.field(2, "Hostname", or_unset(endpoint, "hostname"));
  if (const Json& target = json::find(endpoint, "targetRef"); target.is_object())
    w.field(2, "TargetRef", json::str(target, "kind"), "/", json::str(target, "name"));
  w.field(2, "NodeName", or_unset(endpoint, "nodeName"));
  w.field(2, "Zone", or_unset(endpoint, "zone"));
}

}  // namespace

std::string host_port(const std::string& host, const std::string& port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

std::string endpoints_text(const std::vector<Json>& slices, std::string_view port_name) {
  if (slices.empty()) return "<none>";
  std::string text;
  size_t shown = 0, count = 0;
  bool more = false;
  auto add = [&](const Json& slice, const Json* port) {
    for (const Json& endpoint : json::array_or_empty(json::find(slice, "endpoints"))) {
      if (shown == kMaxEndpoints) more = true;
      if (!json::boolean(endpoint, {"conditions", "ready"}, true)) continue;
      ++count;
      if (more) continue;
      std::vector<std::string> addresses = strings(json::find(endpoint, "addresses"));
      std::string address = addresses.empty() ? "" : addresses[0];
      if (shown++ > 0) text += ",";
      text += port ? host_port(address, std::to_string(json::integer(*port, "port"))) : address;
    }
  };
  for (const Json& slice : slices) {
    const Json& ports = json::array_or_empty(json::find(slice, "ports"));
    if (ports.empty()) add(slice, nullptr);  // headless services may have no ports
    for (const Json& port : ports)
      if (json::str(port, "name") == port_name) add(slice, &port);
  }
  return more ? text + " + " + std::to_string(count - kMaxEndpoints) + " more..." : text;
}

Status describe_service(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  auto slices = subject.list(endpoint_slices_mapping(), subject.ns(), "kubernetes.io/service-name=" + subject.name());
  const std::vector<Json> none;

  put_metadata(w, subject.object, true);
  w.field(0, "Selector", labels_text(json::find(spec, "selector")));
  w.field(0, "Type", json::str(spec, "type"));
  if (has(spec, "ipFamilyPolicy")) w.field(0, "IP Family Policy", json::str(spec, "ipFamilyPolicy"));
  w.field(0, "IP Families", or_none(joined_list(json::find(spec, "ipFamilies"), ",")));
  w.field(0, "IP", json::str(spec, "clusterIP"));
  w.field(0, "IPs", or_none(joined_list(json::find(spec, "clusterIPs"), ",")));
  put_list_if(w, "External IPs", json::find(spec, "externalIPs"));
  put_text_if(w, "Desired LoadBalancer IP", json::find(spec, "loadBalancerIP"));
  put_text_if(w, "External Name", json::find(spec, "externalName"));
  const Json& ingress = json::array_or_empty(json::find(subject.status(), {"loadBalancer", "ingress"}));
  if (!ingress.empty()) w.field(0, "LoadBalancer Ingress", load_balancer_text(ingress));
  for (const Json& port : json::array_or_empty(json::find(spec, "ports")))
    put_service_port(w, port, slices ? *slices : none);
  w.field(0, "Session Affinity", json::str(spec, "sessionAffinity"));
  put_text_if(w, "External Traffic Policy", json::find(spec, "externalTrafficPolicy"));
  put_text_if(w, "Internal Traffic Policy", json::find(spec, "internalTrafficPolicy"));
  if (int64_t port = json::integer(spec, "healthCheckNodePort"); port != 0) w.field(0, "HealthCheck NodePort", port);
  put_list_if(w, "LoadBalancer Source Ranges", json::find(spec, "loadBalancerSourceRanges"));
  put_text_if(w, "Traffic Distribution", json::find(spec, "trafficDistribution"));
  put_events_of(subject, w);
  return {};
}

Status describe_endpoints(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, true);
  w.line(0, "Subsets:");
  for (const Json& subset : json::array_or_empty(json::find(subject.object, "subsets"))) {
    w.field(1, "Addresses", addresses_text(json::find(subset, "addresses")));
    w.field(1, "NotReadyAddresses", addresses_text(json::find(subset, "notReadyAddresses")));
    const Json& ports = json::array_or_empty(json::find(subset, "ports"));
    if (!ports.empty()) {
      w.line(1, "Ports:");
      put_port_table(w, 2, ports);
    }
    w.line(0);
  }
  put_events_of(subject, w);
  return {};
}

Status describe_endpoint_slice(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, true);
  w.field(0, "AddressType", json::str(subject.object, "addressType"));
  const Json& ports = json::array_or_empty(json::find(subject.object, "ports"));
  w.line(0, ports.empty() ? "Ports: <unset>" : "Ports:");
  if (!ports.empty()) put_port_table(w, 1, ports);
  const Json& endpoints = json::array_or_empty(json::find(subject.object, "endpoints"));
  w.line(0, endpoints.empty() ? "Endpoints: <none>" : "Endpoints:");
  for (const Json& endpoint : endpoints) put_endpoint(w, endpoint);
  put_events_of(subject, w);
  return {};
}

Status describe_service_cidr(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  w.field(0, "CIDRs", joined_list(json::find(subject.spec(), "cidrs"), ", "));
  const Json& conditions = json::array_or_empty(json::find(subject.status(), "conditions"));
  if (!conditions.empty()) {
    w.line(0, "Status:");
    put_condition_table(w, conditions);
  }
  put_events_of(subject, w);
  return {};
}

Status describe_ip_address(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  if (const Json& parent = json::find(subject.spec(), "parentRef"); parent.is_object()) {
    w.line(0, "Parent Reference:");
    for (auto [title, key] :
         {std::pair{"Group", "group"}, {"Resource", "resource"}, {"Namespace", "namespace"}, {"Name", "name"}})
      w.field(1, title, json::str(parent, key));
  }
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
