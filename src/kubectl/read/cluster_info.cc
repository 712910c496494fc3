// kubectl cluster-info.
#include "base/strings.h"
#include "kubeconfig/rest_config.h"
#include "kubectl/objects.h"
#include "kubectl/read/cluster_dump.h"
#include "kubectl/read/commands.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

namespace {

// Where to reach a service from outside: its load balancer, or the server's proxy.
std::string link_of(const Json& service, const std::string& server) {
  const Json& ports = json::array_or_empty(json::find(service, {"spec", "ports"}));
  const Json& ingress = json::array_or_empty(json::find(service, {"status", "loadBalancer", "ingress"}));
  if (!ingress.empty()) {
    std::string host = json::str(ingress[0], "ip");
    if (host.empty()) host = json::str(ingress[0], "hostname");
    std::string out;
    for (auto& port : ports) out += "http://" + host + ":" + std::to_string(json::integer(port, "port")) + " ";
    return out;
  }
  std::string name = json::str(service, {"metadata", "name"});
  if (!ports.empty()) {
    std::string port = json::str(ports[0], "name");
    bool tls = port == "https" || json::integer(ports[0], "port") == 443;
    if (tls) name = "https:" + name + ":" + port;
    else if (!port.empty()) name += ":" + port;
  }
  return server + "/api/v1/namespaces/" + json::str(service, {"metadata", "namespace"}) + "/services/" + name + "/proxy";
}

Result<int> run(Session& s) {
  auto* config = TRY(s.rest_config());
  std::string ns = s.flags.text("namespace").empty() ? "kube-system" : s.flags.text("namespace");
  auto* objects = TRY(s.objects());
  auto services = objects->list(mapping_of("v1", "services", "Service", true), ns, {.label_selector = "kubernetes.io/cluster-service=true"});
  if (services) {
    s.out << "Kubernetes control plane is running at " << config->server << '\n';
    for (auto& service : json::array_or_empty(json::find(*services, "items"))) {
      std::string name = json::str(service, {"metadata", "labels", "kubernetes.io/name"});
      if (name.empty()) name = json::str(service, {"metadata", "name"});
      s.out << name << " is running at " << link_of(service, config->server) << '\n';
    }
  }
  s.out << "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n";
  if (!services) return services.error();
  return 0;
}

constexpr const Command* kChildren[] = {&kClusterDump};

}  // namespace

constexpr Command kClusterInfo{
    .use = "cluster-info",
    .brief = "Display cluster information",
    .text = "Show where the control plane and the services labelled kubernetes.io/cluster-service=true are reached. \"kubectl cluster-info dump\" collects "
            "much more.",
    .examples = "  # Where the cluster is\n  kubectl cluster-info\n",
    .run = run,
    .children = kChildren,
};

}  // namespace skerry::kubectl
