// build(): what `kustomize build` and `kubectl kustomize` make of a folder with a kustomization.yaml.
//
// Behaves as kustomize 5, the one inside kubectl 1.36: same resources, same order, same names and hashes, and the same
// words in errors where people search for them. No network, no programs are started: exec and container plugins, helm
// charts and git bases are errors that say so. Files outside the folder of a kustomization are not read unless asked for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kustomize/file_source.h"

namespace skerry::kustomize {

struct Options {
  bool load_restrictions = true;    // LoadRestrictionsRootOnly: files must be in or below the kustomization's folder
  bool reorder_legacy = true;       // kubectl's default: namespaces, CRDs... first; a kustomization's sortOptions come before
  bool managed_by_label = false;    // --enable-managedby-label: app.kubernetes.io/managed-by
  // Called for each warning as it comes up, also when the build fails later. May be empty.
  std::function<void(const std::string&)> warn;
};

struct Output {
  std::vector<Json> resources;        // in output order
  std::vector<std::string> warnings;  // one line each, for standard error: "# Warning: 'commonLabels' is deprecated. ..."
};

// `path`: a folder, absolute or relative to the source's working directory. Bounded in depth, size and number of files.
Result<Output> build_output(FileSource& files, const std::string& path, const Options& options = {});
// The same without the warnings.
Result<std::vector<Json>> build(FileSource& files, const std::string& path, const Options& options = {});

// Is `path` a folder that holds a kustomization (kustomization.yaml, kustomization.yml or Kustomization)?
bool has_kustomization(FileSource& files, const std::string& path);

// The ten characters that `kubectl create configmap|secret --append-hash` puts behind the name: of content and name.
// (kustomize's own generators leave the name out of it.)
std::string content_hash(const Json& object);

// What `kubectl kustomize` prints: the resources as YAML, with "---" between them.
std::string to_yaml(const std::vector<Json>& resources);

}  // namespace skerry::kustomize
