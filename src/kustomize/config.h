// TransformerConfig: where labels, names, images and references stand in objects of which kind.
//
// kustomize's built-in table, and what `configurations:` and `crds:` of a kustomization add.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "kustomize/field_spec.h"

namespace skerry::kustomize {

// Fields that name an object of kind `target`.
struct NameReference {
  Gvk target;
  std::vector<FieldSpec> referrers;
};

struct TransformerConfig {
  std::vector<FieldSpec> name_prefix;
  std::vector<FieldSpec> name_suffix;
  std::vector<FieldSpec> name_space;
  std::vector<FieldSpec> common_labels;
  std::vector<FieldSpec> template_labels;
  std::vector<FieldSpec> common_annotations;
  std::vector<NameReference> name_references;
  std::vector<FieldSpec> var_references;
  std::vector<FieldSpec> images;
  std::vector<FieldSpec> replicas;

  static TransformerConfig builtin();
  // One file of `configurations:`.
  static Result<TransformerConfig> parse(const Json& file);
  Status merge(const TransformerConfig& other);
  // References in the order in which they are followed: the first that fits wins.
  void sort();
};

// {path, create, group, version, kind} of a fieldSpecs list.
Result<std::vector<FieldSpec>> parse_field_specs(const Json& list);

// What a CRD's OpenAPI annotations (x-kubernetes-object-ref-kind...) say about references. `file`: definitions by name.
TransformerConfig config_of_crds(const Json& file);

}  // namespace skerry::kustomize
