// create service and create ingress.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/create/generator.h"
#include "kubectl/objects.h"
#include "kubectl/values.h"

namespace skerry::kubectl {

namespace {

// ---- services ----

// What is wrong with a port's name, as Kubernetes says it; empty: nothing.
std::string port_name_trouble(std::string_view name) {
  std::vector<std::string> out;
  if (name.size() > 15) out.push_back("must be no more than 15 characters");
  bool letters = false, others = name.empty();
  for (unsigned char c : name) {
    letters |= c >= 'a' && c <= 'z';
    others |= !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-';
  }
  if (others) out.push_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!letters) out.push_back("must contain at least one letter (a-z)");
  if (name.find("--") != std::string_view::npos) out.push_back("must not contain consecutive hyphens");
  if (starts_with(name, "-") || ends_with(name, "-")) out.push_back("must not begin or end with a hyphen");
  return join(out, ",");
}

// "80", "80:8080", "80:http"
Result<Json> parse_tcp(const std::string& text) {
  auto parts = split(text, ':');
  int64_t port = TRY(parse_port(parts[0]));
  Json target = port;
  if (parts.size() > 1) {
    target = number_or_text(parts[1]);
    if (target.is_string()) {
      if (auto trouble = port_name_trouble(parts[1]); !trouble.empty()) return plain_error(trouble);
    } else if (target < 1 || target > 65535) {
      return plain_error("must be between 1 and 65535, inclusive");
    }
  }
  std::string name = text;
  for (char& c : name) if (c == ':') c = '-';
  return Json{{"name", name}, {"port", port}, {"protocol", "TCP"}, {"targetPort", target}};
}

Json service(const std::string& name, const char* type) {
  Json labels = {{"app", name}};
  return {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"labels", labels}, {"name", name}}},
          {"spec", {{"selector", labels}, {"type", type}}}, {"status", {{"loadBalancer", Json::object()}}}};
}

constexpr Flag kTcp{"tcp", 0, FlagType::kStrings, "", "Port pairs can be specified as '<port>:<targetPort>'."};

Result<int> run_service(Session& s, const char* type, bool ports_needed) {
  auto name = TRY(one_name(s));
  bool headless = s.flags.has("clusterip") && s.flags.text("clusterip") == "None";
  if (ports_needed && !headless && s.flags.list("tcp").empty()) return plain_error("at least one tcp port specifier must be provided");
  if (!ports_needed && !is_dns_subdomain(s.flags.text("external-name"))) return plain_error("invalid service external name " + s.flags.text("external-name"));
  Json object = service(name, type);
  Json& spec = object["spec"];
  for (auto& t : s.flags.list("tcp")) {
    Json port = TRY(parse_tcp(t));
    if (s.flags.has("node-port") && s.flags.number("node-port") != 0) port["nodePort"] = s.flags.number("node-port");
    spec["ports"].push_back(std::move(port));
  }
  if (s.flags.has("clusterip") && !s.flags.text("clusterip").empty()) spec["clusterIP"] = s.flags.text("clusterip");
  if (s.flags.has("external-name")) spec["externalName"] = s.flags.text("external-name");
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

// "service:port"
Json backend(std::string_view text) {
  auto parts = split(text, ':');
  Json port = number_or_text(parts[1]);
  Json named = port.is_number() ? Json{{"number", port}} : Json{{"name", port}};
  return Json{{"service", {{"name", std::string(parts[0])}, {"port", named}}}};
}

bool is_word(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) { return isalnum(c) || c == '_' || more.find(static_cast<char>(c)) != std::string_view::npos; });
}

// host/path=service:port[,tls[=secret]]. As kubectl reads it, "," ends what is looked at, and "=" the path.
struct Rule {
  std::string host, path, service;
  bool tls = false;
  std::string secret;
};
Result<Rule> parse_rule(const std::string& text) {
  auto bad = [&] { return plain_error("rule " + text + " is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"); };
  auto comma = text.find(',');
  std::string_view front = std::string_view(text).substr(0, comma);
  auto slash = front.find('/'), equal = front.rfind('=');
  if (slash == std::string_view::npos || equal == std::string_view::npos || equal < slash || !is_word(front.substr(0, slash), "*-.")) return bad();
  std::string_view service = front.substr(equal + 1);
  auto parts = split(service, ':');
  if (parts.size() < 2 || parts[0].empty() || parts[1].empty() || !is_word(parts[0], "-") || !is_word(parts[1].substr(0, 1), "-")) return bad();
  Rule rule{.host = std::string(front.substr(0, slash)), .path = std::string(front.substr(slash, equal - slash)), .service = std::string(service), .secret = {}};
  if (comma == std::string::npos) return rule;
  rule.tls = true;
  std::string_view tls = std::string_view(text).substr(comma + 1);
  if (tls.find('=') != std::string_view::npos) rule.secret = split(tls, '=')[1];
  return rule;
}

// A host stands under the secret that names it first.
Json tls_of(const std::vector<Rule>& rules) {
  Json out = Json::array();
  std::vector<std::string> seen;
  for (auto& rule : rules) {
    if (!rule.tls || std::find(seen.begin(), seen.end(), rule.host) != seen.end()) continue;
    seen.push_back(rule.host);
    auto same = std::find_if(out.begin(), out.end(), [&](const Json& t) { return json::str(t, "secretName") == rule.secret; });
    if (same != out.end()) {
      (*same)["hosts"].push_back(rule.host);
      continue;
    }
    Json t = Json::object();
    if (!rule.host.empty()) t["hosts"] = {rule.host};
    if (!rule.secret.empty()) t["secretName"] = rule.secret;
    if (!t.empty()) out.push_back(std::move(t));
  }
  return out;
}

Json rules_of(const std::vector<Rule>& rules) {
  Json out = Json::array();
  for (auto& rule : rules) {
    bool prefix = ends_with(rule.path, "*");
    Json path = {{"backend", backend(rule.service)}, {"path", rule.path.substr(0, rule.path.size() - prefix)}, {"pathType", prefix ? "Prefix" : "Exact"}};
    auto same = std::find_if(out.begin(), out.end(), [&](const Json& r) { return json::str(r, "host") == rule.host; });
    if (same != out.end()) {
      (*same)["http"]["paths"].push_back(std::move(path));
      continue;
    }
    Json r = {{"http", {{"paths", {path}}}}};
    if (!rule.host.empty()) r["host"] = rule.host;
    out.push_back(std::move(r));
  }
  return out;
}

Result<int> run_ingress(Session& s) {
  auto name = TRY(one_name(s));
  std::string fallback = s.flags.text("default-backend");
  if (s.flags.list("rule").empty() && fallback.empty()) return plain_error("not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)");
  std::vector<Rule> rules;
  for (auto& text : s.flags.list("rule")) {
    Rule rule = TRY(parse_rule(text));
    rules.push_back(std::move(rule));
  }
  Json spec = Json::object(), metadata = {{"name", name}};
  for (auto& a : s.flags.list("annotation")) {
    auto equal = a.find('=');
    if (equal == std::string::npos) return plain_error("annotation " + a + " is invalid and should be in format key=[value]");
    metadata["annotations"][a.substr(0, equal)] = a.substr(equal + 1);
  }
  if (!fallback.empty() && std::count(fallback.begin(), fallback.end(), ':') != 1) return plain_error("default-backend should be in format servicename:serviceport");
  if (!s.flags.text("class").empty()) spec["ingressClassName"] = s.flags.text("class");
  if (!fallback.empty()) spec["defaultBackend"] = backend(fallback);
  if (!rules.empty()) spec["rules"] = rules_of(rules);
  if (Json tls = tls_of(rules); !tls.empty()) spec["tls"] = std::move(tls);
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
