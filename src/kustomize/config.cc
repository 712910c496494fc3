#include "kustomize/config.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

Status merge_references(std::vector<NameReference>& into, const std::vector<NameReference>& more) {
  if (into.empty()) {
    into = more;
    return {};
  }
  for (const auto& ref : more) {
    auto same = std::find_if(into.begin(), into.end(), [&](const NameReference& r) { return r.target == ref.target; });
    if (same == into.end()) into.push_back(ref);
    else TRY(merge_specs(same->referrers, ref.referrers));
  }
  return {};
}

Gvk parse_gvk(const Json& j) { return {json::str(j, "group"), json::str(j, "version"), json::str(j, "kind")}; }

// A reference in a CRD's schema: fields of objects of `owner` below `path`.
void add_crd_references(TransformerConfig& out, const Json& definitions, const Json& schema, const Gvk& owner, const std::string& path, int depth) {
  if (depth > 20) return;
  if (schema.contains("x-kubernetes-annotation")) out.common_annotations.push_back({owner, path, false});
  if (schema.contains("x-kubernetes-label-selector")) out.common_labels.push_back({owner, path, false});
  if (schema.contains("x-kubernetes-identity")) out.name_prefix.push_back({owner, path, false});
  std::string kind = json::str(schema, "x-kubernetes-object-ref-kind");
  if (!kind.empty()) {
    Gvk target = parse_api_version(json::str(schema, "x-kubernetes-object-ref-api-version"));
    target.kind = kind;
    std::string key = json::str(schema, "x-kubernetes-object-ref-name-key", "name");
    (void)merge_references(out.name_references, {{target, {{owner, path + "/" + key, false}}}});
  }
  for (const auto& [name, property] : json::object_or_empty(json::find(schema, "properties")).items()) {
    std::string below = path.empty() ? name : path + "/" + name;
    const Json* target = &property;
    const Json& items = json::find(property, "items");
    std::string ref = json::str(property, "$ref");
    if (ref.empty() && items.is_object()) ref = json::str(items, "$ref"), target = ref.empty() ? &items : target;
    if (ref.starts_with("#/definitions/")) ref = ref.substr(14);
    if (!ref.empty() && definitions.contains(ref)) add_crd_references(out, definitions, json::find(definitions[ref], "Schema").is_object() ? definitions[ref]["Schema"] : definitions[ref], owner, below, depth + 1);
    add_crd_references(out, definitions, *target, owner, below, depth + 1);
  }
}

}  // namespace

Result<std::vector<FieldSpec>> parse_field_specs(const Json& list) {
  std::vector<FieldSpec> out;
  if (list.is_null()) return out;
  if (!list.is_array()) return bad("fieldSpecs is no list");
  for (const auto& j : list) out.push_back({parse_gvk(j), json::str(j, "path"), json::boolean(j, "create")});
  return out;
}

Result<TransformerConfig> TransformerConfig::parse(const Json& file) {
  TransformerConfig out;
  if (file.is_null()) return out;
  if (!file.is_object()) return bad("a transformer configuration is no map");
  struct Part {
    std::string_view name;
    std::vector<FieldSpec>* specs;
  };
  const Part parts[] = {{"namePrefix", &out.name_prefix}, {"nameSuffix", &out.name_suffix}, {"namespace", &out.name_space}, {"nameSpace", &out.name_space},
                        {"commonLabels", &out.common_labels}, {"labels", &out.common_labels}, {"templateLabels", &out.template_labels},
                        {"commonAnnotations", &out.common_annotations}, {"varReference", &out.var_references}, {"images", &out.images}, {"replicas", &out.replicas}};
  for (const auto& part : parts)
    if (file.contains(part.name)) {
      auto specs = TRY(parse_field_specs(file[std::string(part.name)]));
      TRY(merge_specs(*part.specs, specs));
    }
  for (const auto& j : json::array_or_empty(json::find(file, "nameReference"))) {
    auto specs = TRY(parse_field_specs(json::find(j, "fieldSpecs")));
    NameReference ref{parse_gvk(j), std::move(specs)};
    TRY(merge_references(out.name_references, {ref}));
  }
  return out;
}

Status TransformerConfig::merge(const TransformerConfig& other) {
  TRY(merge_specs(name_prefix, other.name_prefix));
  TRY(merge_specs(name_suffix, other.name_suffix));
  TRY(merge_specs(name_space, other.name_space));
  TRY(merge_specs(common_labels, other.common_labels));
  TRY(merge_specs(template_labels, other.template_labels));
  TRY(merge_specs(common_annotations, other.common_annotations));
  TRY(merge_references(name_references, other.name_references));
  TRY(merge_specs(var_references, other.var_references));
  TRY(merge_specs(images, other.images));
  return merge_specs(replicas, other.replicas);
}

void TransformerConfig::sort() {
  std::stable_sort(name_references.begin(), name_references.end(), [](const NameReference& a, const NameReference& b) { return legacy_less(a.target, b.target); });
  std::stable_sort(replicas.begin(), replicas.end(), [](const FieldSpec& a, const FieldSpec& b) { return legacy_less(a.gvk, b.gvk); });
}

TransformerConfig config_of_crds(const Json& file) {
  TransformerConfig out;
  // Definitions are named "github.com/example/pkg/apis/v1alpha1.MyKind"; those of a CRD say their group in the properties.
  for (const auto& [name, definition] : json::object_or_empty(file).items()) {
    const Json& wrapped = json::find(definition, "Schema");
    const Json& schema = wrapped.is_object() ? wrapped : definition;
    const Json& properties = json::find(schema, "properties");
    if (!properties.is_object() || !properties.contains("kind") || !properties.contains("apiVersion") || !properties.contains("metadata")) continue;
    size_t dot = name.rfind('.');
    if (dot == std::string::npos) continue;
    add_crd_references(out, file, schema, {"", "", name.substr(dot + 1)}, "", 0);
  }
  return out;
}

}  // namespace skerry::kustomize
