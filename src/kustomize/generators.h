// ConfigMaps and Secrets made of files and literals, and the hash that stands at the end of their names.
#pragma once

#include <string>

#include "kustomize/loader.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {

// `args`: an entry of configMapGenerator or secretGenerator. `global`: generatorOptions, may be null.
Result<ResourcePtr> generate(const Loader& loader, const std::string& kind, const Json& args, const Json& global);

// Ten characters of what a ConfigMap, Secret or another object holds. kustomize leaves the name out.
std::string content_hash(const Node& object);
// The same as `kubectl create --append-hash` makes it: with the name, and {} where there is no data.
std::string content_hash_with_name(const Json& object);

}  // namespace skerry::kustomize
