// Steps of a build: generators and transformers, from a kustomization's fields or from files with apiVersion "builtin".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kustomize/config.h"
#include "kustomize/kustomization.h"
#include "kustomize/loader.h"
#include "kustomize/origin.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {

struct Step {
  std::string kind;  // "PatchTransformer"
  std::function<Status(ResMap&)> run;
  std::optional<Origin> origin;
};

// The transformers of a kustomization's own fields, in kustomize's order. All patches are read here. `openapi` is looked
// at when a step runs; it and the loader outlive the steps.
Result<std::vector<Step>> field_transformers(const Kustomization& k, const Loader& loader, const TransformerConfig& config, const Json* const& openapi);

// What a file of `transformers:` (or `validators:`) configures. Programs and containers are errors.
Result<Step> plugin_transformer(const Resource& plugin, const Loader& loader, const Json* const& openapi);
// What a file of `generators:` makes.
Result<ResMap> run_plugin_generator(const Resource& plugin, const Loader& loader);

Status apply_sort_options(ResMap& resources, const Json& options);

}  // namespace skerry::kustomize
