// proxy: carries one request to an upstream and the connection's bytes both ways until either side ends.
//
// Used for kubelet subresources (exec, attach, port-forward, logs) and for pods/proxy, services/proxy, nodes/proxy.
// Upgrades (101) and endless responses pass unchanged and cost no thread. An ordinary response is passed with
// "Connection: close": the downstream connection ends with it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "http/server.h"
#include "http/tls.h"

namespace skerry::http {

struct Upstream {
  std::string host{};  // numeric address, or a name (resolved on the calling thread)
  uint16_t port = 0;
  std::string unix_path{};         // instead of host and port
  std::optional<ClientTls> tls{};  // none: plain
  std::chrono::seconds connect_timeout{10};  // connecting and TLS together
};

struct ProxyOptions {
  std::string target{};       // request target for the upstream: "/exec/default/web/app?command=sh"
  std::string method{};       // empty: the request's
  std::string host_header{};  // empty: upstream host:port
  Headers set_headers{};      // replace the request's
  std::vector<std::string> remove_headers{};  // not passed on (Authorization, X-Remote-User, ...)
  // Maps an absolute path or URL in the response's Location header, and the links of HTML pages up to 2 MiB (which are
  // held back until they are whole); null: unchanged.
  std::function<std::string(std::string_view)> map_location{};
  // Body and type of the answer when the upstream cannot be reached or ends before a response head; the status is
  // error.http_code(). Null: the message as text.
  std::function<std::pair<std::string, std::string>(const Error&)> error_body{};  // {content type, body}
};

// Answers `writer` (which it hijacks). Returns at once; everything else happens on the writer's event loop.
void proxy(const Request& request, ResponseWriter& writer, const Upstream& upstream, ProxyOptions options);

// Pumps both ways with back-pressure until either ends; then both are closed (after flushing).
void splice(std::shared_ptr<ByteStream> a, std::shared_ptr<ByteStream> b);

}  // namespace skerry::http
