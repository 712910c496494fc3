// AgentOptions: what the agent is told by whoever starts it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/version.h"
#include "json/json.h"

namespace skerry::agent {

struct AgentOptions {
  std::string node_name;
  std::string node_ip;                 // InternalIP; pods with hostNetwork have it too
  std::string hostname;
  std::string data_dir;                // <data-dir>/agent: mirror.db, pods/, tokens/, seccomp/ (created, 0700)
  std::string log_dir = "/var/log";    // pods/ and containers/ stand there
  std::vector<std::string> cluster_dns;
  std::string cluster_domain = "cluster.local";
  std::string resolv_conf = "/etc/resolv.conf";  // what pods with dnsPolicy Default get
  int64_t max_pods = 110;
  uint16_t kubelet_port = 10250;
  std::map<std::string, std::string> node_labels;  // beside Kubernetes' own; the control plane's role comes in here
  std::map<std::string, std::string> node_annotations;
  std::vector<Json> register_taints;
  int64_t system_reserved_cpu_milli = 0, system_reserved_memory_bytes = 0;
  std::string kubelet_version = std::string(api::kKubernetesVersion);
  std::string runtime_version = "skerry://0.1.0";
  int image_gc_high_percent = 85, image_gc_low_percent = 80;
  int64_t container_log_max_bytes = 10 << 20;
  int container_log_max_files = 5;
};

}  // namespace skerry::agent
