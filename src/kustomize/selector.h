// Selector: which resources a patch or a replacement is for.
#pragma once

#include "api/selector.h"
#include "kustomize/regex.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {

// group, version, kind, name and namespace as regular expressions for the whole text, and label and annotation selectors.
class Selector {
 public:
  // Null: BadRequest. Fields as in a kustomization's `target:`.
  static Result<Selector> parse(const Json& target);
  // Names and namespaces match the original or the current ones.
  bool matches(const Resource& resource) const;
  std::vector<ResourcePtr> select(const ResMap& resources) const;

 private:
  std::optional<Regex> group_, version_, kind_, name_, namespace_;
  api::LabelSelector labels_, annotations_;
};

bool matches_labels(const api::LabelSelector& selector, const std::vector<std::pair<std::string, std::string>>& labels);

}  // namespace skerry::kustomize
