// The simple transformers: each changes some fields of all resources.
#pragma once

#include <map>
#include <string>

#include "kustomize/config.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {

using Texts = std::map<std::string, std::string>;

// metadata.namespace of namespaced kinds, subjects named "default" of role bindings, and the fields of `specs`.
struct NamespaceOptions {
  bool only_unset = false;                  // leaves namespaces that are there
  std::string subjects = "defaultOnly";     // setRoleBindingSubjects: defaultOnly, allServiceAccounts, none
};
Status set_namespace(ResMap& resources, const std::string& ns, const std::vector<FieldSpec>& specs, const NamespaceOptions& options = {});
Status add_prefix(ResMap& resources, const std::string& prefix, const std::vector<FieldSpec>& specs);
Status add_suffix(ResMap& resources, const std::string& suffix, const std::vector<FieldSpec>& specs);
// Labels or annotations.
Status add_texts(ResMap& resources, const Texts& texts, const std::vector<FieldSpec>& specs);

struct Image {
  std::string name;  // a regular expression, as in kustomize
  std::string new_name;
  std::string new_tag;
  std::string tag_suffix;
  std::string digest;
};
Status set_image(ResMap& resources, const Image& image, const std::vector<FieldSpec>& specs);
Status set_replicas(ResMap& resources, const std::string& name, int64_t count, const std::vector<FieldSpec>& specs);
// The hash of the content at the end of the names of generated resources.
void add_hashes(ResMap& resources);

// Stable sort: namespaces, definitions, accounts... first, webhooks last; with the kinds given, or kustomize's.
void sort_legacy(ResMap& resources, const std::vector<std::string>& first, const std::vector<std::string>& last);

}  // namespace skerry::kustomize
