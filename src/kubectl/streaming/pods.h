// What commands that talk to containers share: the pod behind a name or a workload, and the container in it.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/mapping.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

const Mapping& pod_mapping();

// The object of "NAME" (a pod), "TYPE/NAME" or of one file. `many`: what to say if files hold several.
struct Target {
  Mapping mapping;
  std::string ns;
  Json object;
};
Result<Target> target_of(Session& session, const std::string& resource, const std::vector<std::string>& filenames, const std::string& many);

// Which of a workload's pods is the best one.
enum class PodOrder {
  kActive,   // for exec and port-forward: running, ready, for the longest time
  kLogging,  // for logs: the same, but much restarted ones first
};
void sort_pods(std::vector<Json>& pods, PodOrder order);

// Namespace and label selector of the pods of a workload or service.
Result<std::pair<std::string, std::string>> selector_of(const Target& target);
Result<std::vector<Json>> list_pods(Session& session, const std::string& ns, const std::string& selector, const std::string& fields = "");

// The target itself if it is a pod; else its best pod, waited for until `timeout`. `count`: how many there were.
Result<Json> pod_of(Session& session, const Target& target, std::chrono::nanoseconds timeout, PodOrder order, size_t* count = nullptr);

// A container of any of the three lists; null if there is none. `list`: "containers", "initContainers",
// "ephemeralContainers".
const Json* find_container(const Json& pod, std::string_view name, std::string* list = nullptr);
// "a, b (ephem), c (init)"
std::string container_names(const Json& pod);
// The named one, else the annotated default, else the first (and says so unless `quiet`). Null only in an Error.
Result<const Json*> container_or_default(Session& session, const Json& pod, const std::string& name, bool quiet);

std::string pod_name(const Json& pod);
std::string pod_namespace(const Json& pod);
std::string pod_path(const Json& pod, std::string_view subresource);

// --pod-running-timeout
Flag pod_timeout_flag(std::string_view fallback);
// Must be larger than zero.
Result<std::chrono::nanoseconds> pod_timeout_of(Session& session);

}  // namespace skerry::kubectl
