// Frontend: one address and port of a Service, and who answers there. What the data planes are told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/json.h"

namespace skerry::proxy {

struct Backend {
  uint32_t ip = 0;  // host order
  uint16_t port = 0;
  auto operator<=>(const Backend&) const = default;
};

struct Frontend {
  enum class Kind { kClusterIp, kExternalIp, kNodePort };
  Kind kind = Kind::kClusterIp;
  uint32_t ip = 0;        // host order; 0 for a node port: every address of the node
  uint16_t port = 0;
  uint8_t protocol = 6;   // IPPROTO_*
  uint32_t affinity_s = 0;
  bool keep_source = false;  // externalTrafficPolicy: Local: no masquerade
  std::vector<Backend> backends;  // sorted; empty: connections are refused
  bool operator==(const Frontend&) const = default;
};

// From a Service and its EndpointSlices, for the node `node`. Ready endpoints; where there are none, those that are
// terminating but still serving. Headless and ExternalName Services have no frontends. Pure.
std::vector<Frontend> plan_frontends(const Json& service, const std::vector<Json>& slices, const std::string& node);

}  // namespace skerry::proxy
