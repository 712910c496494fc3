// Roles and bindings; CustomResourceDefinitions.
#include <set>

#include "api/validate_names.h"

namespace skerry::api {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";
const Json& list_of(const Json& object, std::string_view key) { return json::array_or_empty(json::find(object, key)); }

}  // namespace

void validate_role(FieldErrors& errors, const Json& object, const Json*) {
  bool namespaced = json::str(object, "kind") == "Role";
  const Json& rules = list_of(object, "rules");
  for (size_t i = 0; i < rules.size(); ++i) {
    std::string at = index("rules", i);
    bool urls = !list_of(rules[i], "nonResourceURLs").empty();
    if (list_of(rules[i], "verbs").empty()) errors.required(child(at, "verbs"), "verbs must contain at least one value");
    if (urls) {
      if (namespaced) errors.invalid(child(at, "nonResourceURLs"), rules[i]["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs");
      if (!list_of(rules[i], "apiGroups").empty() || !list_of(rules[i], "resources").empty() || !list_of(rules[i], "resourceNames").empty())
        errors.invalid(child(at, "nonResourceURLs"), rules[i]["nonResourceURLs"], "rules cannot apply to both regular resources and non-resource URLs");
      continue;
    }
    if (list_of(rules[i], "apiGroups").empty()) errors.required(child(at, "apiGroups"), "resource rules must supply at least one api group");
    if (list_of(rules[i], "resources").empty()) errors.required(child(at, "resources"), "resource rules must supply at least one resource");
  }
  const Json& selectors = list_of(json::find(object, "aggregationRule"), "clusterRoleSelectors");
  if (json::find(object, "aggregationRule").is_object() && selectors.empty())
    errors.required("aggregationRule.clusterRoleSelectors", "at least one clusterRoleSelector required if aggregationRule is non-nil");
  for (size_t i = 0; i < selectors.size(); ++i) validate_label_selector(errors, index("aggregationRule.clusterRoleSelectors", i), selectors[i]);
}

void validate_role_binding(FieldErrors& errors, const Json& object, const Json* old) {
  bool namespaced = json::str(object, "kind") == "RoleBinding";
  const Json& ref = json::find(object, "roleRef");
  if (json::str(ref, "apiGroup") != kGroup) errors.not_supported("roleRef.apiGroup", json::str(ref, "apiGroup"), {kGroup});
  std::string kind = json::str(ref, "kind");
  if (namespaced ? kind != "Role" && kind != "ClusterRole" : kind != "ClusterRole") {
    if (namespaced) errors.not_supported("roleRef.kind", kind, {"Role", "ClusterRole"});
    else errors.not_supported("roleRef.kind", kind, {"ClusterRole"});
  }
  if (json::str(ref, "name").empty()) errors.required("roleRef.name");
  const Json& subjects = list_of(object, "subjects");
  for (size_t i = 0; i < subjects.size(); ++i) {
    std::string at = index("subjects", i), name = json::str(subjects[i], "name"), group = json::str(subjects[i], "apiGroup");
    std::string subject_kind = json::str(subjects[i], "kind");
    if (name.empty()) errors.required(child(at, "name"));
    if (subject_kind == "ServiceAccount") {
      if (!name.empty()) check(errors, child(at, "name"), name, dns_subdomain_problem(name));
      if (!group.empty()) errors.not_supported(child(at, "apiGroup"), group, {""});
      if (!namespaced && json::str(subjects[i], "namespace").empty()) errors.required(child(at, "namespace"));
    } else if (subject_kind == "User" || subject_kind == "Group") {
      if (group != kGroup) errors.not_supported(child(at, "apiGroup"), group, {kGroup});
    } else {
      errors.not_supported(child(at, "kind"), subject_kind, {"ServiceAccount", "User", "Group"});
    }
  }
  if (old != nullptr && json::find(*old, "roleRef") != ref) errors.invalid("roleRef", ref, "cannot change roleRef");
}

void validate_custom_resource_definition(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  std::string group = json::str(spec, "group"), plural = json::str(spec, {"names", "plural"});
  if (group.empty()) errors.required("spec.group");
  else check(errors, "spec.group", group, dns_subdomain_problem(group));
  if (group.find('.') == std::string::npos && !group.empty()) errors.invalid("spec.group", group, "should be a domain with at least one dot");
  if (std::string name = json::str(object, {"metadata", "name"}); name != plural + "." + group)
    errors.invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group");
  if (plural.empty()) errors.required("spec.names.plural");
  else check(errors, "spec.names.plural", plural, dns1035_problem(plural));
  if (json::str(spec, {"names", "kind"}).empty()) errors.required("spec.names.kind");
  validate_choice(errors, "spec.scope", json::find(spec, "scope"), {"Cluster", "Namespaced"}, true);
  const Json& versions = list_of(spec, "versions");
  int storage = 0;
  std::set<std::string> names;
  for (size_t i = 0; i < versions.size(); ++i) {
    std::string at = index("spec.versions", i), name = json::str(versions[i], "name");
    check(errors, child(at, "name"), name, dns1035_problem(name));
    if (!names.insert(name).second) errors.invalid("spec.versions", name, "must contain unique version names");
    storage += json::boolean(versions[i], "storage") ? 1 : 0;
    if (!json::find(versions[i], {"schema", "openAPIV3Schema"}).is_object()) errors.required(child(at, "schema.openAPIV3Schema"), "schemas are required");
  }
  if (storage != 1) errors.invalid("spec.versions", versions, "must have exactly one version marked as storage version");
  if (old == nullptr) return;
  for (const char* key : {"group", "scope"}) validate_immutable(errors, child("spec", key), json::find(spec, key), json::find(*old, {"spec", key}));
  for (const char* key : {"plural", "kind"})
    validate_immutable(errors, child("spec.names", key), json::find(spec, {"names", key}), json::find(*old, {"spec", "names", key}));
}

}  // namespace skerry::api
