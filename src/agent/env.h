// Environment of a container: expansion of $(VAR), references to ConfigMaps and Secrets, the downward API, and the variables
// that tell of services.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/mirror.h"
#include "agent/pod_facts.h"
#include "json/json.h"

namespace skerry::agent {

using Environment = std::vector<std::pair<std::string, std::string>>;
const std::string* find_variable(const Environment& environment, std::string_view name);

// $(NAME) becomes the variable's value, or stays as it is if there is none; $$ becomes $.
std::string expand(std::string_view text, const std::function<const std::string*(std::string_view)>& lookup);

using Lookup = std::function<Result<api::ObjectPtr>(const Reference&)>;

// REDIS_SERVICE_HOST and friends of the services given (those of the pod's namespace, or only "kubernetes").
void add_service_variables(const Json& service, Environment& out);

// Errors are those of CreateContainerConfigError ('configmap "x" not found', "couldn't find key ..."), or ServiceUnavailable
// while a reference is not known yet. `services` are Services that count for this pod.
Result<Environment> make_environment(const Json& pod, const Json& container, const PodFacts& facts, const Lookup& lookup,
                                     const std::vector<Json>& services);

// Every ConfigMap and Secret that the pod refers to, in variables, volumes and image pull secrets.
std::set<Reference> references_of(const Json& pod);

}  // namespace skerry::agent
