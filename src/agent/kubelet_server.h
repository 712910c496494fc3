// KubeletServer: the node's HTTPS endpoint (port 10250): logs, exec, attach, run, port-forward, pods, stats.
//
// Only the API server and administrators get in: a client certificate signed by the cluster's CA whose subject is
// O=system:masters, or CN=system:apiserver or kube-apiserver-kubelet-client. Others get 401 (no valid certificate)
// or 403. /healthz is open to whoever has a valid certificate.
#pragma once

#include <memory>
#include <string>

#include "agent/kubelet_api.h"
#include "base/result.h"
#include "http/server.h"
#include "runtime/runtime.h"

namespace skerry::agent {

struct KubeletServerOptions {
  std::string address = "0.0.0.0";
  uint16_t port = 10250;
  http::ServerTls tls;  // client_ca_pem: the cluster CA
};

class KubeletServer {
 public:
  // References outlive the server.
  KubeletServer(KubeletServerOptions options, KubeletApi& api, runtime::Runtime& runtime);
  ~KubeletServer();  // stop()

  Status start();
  uint16_t port() const;
  Status reload_tls(const http::ServerTls& tls);
  // Ends open exec, attach, port-forward and log sessions (not the containers) and joins their threads.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skerry::agent
