// PodFacts: what is known of a pod on this node beyond its object, for the downward API and for files in its containers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/json.h"

namespace skerry::agent {

struct PodFacts {
  std::string pod_ip;
  std::vector<std::string> pod_ips;
  std::string host_ip;
  std::string node_name;
  // Where a container has no limit, the downward API says what the node has to give.
  int64_t node_cpu_milli = 0, node_memory_bytes = 0, node_ephemeral_bytes = 0;
};

// metadata.name, metadata.labels['x'], spec.nodeName, status.podIP, ... as text. BadRequest for what there is not.
// metadata.labels and metadata.annotations as a whole are written as lines key="escaped value".
Result<std::string> downward_field(const Json& pod, const std::string& field_path, const PodFacts& facts);
// limits.cpu, requests.memory, ... divided by the divisor, rounded up. `default_container` where containerName is missing.
Result<std::string> downward_resource(const Json& pod, const Json& resource_field_ref, const std::string& default_container,
                                      const PodFacts& facts);
// The container with this name: init, ordinary or ephemeral; null if there is none.
const Json& find_container(const Json& pod, const std::string& name);

}  // namespace skerry::agent
