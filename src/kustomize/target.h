// Target: one folder with a kustomization, and all that its resources and components are made of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kustomize/builtins.h"
#include "kustomize/kustomize.h"
#include "kustomize/vars.h"

namespace skerry::kustomize {

// What a whole build shares.
struct Build {
  std::vector<std::string> warnings;
  std::function<void(const std::string&)> on_warning;  // may be empty
  void warn(const std::string& text) {
    warnings.push_back(text);
    if (on_warning) on_warning(text);
  }

  std::vector<std::string> metadata;        // the outermost kustomization's buildMetadata
  std::optional<Json> openapi_document;     // given by a kustomization's `openapi.path`
  const Json* openapi = nullptr;            // it, once there is one
  size_t resources = 0;                     // read and generated, for the bound
};

// What gathers on the way up: resources, where their fields are, vars.
struct Accumulator {
  ResMap resources;
  TransformerConfig config;
  std::vector<Var> vars;
};

class Target {
 public:
  // Reads and checks the kustomization in the loader's folder. `build` outlives this.
  static Result<Target> open(Build& build, const Loader& loader, const std::optional<Origin>& origin);

  const Kustomization& kustomization() const { return kustomization_; }
  // Resources with all their fields set, but with names that refer to each other still as they were written. A component
  // works on what its user has gathered: `into`.
  Result<Accumulator> accumulate(Accumulator into = {});

 private:
  Target(Build& build, const Loader& loader, Kustomization k, std::optional<Origin> origin) : build_(&build), loader_(loader), kustomization_(std::move(k)), origin_(std::move(origin)) {}

  Status add_resources(Accumulator& into, const Json& paths);
  Status add_file(Accumulator& into, const std::string& path);
  Status add_folder(Accumulator& into, const Loader& loader, const std::string& path, bool component);
  Status add_components(Accumulator& into);
  Status add_config(Accumulator& into);
  Status run_generators(Accumulator& into);
  Status run_transformers(Accumulator& into);
  Status run_validators(Accumulator& into);
  // The resources that configure plugins: written in place or in files.
  Result<ResMap> plugins(const Json& entries);
  std::optional<Origin> made_by(const std::string& kind) const;
  Status count(size_t more);

  Build* build_;
  Loader loader_;
  Kustomization kustomization_;
  std::optional<Origin> origin_;  // of this folder; only if buildMetadata asks for it
};

}  // namespace skerry::kustomize
