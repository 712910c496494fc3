// KubeletApi: what the node's HTTPS endpoint (kubelet_server.h) and the streaming code ask of the agent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace skerry::agent {

// A container found by its pod's namespace and name.
struct ContainerRef {
  std::string pod_uid;
  std::string sandbox_id;    // empty if the pod has no sandbox
  std::string container_id;  // the newest one; empty if it was never created
  bool running = false;
  bool tty = false;          // of the container's spec: decides how attach is framed
  bool stdin_open = false;
  uint32_t attempt = 0;      // restart count of the newest container: "<attempt>.log"
  // /var/log/pods/<ns>_<name>_<uid>/<container>: files "<attempt>.log" and rotated ones "<attempt>.log.<time>".
  std::string log_directory;
};

// All functions are thread-safe and may block shortly.
class KubeletApi {
 public:
  virtual ~KubeletApi() = default;

  // `container` may name an init or ephemeral container; empty means the pod's only (or first) container.
  // NotFound: no such pod on this node ('pod "x" not found'); BadRequest: no such container in the pod.
  // An `uid` that is not empty must be the pod's.
  virtual Result<ContainerRef> find_container(const std::string& ns, const std::string& pod,
                                              const std::string& container, const std::string& uid) = 0;
  // Sandbox of a running pod, for port-forward.
  virtual Result<std::string> find_sandbox(const std::string& ns, const std::string& pod, const std::string& uid) = 0;

  virtual Json pods() = 0;           // v1 PodList of the pods on this node, for /pods
  virtual Json stats_summary() = 0;  // stats.k8s.io Summary, for /stats/summary
  virtual std::string resource_metrics() = 0;  // Prometheus text, for /metrics/resource
};

}  // namespace skerry::agent
