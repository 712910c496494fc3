// PortForward: one `kubectl port-forward` connection: many TCP connections into a pod's network namespace.
//
// SPDY (directly, or inside a WebSocket as newer clients tunnel it): a pair of streams, "data" and "error", with the
// same requestID for each connection. Older WebSocket clients name the ports in the query and get two channels each.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "http/server.h"

namespace skerry::agent {

struct PortForwardContext {
  // A connected socket to `port` in the pod; blocks.
  std::function<Result<int>(uint16_t port)> dial;
  // Runs blocking work on a thread of its own; false if that cannot be (shutting down).
  std::function<bool(std::function<void()>)> run;
};

// Answers the request: takes the connection over, or returns an Error with nothing answered. Everything else happens
// on the server's loop and in `context.run`, until the client ends it.
Status serve_port_forward(const http::Request& request, http::ResponseWriter& writer, PortForwardContext context);

}  // namespace skerry::agent
