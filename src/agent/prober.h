// Prober: one try of a probe or of an httpGet/tcpSocket hook. Blocking, bounded by the timeout.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "json/json.h"
#include "runtime/runtime.h"

namespace skerry::agent {

struct ProbeTarget {
  std::string container_id;
  std::string pod_ip;      // of the host with hostNetwork
  const Json& container;   // for named ports
};

struct ProbeResult {
  enum class Kind { kSuccess, kFailure, kUnknown } kind = Kind::kSuccess;
  std::string output;  // for the Unhealthy event
};

// `handler` holds exec, httpGet, tcpSocket or grpc.
ProbeResult probe_once(runtime::Runtime& runtime, const Json& handler, const ProbeTarget& target, std::chrono::milliseconds timeout);

// A named or numeric port of the container. Invalid if there is none.
Result<uint16_t> resolve_port(const Json& port, const Json& container);

}  // namespace skerry::agent
