// create service and create ingress.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/create/generator.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

namespace {

// ---- services ----



// "80", "80:8080", "80:http"
Result<Json> parse_tcp(const std::string& text) {
  auto colon = text.find(':');
  std::string port_text = text.substr(0, colon), target_text = colon == std::string::npos ? port_text : text.substr(colon + 1);
  auto port = parse_int(port_text);
  if (!port) return plain_error("strconv.Atoi: parsing \"" + port_text + "\": invalid syntax");
  if (*port < 0 || *port > 65535) return plain_error("must be between 0 and 65535, inclusive");
  std::string name = text;
  for (char& c : name) if (c == ':') c = '-';
  return Json{{"name", name}, {"port", *port}, {"protocol", "TCP"}, {"targetPort", number_or_text(target_text)}};
}

Json service(const std::string& name, const char* type) {
  Json labels = {{"app", name}};
  return {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"labels", labels}, {"name", name}}},
          {"spec", {{"selector", labels}, {"type", type}}}, {"status", {{"loadBalancer", Json::object()}}}};
}

constexpr Flag kTcp{"tcp", 0, FlagType::kStrings, "", "Port pairs can be specified as '<port>:<targetPort>'."};

Result<int> run_service(Session& s, const char* type, bool ports_needed) {
  auto name = TRY(one_name(s));
  Json object = service(name, type);
  Json& spec = object["spec"];
  for (auto& t : s.flags.list("tcp")) {
    Json port = TRY(parse_tcp(t));
    if (s.flags.has("node-port") && s.flags.number("node-port") != 0) port["nodePort"] = s.flags.number("node-port");
    spec["ports"].push_back(std::move(port));
  }
  if (s.flags.has("clusterip") && !s.flags.text("clusterip").empty()) spec["clusterIP"] = s.flags.text("clusterip");
  if (s.flags.has("external-name")) spec["externalName"] = s.flags.text("external-name");
  bool headless = s.flags.has("clusterip") && s.flags.text("clusterip") == "None";
  if (ports_needed && !headless && !spec.contains("ports")) return plain_error("at least one tcp port specifier must be provided");
  return create_generated(s, mapping_of("v1", "services", "Service", true), std::move(object), "failed to create " + std::string(type) + " service: ");
}

std::vector<Flag> clusterip_flags() {
  return std::vector<Flag>{{"clusterip", 0, FlagType::kString, "", "Assign your own ClusterIP or set to 'None' for a 'headless' service (no loadbalancing)."}, kTcp} + generator_flags();
}
std::vector<Flag> nodeport_flags() {
  return std::vector<Flag>{{"node-port", 0, FlagType::kInt, "0", "Port used to expose the service on each node in a cluster."}, kTcp} + generator_flags();
}
std::vector<Flag> loadbalancer_flags() { return std::vector<Flag>{kTcp} + generator_flags(); }
std::vector<Flag> externalname_flags() {
  return std::vector<Flag>{{"external-name", 0, FlagType::kString, "", "External name of service", "", false, "", true}, kTcp} + generator_flags();
}

Result<int> run_clusterip(Session& s) { return run_service(s, "ClusterIP", true); }
Result<int> run_nodeport(Session& s) { return run_service(s, "NodePort", true); }
Result<int> run_loadbalancer(Session& s) { return run_service(s, "LoadBalancer", true); }
Result<int> run_externalname(Session& s) {
  TRY(require_flags(s, {"external-name"}));
  return run_service(s, "ExternalName", false);
}

constexpr Command kClusterIp{
    .use = "clusterip NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
    .brief = "Create a ClusterIP service",
    .examples = "  # Port 80 of the service, 8080 of the pods\n  kubectl create service clusterip web --tcp=80:8080\n\n"
                "  # Headless\n  kubectl create service clusterip db --clusterip=None\n",
    .flags = clusterip_flags,
    .run = run_clusterip,
};
constexpr Command kNodePort{
    .use = "nodeport NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    .brief = "Create a NodePort service",
    .examples = "  # A port on each node\n  kubectl create service nodeport web --tcp=80:8080 --node-port=30080\n",
    .flags = nodeport_flags,
    .run = run_nodeport,
};
constexpr Command kLoadBalancer{
    .use = "loadbalancer NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    .brief = "Create a LoadBalancer service",
    .examples = "  kubectl create service loadbalancer web --tcp=80:8080\n",
    .flags = loadbalancer_flags,
    .run = run_loadbalancer,
};
constexpr Command kExternalName{
    .use = "externalname NAME --external-name external.name [--dry-run=server|client|none]",
    .brief = "Create an ExternalName service",
    .examples = "  # Another name for a host outside\n  kubectl create service externalname db --external-name=db.example.com\n",
    .flags = externalname_flags,
    .run = run_externalname,
};
constexpr const Command* kServiceChildren[] = {&kClusterIp, &kExternalName, &kLoadBalancer, &kNodePort};
constexpr std::string_view kServiceAliases[] = {"svc"};

// ---- ingress ----

std::vector<Flag> ingress_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"annotation", 0, kArray, "", "Annotation to insert in the ingress object, in the format annotation=value"},
             {"class", 0, kString, "", "Ingress Class to be used"},
             {"default-backend", 0, kString, "", "Default service for backend, in format of svcname:port"},
             {"rule", 0, kArray, "",
              "Rule in format host/path=service:port[,tls=secretname]. Paths containing the leading character '*' are considered pathType=Prefix. tls argument is "
              "optional."},
         } +
         generator_flags();
}

Result<Json> backend(const std::string& text) {
  auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return plain_error("default-backend should be in format servicename:serviceport");

  Json port = number_or_text(text.substr(colon + 1));
  Json named = port.is_number() ? Json{{"number", port}} : Json{{"name", port}};
  return Json{{"service", {{"name", text.substr(0, colon)}, {"port", named}}}};
}

Error bad_rule(const std::string& rule) {
  return plain_error("rule " + rule + " is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]");
}

Result<int> run_ingress(Session& s) {
  auto name = TRY(one_name(s));
  auto rules = s.flags.list("rule");
  std::string fallback = s.flags.text("default-backend");
  if (rules.empty() && fallback.empty()) return plain_error("not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)");
  Json spec = Json::object(), metadata = {{"name", name}};
  if (!s.flags.list("annotation").empty()) metadata["annotations"] = TRY(key_values(s.flags.list("annotation"), "annotation"));
  if (!s.flags.text("class").empty()) spec["ingressClassName"] = s.flags.text("class");
  if (!fallback.empty()) spec["defaultBackend"] = TRY(backend(fallback));
  for (auto& rule : rules) {
    auto eq = rule.find('='), slash = rule.find('/');
    if (eq == std::string::npos || slash == std::string::npos || slash > eq) return bad_rule(rule);
    std::string host = rule.substr(0, slash), path = rule.substr(slash, eq - slash), rest = rule.substr(eq + 1);
    auto comma = rest.find(',');
    auto service = backend(rest.substr(0, comma));
    if (!service) return bad_rule(rule);
    std::string type = "Exact";
    if (ends_with(path, "*")) {
      path.pop_back();
      type = "Prefix";
    }
    Json entry = {{"backend", *service}, {"path", path}, {"pathType", type}};
    Json* found = nullptr;
    for (auto& r : spec["rules"].is_array() ? spec["rules"] : (spec["rules"] = Json::array()))
      if (json::str(r, "host") == host) found = &r;
    if (found) {
      (*found)["http"]["paths"].push_back(entry);
    } else {
      Json r = {{"http", {{"paths", {entry}}}}};
      if (!host.empty()) r["host"] = host;
      spec["rules"].push_back(std::move(r));
    }
    if (comma == std::string::npos) continue;
    std::string tls = rest.substr(comma + 1);
    if (tls != "tls" && !starts_with(tls, "tls=")) return bad_rule(rule);
    std::string secret = tls == "tls" ? "" : tls.substr(4);
    Json* same = nullptr;
    for (auto& t : spec["tls"].is_array() ? spec["tls"] : (spec["tls"] = Json::array()))
      if (json::str(t, "secretName") == secret) same = &t;
    if (same) {
      auto& hosts = (*same)["hosts"];
      if (!host.empty() && std::find(hosts.begin(), hosts.end(), Json(host)) == hosts.end()) hosts.push_back(host);
    } else {
      Json t = Json::object();
      if (!host.empty()) t["hosts"] = {host};
      if (!secret.empty()) t["secretName"] = secret;
      spec["tls"].push_back(std::move(t));
    }
  }
  Json object = {{"apiVersion", "networking.k8s.io/v1"}, {"kind", "Ingress"}, {"metadata", metadata}, {"spec", spec}, {"status", {{"loadBalancer", Json::object()}}}};
  return create_generated(s, mapping_of("networking.k8s.io/v1", "ingresses", "Ingress", true), std::move(object), "failed to create ingress: ");
}

constexpr std::string_view kIngressAliases[] = {"ing"};

}  // namespace

constexpr Command kCreateService{
    .use = "service",
    .brief = "Create a service using a specified subcommand",
    .examples = "  kubectl create service clusterip web --tcp=80:8080\n",
    .children = kServiceChildren,
    .aliases = kServiceAliases,
};
constexpr Command kCreateIngress{
    .use = "ingress NAME --rule=host/path=service:port[,tls[=secret]]",
    .brief = "Create an ingress with the specified name",
    .examples = "  # One host and path\n  kubectl create ingress web --rule='shop.example/cart=cart:80'\n\n"
                "  # All paths, with TLS\n  kubectl create ingress web --class=default --rule='shop.example/*=web:80,tls=shop-cert'\n\n"
                "  # Everything that no rule takes\n  kubectl create ingress all --default-backend=web:80\n",
    .flags = ingress_flags,
    .run = run_ingress,
    .aliases = kIngressAliases,
};

}  // namespace skerry::kubectl
