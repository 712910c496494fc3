// Patches: strategic merge and JSON 6902, with targets.
#pragma once

#include "kustomize/loader.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {

// A patch that was read and checked. kustomize reads all of a kustomization's patches before it applies the first.
struct Patch {
  std::vector<ResourcePtr> merges;  // strategic merge
  Json operations;                  // JSON 6902; null if there are `merges`
  Json target;                      // selector; null: each merge names its target
  std::string source;               // for messages
};

// An entry of `patches:` or `patchesJson6902:`; `builtin` for messages ("PatchTransformer").
Result<Patch> read_patch(const Loader& loader, const Json& entry, const std::string& builtin);
// An entry of patchesStrategicMerge: a file or the patch itself.
Result<Patch> read_merge_patch(const Loader& loader, const std::string& path_or_text);
// Several in one text.
Result<Patch> parse_merge_patches(std::string_view text);

// `openapi`: see strategic_merge().
Status apply_patch(ResMap& resources, const Patch& patch, const Json* openapi = nullptr);

}  // namespace skerry::kustomize
