// What `skerry server` and `skerry agent` can be told. docs/config.md and config/skerry.yaml have a row for each: a test
// compares.
#include "app/options.h"

namespace skerry::app {
namespace {

using enum OptionType;

const std::vector<Option> kCommon = {
    {"config", 'c', kString, "/etc/skerry/config.yaml", "General", "configuration file; config.yaml.d/*.yaml beside it are read too", "FILE", "SKERRY_CONFIG_FILE"},
    {"data-dir", 'd', kString, "/var/lib/skerry", "General", "where everything durable is kept", "DIR"},
    {"run-dir", 0, kString, "/run/skerry", "General", "where sockets and mounts of running pods are kept", "DIR"},
    {"instance", 0, kString, "", "General", "short name [a-z0-9] that keeps several instances on one machine apart; names links, cgroups, tables", "NAME"},
    {"debug", 0, kBool, "false", "General", "log more"},
    {"token", 't', kString, "", "Joining", "the secret with which nodes join", "TOKEN"},
    {"token-file", 0, kString, "", "Joining", "a file that holds the token", "FILE"},
};

const std::vector<Option> kServer = {
    {"bind-address", 0, kString, "0.0.0.0", "API server", "address to listen on", "ADDRESS"},
    {"https-listen-port", 0, kInt, "6443", "API server", "port of the API", "PORT"},
    {"advertise-address", 0, kString, "", "API server", "address under which the API is told to others (the node's by default)", "ADDRESS"},
    {"tls-san", 0, kList, "", "API server", "further names or addresses for the server's certificate", "NAME"},
    {"write-kubeconfig", 'o', kString, "/etc/skerry/skerry.yaml", "Administrator's kubeconfig", "where to write the administrator's kubeconfig", "FILE"},
    {"write-kubeconfig-mode", 0, kString, "0600", "Administrator's kubeconfig", "its mode", "MODE"},
    {"cluster-cidr", 0, kString, "10.42.0.0/16", "Cluster network", "addresses of pods", "CIDR"},
    {"service-cidr", 0, kString, "10.43.0.0/16", "Cluster network", "addresses of Services", "CIDR"},
    {"service-node-port-range", 0, kString, "30000-32767", "Cluster network", "ports for Services of type NodePort", "FROM-TO"},
    {"cluster-dns", 0, kString, "", "Cluster network", "address of the cluster's DNS (the tenth of service-cidr)", "ADDRESS"},
    {"cluster-domain", 0, kString, "cluster.local", "Cluster network", "domain of the cluster's DNS", "DOMAIN"},
    {"service-account-token-secrets", 0, kBool, "false", "Control plane", "make a token Secret for every service account, as Kubernetes did until 1.23"},
    {"disable-agent", 0, kBool, "false", "Control plane", "run the control plane only, no node"},
};

const std::vector<Option> kAgentOnly = {
    {"server", 's', kString, "", "Joining", "URL of the server to join", "URL", "SKERRY_URL"},
};

const std::vector<Option> kNode = {
    {"node-name", 0, kString, "", "Node", "name of the node (the host's name)", "NAME"},
    {"node-ip", 'i', kString, "", "Node", "address of the node (that of the default route)", "ADDRESS"},
    {"node-label", 0, kList, "", "Node", "label, set when the node registers", "KEY=VALUE"},
    {"node-taint", 0, kList, "", "Node", "taint, set when the node registers", "KEY=VALUE:EFFECT"},
    {"kubelet-port", 0, kInt, "10250", "Node", "port of the node's own HTTPS endpoint", "PORT"},
    {"max-pods", 0, kInt, "110", "Node", "how many pods the node takes"},
    {"log-dir", 0, kString, "/var/log", "Node", "where pods/ and containers/ with the logs of containers stand", "DIR"},
    {"resolv-conf", 0, kString, "", "Node network", "resolv.conf for upstream names (/etc/resolv.conf, or systemd-resolved's own)", "FILE"},
    {"service-proxy", 0, kString, "auto", "Node network", "how cluster addresses are reached", "auto|ebpf|nftables"},
    {"images-dir", 0, kString, "", "Images and registries", "image archives and lists of images here are imported, at start and when they appear (<data-dir>/agent/images)", "DIR"},
    {"private-registry", 0, kString, "/etc/skerry/registries.yaml", "Images and registries", "mirrors, rewrites, credentials and TLS of registries; read anew when it changes", "FILE"},
    {"disable-default-registry-endpoint", 0, kBool, "false", "Images and registries", "a registry that has mirrors is not asked itself when they fail"},
    {"insecure-registry", 0, kList, "", "Images and registries", "registry that is spoken to in plain HTTP", "HOST[:PORT]"},
    {"image-gc-high-threshold", 0, kInt, "85", "Images and registries", "percentage of the disk's use above which unused images are removed", "PERCENT"},
    {"image-gc-low-threshold", 0, kInt, "80", "Images and registries", "percentage of the disk's use at which that ends", "PERCENT"},
};

std::vector<Option> concat(std::initializer_list<const std::vector<Option>*> parts) {
  std::vector<Option> out;
  for (auto* p : parts) out.insert(out.end(), p->begin(), p->end());
  return out;
}

}  // namespace

std::vector<Option> server_options() { return concat({&kCommon, &kServer, &kNode}); }
std::vector<Option> agent_options() { return concat({&kCommon, &kAgentOnly, &kNode}); }
std::vector<Option> all_options() { return concat({&kCommon, &kServer, &kAgentOnly, &kNode}); }

std::vector<Option> check_config_options() {
  std::vector<Option> out = all_options();
  out.push_back({"output", 0, kString, "text", "Output", "how the findings are printed", "text|json"});
  return out;
}

}  // namespace skerry::app
