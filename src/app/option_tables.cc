// What `skerry server` and `skerry agent` can be told.
#include "app/options.h"

namespace skerry::app {
namespace {

using enum OptionType;

const std::vector<Option> kCommon = {
    {"config", 'c', kString, "/etc/skerry/config.yaml", "General", "configuration file; config.yaml.d/*.yaml beside it are read too", "SKERRY_CONFIG_FILE"},
    {"debug", 0, kBool, "false", "General", "log more"},
    {"data-dir", 'd', kString, "/var/lib/skerry", "General", "where everything durable is kept"},
    {"run-dir", 0, kString, "/run/skerry", "General", "where sockets and mounts of running pods are kept"},
    {"instance", 0, kString, "", "General", "short name [a-z0-9] that keeps several instances on one machine apart; names links, cgroups, tables"},
    {"token", 't', kString, "", "Cluster", "the secret with which nodes join"},
    {"token-file", 0, kString, "", "Cluster", "a file that holds the token"},
};

const std::vector<Option> kServer = {
    {"write-kubeconfig", 'o', kString, "/etc/skerry/skerry.yaml", "Client", "where to write the administrator's kubeconfig"},
    {"write-kubeconfig-mode", 0, kString, "0600", "Client", "its mode"},
    {"bind-address", 0, kString, "0.0.0.0", "Listener", "address to listen on"},
    {"https-listen-port", 0, kInt, "6443", "Listener", "port of the API"},
    {"advertise-address", 0, kString, "", "Listener", "address under which the API is told to others (the node's by default)"},
    {"tls-san", 0, kList, "", "Listener", "further names or addresses for the server's certificate"},
    {"cluster-cidr", 0, kString, "10.42.0.0/16", "Networking", "addresses of pods"},
    {"service-cidr", 0, kString, "10.43.0.0/16", "Networking", "addresses of Services"},
    {"service-node-port-range", 0, kString, "30000-32767", "Networking", "ports for Services of type NodePort"},
    {"cluster-dns", 0, kString, "", "Networking", "address of the cluster's DNS (the tenth of service-cidr)"},
    {"cluster-domain", 0, kString, "cluster.local", "Networking", "domain of the cluster's DNS"},
    {"service-account-token-secrets", 0, kBool, "false", "Server", "make a token Secret for every service account, as Kubernetes did until 1.23"},
    {"disable-agent", 0, kBool, "false", "Server", "run the control plane only, no node"},
};

const std::vector<Option> kAgentOnly = {
    {"server", 's', kString, "", "Cluster", "URL of the server to join", "SKERRY_URL"},
};

const std::vector<Option> kNode = {
    {"node-name", 0, kString, "", "Node", "name of the node (the host's name)"},
    {"node-ip", 'i', kString, "", "Node", "address of the node (that of the default route)"},
    {"node-label", 0, kList, "", "Node", "label key=value, set when the node registers"},
    {"node-taint", 0, kList, "", "Node", "taint key=value:effect, set when the node registers"},
    {"kubelet-port", 0, kInt, "10250", "Node", "port of the node's own HTTPS endpoint"},
    {"max-pods", 0, kInt, "110", "Node", "how many pods the node takes"},
    {"log-dir", 0, kString, "/var/log", "Node", "where pods/ and containers/ with the logs of containers stand"},
    {"resolv-conf", 0, kString, "", "Node", "resolv.conf for upstream names (/etc/resolv.conf, or systemd-resolved's own)"},
    {"images-dir", 0, kString, "", "Node", "image archives here are imported at start (<data-dir>/agent/images)"},
    {"insecure-registry", 0, kList, "", "Node", "registry host[:port] that is spoken to in plain HTTP"},
    {"service-proxy", 0, kString, "auto", "Node", "how cluster addresses are reached: auto, ebpf or nftables"},
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

}  // namespace skerry::app
