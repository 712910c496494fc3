// Kustomization: the kustomization.yaml of one folder, checked.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "kustomize/loader.h"

namespace skerry::kustomize {

struct Kustomization {
  // As written, with deprecated fields moved to their successors (bases to resources, imageTags to images, env to envs)
  // and `kind` and `apiVersion` filled in. Every field has the type kustomize wants, or is null or missing.
  Json fields;
  std::string file;                    // "kustomization.yaml"
  std::vector<std::string> warnings;   // about deprecated fields

  bool is_component() const { return json::str(fields, "kind") == "Component"; }
  const Json& list(std::string_view name) const { return json::array_or_empty(json::find(fields, name)); }
  std::string text(std::string_view name) const { return json::str(fields, name); }
};

// Finds the file in the loader's folder: exactly one of kustomization.yaml, kustomization.yml, Kustomization.
Result<Kustomization> load_kustomization(const Loader& loader);
// Of text; `root` and `file` for messages. Never reads anything.
Result<Kustomization> parse_kustomization(std::string_view text, const std::string& root, const std::string& file);

}  // namespace skerry::kustomize
