// What a pod's containers find in /etc/hosts, /etc/resolv.conf and as their host name. Pure text.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace skerry::agent {

struct ClusterDns {
  std::vector<std::string> servers;      // of the cluster; empty: there is none
  std::string domain = "cluster.local";
};

// At most 63 characters, as the pod's containers see it (setHostnameAsFQDN is applied here).
std::string pod_hostname(const Json& pod, const std::string& domain);
// "name.subdomain.ns.svc.domain" or empty.
std::string pod_fqdn(const Json& pod, const std::string& domain);

// "# Kubernetes-managed hosts file." with the pod's addresses and hostAliases; with hostNetwork on top of the host's own file.
std::string render_hosts(const Json& pod, const std::vector<std::string>& pod_ips, const std::string& domain,
                         const std::string& host_file);

// By dnsPolicy and dnsConfig. `host_file` is the node's own resolv.conf.
std::string render_resolv_conf(const Json& pod, const ClusterDns& dns, const std::string& host_file);

}  // namespace skerry::agent
