// The port arguments of port-forward: "8080", "8080:80", ":80", "8080:http", resolved against a pod or a service.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubectl {

struct PortPair {
  uint16_t local = 0;  // 0: any free one
  uint16_t remote = 0;
};

// `service`: the Service the words name ports of, or null. All errors have kubectl's text.
Result<std::vector<PortPair>> resolve_ports(const std::vector<std::string>& words, const Json& pod, const Json& service);

struct ListenAddress {
  std::string address{};  // numeric
  bool any = false;       // one of a group of which one must work ("localhost")
};
Result<std::vector<ListenAddress>> parse_addresses(const std::vector<std::string>& words);

// "127.0.0.1:80", "[::1]:80"
std::string join_host_port(const std::string& host, uint16_t port);

}  // namespace skerry::kubectl
