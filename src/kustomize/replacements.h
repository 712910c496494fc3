// Replacements: a value of one resource copied to fields of others.
#pragma once

#include <string>
#include <vector>

#include "kustomize/resource.h"

namespace skerry::kustomize {

// One entry of `replacements:`: {source: {...} or sourceValue, targets: [...]}.
Status apply_replacement(ResMap& resources, const Json& replacement);

// "spec.containers.[name=a.b].image" into its parts; dots in brackets and after a backslash do not part.
std::vector<std::string> split_field_path(std::string_view path);

}  // namespace skerry::kustomize
