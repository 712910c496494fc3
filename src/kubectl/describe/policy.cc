// NetworkPolicy, PodDisruptionBudget.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

constexpr std::string_view kIndent = "    ";

// The words that differ between the two directions of traffic.
struct Direction {
  std::string_view name;   // "ingress"
  std::string_view peers;  // "from"
  std::string_view title;  // "From"
  std::string_view any;    // what no peers at all mean
};
constexpr Direction kIngress{"ingress", "from", "From", "traffic not restricted by source"};
constexpr Direction kEgress{"egress", "to", "To", "traffic not restricted by destination"};

void put_ports(Writer& w, const Json& ports) {
  if (json::array_or_empty(ports).empty()) w.line(0, kIndent, "To Port: <any> (traffic allowed to all ports)");
  for (const Json& port : json::array_or_empty(ports)) {
    std::string protocol = json::str(port, "protocol", "TCP"), number = int_or_string(json::find(port, "port"));
    if (has(port, "endPort"))
      w.line(0, kIndent, "To Port Range: ", number, "-", json::integer(port, "endPort"), "/", protocol);
    else w.line(0, kIndent, "To Port: ", number, "/", protocol);
  }
}

void put_peer(Writer& w, const Json& peer) {
  const Json &pods = json::find(peer, "podSelector"), &namespaces = json::find(peer, "namespaceSelector");
  if (namespaces.is_object()) w.line(1, kIndent, "NamespaceSelector: ", selector_or_none(namespaces));
  if (pods.is_object()) w.line(1, kIndent, "PodSelector: ", selector_or_none(pods));
  if (const Json& block = json::find(peer, "ipBlock");
      block.is_object() && !pods.is_object() && !namespaces.is_object()) {
    w.line(1, kIndent, "IPBlock:");
    w.line(2, kIndent, "CIDR: ", json::str(block, "cidr"));
    w.line(2, kIndent, "Except: ", joined_list(json::find(block, "except"), ", "));
  }
}

void put_rules(Writer& w, const Json& rules, const Direction& direction) {
  if (json::array_or_empty(rules).empty())
    return w.line(0, kIndent, "<none> (Selected pods are isolated for ", direction.name, " connectivity)");
  for (size_t i = 0; i < rules.size(); ++i) {
    put_ports(w, json::find(rules[i], "ports"));
    const Json& peers = json::array_or_empty(json::find(rules[i], direction.peers));
    if (peers.empty()) w.line(0, kIndent, direction.title, ": <any> (", direction.any, ")");
    for (const Json& peer : peers) {
      w.line(0, kIndent, direction.title, ":");
      put_peer(w, peer);
    }
    if (i + 1 < rules.size()) w.line(0, kIndent, "----------");
  }
}

void put_direction(Writer& w, const Json& spec, const Direction& direction, std::string_view type) {
  std::vector<std::string> types = strings(json::find(spec, "policyTypes"));
  if (std::find(types.begin(), types.end(), type) == types.end())
    return w.line(1, "Not affecting ", direction.name, " traffic");
  w.line(1, "Allowing ", direction.name, " traffic:");
  put_rules(w, json::find(spec, direction.name), direction);
}

}  // namespace

Status describe_network_policy(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  put_name(w, subject.object, true);
  w.field(0, "Created on", time_with_zone(json::find(subject.object, {"metadata", "creationTimestamp"})));
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  w.line(0, "Spec:");
  w.put(1, "PodSelector: ");
  std::string pods = selector_text(json::find(spec, "podSelector"));
  w.line(2, pods.empty() ? "<none> (Allowing the specific traffic to all pods in this namespace)" : pods);
  put_direction(w, spec, kIngress, "Ingress");
  put_direction(w, spec, kEgress, "Egress");
  w.line(1, "Policy Types: ", or_none(joined_list(json::find(spec, "policyTypes"), ", ")));
  return {};
}

Status describe_disruption_budget(const Subject& subject, Writer& w) {
  const Json &spec = subject.spec(), &status = subject.status();
  put_name(w, subject.object, true);
  if (has(spec, "minAvailable")) w.field(0, "Min available", int_or_string(json::find(spec, "minAvailable")));
  else if (has(spec, "maxUnavailable"))
    w.field(0, "Max unavailable", int_or_string(json::find(spec, "maxUnavailable")));
  w.field(0, "Selector", has(spec, "selector") ? selector_or_none(json::find(spec, "selector")) : "<unset>");
  w.line(0, "Status:");
  w.field(2, "Allowed disruptions", json::integer(status, "disruptionsAllowed"));
  w.field(2, "Current", json::integer(status, "currentHealthy"));
  w.field(2, "Desired", json::integer(status, "desiredHealthy"));
  w.field(2, "Total", json::integer(status, "expectedPods"));
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
