// Connect: subresources that are streams of bytes to a node, a pod or a service.
//
// pods/log, exec, attach and portforward, and nodes/proxy, go to the kubelet of the pod's node with the API server's own
// client certificate; pods/proxy and services/proxy to the pod. Nothing here keeps a thread.
#pragma once

#include <string>

#include "api/request.h"
#include "apiserver/pipeline.h"
#include "apiserver/route.h"
#include "auth/pki.h"
#include "http/proxy.h"
#include "http/server.h"

namespace skerry::apiserver {

class Connect {
 public:
  Connect(Pipeline& pipeline, const auth::Pki& pki, Random& random) : pipeline_(pipeline), pki_(pki), random_(random) {}

  // Whether a route is one of them.
  static bool is_stream(const Route& route);
  // Authorises and answers; an Error has not been answered yet.
  Status serve(const http::Request& request, http::ResponseWriter& writer, const Route& route, const api::UserInfo& user);

 private:
  Status to_kubelet(const http::Request& request, http::ResponseWriter& writer, const Route& route, const api::ObjectPtr& pod);
  Status to_node(const http::Request& request, http::ResponseWriter& writer, const Route& route);
  Status to_pod(const http::Request& request, http::ResponseWriter& writer, const Route& route);
  Status to_service(const http::Request& request, http::ResponseWriter& writer, const Route& route);
  Result<http::Upstream> kubelet_of(const std::string& node) const;
  void forward(const http::Request& request, http::ResponseWriter& writer, const http::Upstream& upstream,
               const std::string& target, const std::string& prefix);

  Pipeline& pipeline_;
  const auth::Pki& pki_;
  Random& random_;
};

}  // namespace skerry::apiserver
