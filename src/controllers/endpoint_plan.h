// Which endpoints a Service has, and how they are packed into EndpointSlices and into Endpoints. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/object.h"
#include "json/json.h"

namespace skerry::controllers {

// A pod behind a Service, with the numbers its ports have there.
struct ServiceEndpoint {
  Json endpoint;  // discovery.k8s.io/v1 Endpoint
  Json ports;     // array of discovery.k8s.io/v1 EndpointPort
  std::string ip, uid;
};

// Endpoints of one address family ("IPv4", "IPv6") that the pods give. `zone_of(node)` may be empty. Pods without
// an address or that have ended give none.
std::vector<ServiceEndpoint> service_endpoints(const Json& service, const std::vector<Json>& pods,
                                               std::string_view family,
                                               const std::function<std::string(const std::string&)>& zone_of);

// What to do so that the slices hold the endpoints: existing ones keep their place, so that few slices change.
struct SlicePlan {
  std::vector<Json> create;             // without a name
  std::vector<Json> update;
  std::vector<std::string> remove;      // names
};
// `existing`: the Service's slices of that family. `base` is a new slice without ports and endpoints: apiVersion,
// kind, metadata (labels, owner), addressType. An empty Service keeps one empty slice.
SlicePlan plan_slices(const std::vector<ServiceEndpoint>& endpoints, const std::vector<Json>& existing, const Json& base,
                      size_t most_per_slice = 100);

// core/v1 Endpoints.subsets: addresses with equal ports together, sorted.
Json endpoint_subsets(const Json& service, const std::vector<Json>& pods);

// The number of a Service's port at a pod; 0 if it names a port the pod does not have.
int64_t target_port(const Json& service_port, const Json& pod);

}  // namespace skerry::controllers
