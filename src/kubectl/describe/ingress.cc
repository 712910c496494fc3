// Ingress, IngressClass.
#include <set>

#include "base/strings.h"
#include "kubectl/describe/endpoints_text.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

// "web:80 (10.0.0.1:8080)"
std::string service_text(const Subject& subject, const Json& service) {
  std::string name = json::str(service, "name"), port_name = json::str(service, {"port", "name"});
  int64_t number = json::integer(service, {"port", "number"});
  std::string text = name + ":" + (number != 0 ? std::to_string(number) : port_name);
  auto failed = [&](const Error& error) { return text + " (<error: " + error.message + ">)"; };
  auto slices = subject.list(endpoint_slices_mapping(), subject.ns(), "kubernetes.io/service-name=" + name);
  if (!slices) return failed(slices.error());
  auto found = subject.objects.get(services_mapping(), subject.ns(), name);
  if (!found) return failed(found.error());
  std::string target;
  for (const Json& port : json::array_or_empty(json::find(*found, {"spec", "ports"}))) {
    std::string candidate = json::str(port, "name");
    if ((number != 0 && number == json::integer(port, "port")) || (!port_name.empty() && port_name == candidate))
      target = candidate;
  }
  return text + " (" + endpoints_text(*slices, target) + ")";
}

std::string backend_text(const Subject& subject, const Json& backend) {
  if (const Json& service = json::find(backend, "service"); service.is_object()) return service_text(subject, service);
  const Json& resource = json::find(backend, "resource");
  if (!resource.is_object()) return "";
  return "APIGroup: " + json::str(resource, "apiGroup", "<none>") + ", Kind: " + json::str(resource, "kind") +
         ", Name: " + json::str(resource, "name");
}

std::string addresses_text(const Json& status) {
  std::set<std::string> addresses;
  for (const Json& entry : json::array_or_empty(json::find(status, {"loadBalancer", "ingress"}))) {
    std::string address = json::str(entry, "ip");
    if (address.empty()) address = json::str(entry, "hostname");
    if (!address.empty()) addresses.insert(address);
  }
  return join({addresses.begin(), addresses.end()}, ",");
}

void put_tls(Writer& w, const Json& tls) {
  if (json::array_or_empty(tls).empty()) return;
  w.line(0, "TLS:");
  for (const Json& entry : tls) {
    std::string secret = json::str(entry, "secretName");
    w.line(1, secret.empty() ? "SNI routes" : secret + " terminates", " ",
           joined_list(json::find(entry, "hosts"), ","));
  }
}

}  // namespace

Status describe_ingress(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  const Json& backend = json::find(spec, "defaultBackend");
  std::string fallback = backend.is_object() ? backend_text(subject, backend) : "<default>";
  w.field(0, "Name", subject.name());
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  w.field(0, "Namespace", subject.ns());
  w.field(0, "Address", addresses_text(subject.status()));
  w.field(0, "Ingress Class", json::str(spec, "ingressClassName", "<none>"));
  w.field(0, "Default backend", fallback);
  put_tls(w, json::find(spec, "tls"));
  w.line(0, "Rules:\n  Host\tPath\tBackends");
  w.line(1, "----\t----\t--------");
  bool any = false;
  for (const Json& rule : json::array_or_empty(json::find(spec, "rules"))) {
    const Json& http = json::find(rule, "http");
    if (!http.is_object()) continue;
    any = true;
    std::string host = json::str(rule, "host");
    w.line(1, host.empty() ? "*" : host, "\t");
    for (const Json& path : json::array_or_empty(json::find(http, "paths")))
      w.line(2, "\t", json::str(path, "path"), " \t", backend_text(subject, json::find(path, "backend")));
  }
  if (!any) w.line(1, "*\t*\t", fallback);
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  put_events_of(subject, w);
  return {};
}

Status describe_ingress_class(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  w.field(0, "Controller", json::str(subject.spec(), "controller"));
  if (const Json& parameters = json::find(subject.spec(), "parameters"); parameters.is_object()) {
    w.line(0, "Parameters:");
    if (has(parameters, "apiGroup")) w.field(1, "APIGroup", json::str(parameters, "apiGroup"));
    w.field(1, "Kind", json::str(parameters, "kind"));
    w.field(1, "Name", json::str(parameters, "name"));
  }
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
