#include "kubectl/streaming/port_spec.h"

#include <arpa/inet.h>

#include <optional>

#include "base/strings.h"
#include "kubectl/session.h"

namespace skerry::kubectl {
namespace {

// {local, remote}; a single word is both. Of words with more colons only the first part counts, as in kubectl.
std::pair<std::string, std::string> split_ports(const std::string& word) {
  auto parts = split(word, ':');
  if (parts.size() == 2) return {std::string(parts[0]), std::string(parts[1])};
  return {std::string(parts[0]), std::string(parts[0])};
}

Result<int64_t> named_container_port(const Json& pod, const std::string& name) {
  for (const char* list : {"containers", "initContainers"}) {
    for (const Json& container : json::array_or_empty(json::find(pod, {"spec", list}))) {
      if (std::string_view(list) == "initContainers" && json::str(container, "restartPolicy") != "Always") continue;
      for (const Json& port : json::array_or_empty(json::find(container, "ports"))) {
        if (json::str(port, "name") == name) return json::integer(port, "containerPort");
      }
    }
  }
  return plain_error("Pod '" + json::str(pod, {"metadata", "name"}) + "' does not have a named port '" + name + "'");
}

Result<int64_t> service_target(const Json& service, const Json& pod, int64_t number) {
  for (const Json& port : json::array_or_empty(json::find(service, {"spec", "ports"}))) {
    if (json::integer(port, "port") != number) continue;
    if (json::str(service, {"spec", "clusterIP"}) == "None") return number;
    const Json& target = json::find(port, "targetPort");
    if (target.is_string()) return named_container_port(pod, target.get<std::string>());
    int64_t value = target.is_number_integer() ? target.get<int64_t>() : 0;
    return value == 0 ? number : value;
  }
  return plain_error("Service " + json::str(service, {"metadata", "name"}) + " does not have a service port " + std::to_string(number));
}

Result<int64_t> named_service_port(const Json& service, const std::string& name) {
  for (const Json& port : json::array_or_empty(json::find(service, {"spec", "ports"}))) {
    if (json::str(port, "name") == name) return json::integer(port, "port");
  }
  return plain_error("Service '" + json::str(service, {"metadata", "name"}) + "' does not have a named port '" + name + "'");
}

// Forwarding is for TCP: a port that is only declared for UDP is refused.
Status check_protocol(const Json& ports, const char* number_key, const std::string& word, const std::string& remote) {
  bool udp = false;
  for (const Json& port : ports) {
    bool same = json::str(port, "name") == remote || std::to_string(json::integer(port, number_key)) == remote;
    if (!same) continue;
    if (json::str(port, "protocol", "TCP") == "TCP") return {};
    udp = udp || json::str(port, "protocol") == "UDP";
  }
  if (udp) return plain_error("UDP protocol is not supported for " + word);
  return {};
}

Result<uint16_t> parse_port(const std::string& text, const char* which) {
  auto failed = [&](const char* why) {
    return plain_error(std::string("error parsing ") + which + " port '" + text + "': strconv.ParseUint: parsing \"" + text + "\": " + why);
  };
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return failed("invalid syntax");
  auto number = parse_int(text);
  if (!number || *number > 65535) return failed("value out of range");
  return static_cast<uint16_t>(*number);
}

}  // namespace

Result<std::vector<PortPair>> resolve_ports(const std::vector<std::string>& words, const Json& pod, const Json& service) {
  Json declared = Json::array();
  for (const Json& container : json::array_or_empty(json::find(pod, {"spec", "containers"}))) {
    for (const Json& port : json::array_or_empty(json::find(container, "ports"))) declared.push_back(port);
  }
  std::vector<PortPair> pairs;
  for (const std::string& word : words) {
    auto [local, remote] = split_ports(word);
    if (service.is_object()) TRY(check_protocol(json::array_or_empty(json::find(service, {"spec", "ports"})), "port", word, remote));
    else TRY(check_protocol(declared, "containerPort", word, remote));
    auto number = parse_int(remote);
    bool numeric = number && !remote.empty();
    if (service.is_object()) {
      if (!numeric) {
        int64_t port = TRY(named_service_port(service, remote));
        if (local == remote) local = std::to_string(port);
        number = port;
      }
      int64_t port = TRY(service_target(service, pod, *number));
      remote = std::to_string(port);
    } else if (!numeric) {
      int64_t port = TRY(named_container_port(pod, remote));
      if (local == remote) local = std::to_string(port);
      remote = std::to_string(port);
    }
    PortPair pair;
    pair.local = TRY(parse_port(local.empty() ? "0" : local, "local"));
    pair.remote = TRY(parse_port(remote, "remote"));
    if (pair.remote == 0) return plain_error("remote port must be > 0");
    pairs.push_back(pair);
  }
  return pairs;
}

Result<std::vector<ListenAddress>> parse_addresses(const std::vector<std::string>& words) {
  std::vector<ListenAddress> addresses;
  auto add = [&](const std::string& address, bool any) {
    for (ListenAddress& known : addresses) {
      if (known.address != address) continue;
      known.any = known.any && any;
      return;
    }
    addresses.push_back({address, any});
  };
  for (const std::string& word : words) {
    unsigned char bytes[16];
    if (word == "localhost") {
      add("127.0.0.1", true);
      add("::1", true);
    } else if (inet_pton(AF_INET, word.c_str(), bytes) == 1 || inet_pton(AF_INET6, word.c_str(), bytes) == 1) {
      add(word, false);
    } else {
      return plain_error(word + " is not a valid IP");
    }
  }
  if (addresses.empty()) return plain_error("you must specify at least 1 address");
  return addresses;
}

std::string join_host_port(const std::string& host, uint16_t port) {
  return (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace skerry::kubectl
