#include "kustomize/builtins.h"

#include "base/strings.h"
#include "kustomize/generators.h"
#include "kustomize/patches.h"
#include "kustomize/replacements.h"
#include "kustomize/transformers.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

Texts texts_of(const Json& map) {
  Texts out;
  for (const auto& [key, value] : json::object_or_empty(map).items()) out[key] = value.is_string() ? value.get<std::string>() : value.is_null() ? "" : json::dump(value);
  return out;
}

Image image_of(const Json& j) { return {json::str(j, "name"), json::str(j, "newName"), json::str(j, "newTag"), json::str(j, "tagSuffix"), json::str(j, "digest")}; }

Step texts_step(const char* kind, const Json& texts, std::vector<FieldSpec> specs) {
  return {kind, [texts = texts_of(texts), specs = std::move(specs)](ResMap& m) { return add_texts(m, texts, specs); }, {}};
}

Step patch_step(const char* kind, std::vector<Patch> patches, const Json* const& openapi) {
  return {kind, [patches = std::move(patches), &openapi](ResMap& m) -> Status {
            for (const auto& patch : patches) {
              TRY(apply_patch(m, patch, openapi));
              m.drop_empty();
            }
            return {};
          }, {}};
}

Status add_patches(std::vector<Step>& out, const Kustomization& k, const Loader& loader, const char* field, const char* kind, const Json* const& openapi) {
  for (const auto& entry : k.list(field)) {
    auto patch = TRY(read_patch(loader, entry, kind));
    std::vector<Patch> one;
    one.push_back(std::move(patch));
    out.push_back(patch_step(kind, std::move(one), openapi));
  }
  return {};
}

Status add_labels(std::vector<Step>& out, const Kustomization& k, const TransformerConfig& config) {
  for (const auto& label : k.list("labels")) {
    auto specs = TRY(parse_field_specs(json::find(label, "fields")));
    if (json::boolean(label, "includeSelectors")) {
      TRY(merge_specs(specs, config.common_labels));
    } else {
      if (json::boolean(label, "includeTemplates")) TRY(merge_specs(specs, config.template_labels));
      TRY(merge_specs(specs, {{{}, "metadata/labels", true}}));
    }
    out.push_back(texts_step("LabelTransformer", json::find(label, "pairs"), std::move(specs)));
  }
  // With any `labels`, kustomize runs this one too; transformerAnnotations shows it.
  const Json& common = json::object_or_empty(json::find(k.fields, "commonLabels"));
  if (!common.empty() || !k.list("labels").empty()) out.push_back(texts_step("LabelTransformer", common, config.common_labels));
  return {};
}

// `replacements:` in place, or a list in another file.
Status add_replacements(std::vector<Json>& out, const Json& entries, const Loader& loader) {
  for (const auto& entry : json::array_or_empty(entries)) {
    std::string path = json::str(entry, "path");
    if (path.empty()) {
      out.push_back(entry);
      continue;
    }
    if (entry.contains("source") || entry.contains("targets")) return bad("cannot specify both path and inline replacement");
    std::string text = TRY(loader.load(path));
    auto nodes = TRY(parse_nodes(text));
    for (const auto& node : nodes) {
      Json file = to_json_yaml11(node);
      if (file.is_array())
        for (auto& item : file) out.push_back(std::move(item));
      else if (file.is_object()) out.push_back(std::move(file));
      else return bad("unsupported replacement type encountered within replacement path: " + path);
    }
  }
  return {};
}

Step replacement_step(std::vector<Json> replacements) {
  return {"ReplacementTransformer", [replacements = std::move(replacements)](ResMap& m) -> Status {
            for (const auto& r : replacements) TRY(apply_replacement(m, r));
            return {};
          }, {}};
}

Error external(const Resource& plugin) { return bad("external plugins disabled; unable to load external plugin '" + plugin.gvk().kind + "'"); }

}  // namespace

Status apply_sort_options(ResMap& resources, const Json& options) {
  std::string order = json::str(options, "order");
  const Json& legacy = json::find(options, "legacySortOptions");
  if (order != "fifo" && order != "legacy") return bad("the field 'sortOptions.order' must be one of [fifo, legacy]");
  if (order == "fifo" && legacy.is_object()) return bad("the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'");
  if (order == "fifo") return {};
  auto kinds = [&](const char* field) {
    std::vector<std::string> out;
    for (const auto& kind : json::array_or_empty(json::find(legacy, field)))
      if (kind.is_string()) out.push_back(kind.get<std::string>());
    return out;
  };
  sort_legacy(resources, kinds("orderFirst"), kinds("orderLast"));
  return {};
}

Result<std::vector<Step>> field_transformers(const Kustomization& k, const Loader& loader, const TransformerConfig& config, const Json* const& openapi) {
  std::vector<Step> out;
  if (const Json& merges = k.list("patchesStrategicMerge"); !merges.empty()) {
    std::vector<Patch> patches;
    for (const auto& entry : merges) patches.push_back(TRY(read_merge_patch(loader, entry.is_string() ? entry.get<std::string>() : "")));
    out.push_back(patch_step("PatchStrategicMergeTransformer", std::move(patches), openapi));
  }
  TRY(add_patches(out, k, loader, "patches", "PatchTransformer", openapi));
  if (std::string ns = k.text("namespace"); !ns.empty())
    out.push_back({"NamespaceTransformer", [ns, &config](ResMap& m) { return set_namespace(m, ns, config.name_space); }, {}});
  if (std::string prefix = k.text("namePrefix"); !prefix.empty())
    out.push_back({"PrefixTransformer", [prefix, &config](ResMap& m) { return add_prefix(m, prefix, config.name_prefix); }, {}});
  if (std::string suffix = k.text("nameSuffix"); !suffix.empty())
    out.push_back({"SuffixTransformer", [suffix, &config](ResMap& m) { return add_suffix(m, suffix, config.name_suffix); }, {}});
  TRY(add_labels(out, k, config));
  if (const Json& annotations = json::find(k.fields, "commonAnnotations"); !json::object_or_empty(annotations).empty())
    out.push_back(texts_step("AnnotationsTransformer", annotations, config.common_annotations));
  TRY(add_patches(out, k, loader, "patchesJson6902", "PatchJson6902Transformer", openapi));
  for (const auto& replica : k.list("replicas"))
    out.push_back({"ReplicaCountTransformer", [name = json::str(replica, "name"), count = json::integer(replica, "count"), &config](ResMap& m) { return set_replicas(m, name, count, config.replicas); }, {}});
  for (const auto& image : k.list("images"))
    out.push_back({"ImageTagTransformer", [image = image_of(image), &config](ResMap& m) { return set_image(m, image, config.images); }, {}});
  if (const Json& entries = k.list("replacements"); !entries.empty()) {
    std::vector<Json> replacements;
    TRY(add_replacements(replacements, entries, loader));
    out.push_back(replacement_step(std::move(replacements)));
  }
  return out;
}

Result<Step> plugin_transformer(const Resource& plugin, const Loader& loader, const Json* const& openapi) {
  std::string kind = plugin.gvk().kind;
  if (plugin.node.text({"apiVersion"}) != "builtin") return external(plugin);
  Json config = to_json_yaml11(plugin.node);
  std::vector<FieldSpec> specs = TRY(parse_field_specs(json::find(config, "fieldSpecs")));
  auto need_specs = [&]() -> Status { return specs.empty() ? bad("fieldSpecs is not expected to be nil") : Status(); };
  if (kind == "LabelTransformer") return texts_step("LabelTransformer", json::find(config, "labels"), std::move(specs));
  if (kind == "AnnotationsTransformer") return texts_step("AnnotationsTransformer", json::find(config, "annotations"), std::move(specs));
  if (kind == "NamespaceTransformer") {
    NamespaceOptions options{json::boolean(config, "unsetOnly"), json::str(config, "setRoleBindingSubjects", "defaultOnly")};
    if (options.subjects != "defaultOnly" && options.subjects != "allServiceAccounts" && options.subjects != "none")
      return bad("invalid value \"" + options.subjects + "\" for setRoleBindingSubjects: must be one of defaultOnly, allServiceAccounts or none");
    return Step{kind, [ns = plugin.ns(), specs, options](ResMap& m) { return set_namespace(m, ns, specs, options); }, {}};
  }
  if (kind == "PrefixTransformer" || kind == "SuffixTransformer" || kind == "PrefixSuffixTransformer") {
    TRY(need_specs());
    return Step{kind, [prefix = json::str(config, "prefix"), suffix = json::str(config, "suffix"), specs](ResMap& m) -> Status {
                  TRY(add_prefix(m, prefix, specs));
                  return add_suffix(m, suffix, specs);
                }, {}};
  }
  if (kind == "ImageTagTransformer") return Step{kind, [image = image_of(json::find(config, "imageTag")), specs](ResMap& m) { return set_image(m, image, specs); }, {}};
  if (kind == "ReplicaCountTransformer") {
    const Json& replica = json::find(config, "replica");
    return Step{kind, [name = json::str(replica, "name"), count = json::integer(replica, "count"), specs](ResMap& m) { return set_replicas(m, name, count, specs); }, {}};
  }
  if (kind == "PatchTransformer" || kind == "PatchJson6902Transformer") {
    if (config.contains("jsonOp")) config["patch"] = config["jsonOp"];
    for (const char* other : {"apiVersion", "kind", "metadata", "jsonOp"}) config.erase(other);
    std::vector<Patch> patches;
    patches.push_back(TRY(read_patch(loader, config, kind)));
    return patch_step(kind == "PatchTransformer" ? "PatchTransformer" : "PatchJson6902Transformer", std::move(patches), openapi);
  }
  if (kind == "PatchStrategicMergeTransformer") {
    std::vector<Patch> patches;
    for (const auto& path : json::array_or_empty(json::find(config, "paths"))) patches.push_back(TRY(read_merge_patch(loader, path.is_string() ? path.get<std::string>() : "")));
    if (std::string text = json::str(config, "patches"); !text.empty()) patches.push_back(TRY(parse_merge_patches(text)));
    if (patches.empty()) return bad("empty file path and empty patch content");
    return patch_step("PatchStrategicMergeTransformer", std::move(patches), openapi);
  }
  if (kind == "ReplacementTransformer") {
    std::vector<Json> replacements;
    TRY(add_replacements(replacements, json::find(config, "replacements"), loader));
    return replacement_step(std::move(replacements));
  }
  if (kind == "SortOrderTransformer")
    return Step{kind, [options = json::find(config, "sortOptions")](ResMap& m) { return options.is_object() ? apply_sort_options(m, options) : Status(); }, {}};
  if (kind == "LegacyOrderTransformer") return Step{kind, [](ResMap& m) -> Status { return sort_legacy(m, {}, {}), Status(); }, {}};
  if (kind == "HashTransformer") return Step{kind, [](ResMap& m) -> Status { return add_hashes(m), Status(); }, {}};
  return bad("unable to load builtin " + plugin.gvk().text());
}

Result<ResMap> run_plugin_generator(const Resource& plugin, const Loader& loader) {
  std::string kind = plugin.gvk().kind;
  if (plugin.node.text({"apiVersion"}) != "builtin") return external(plugin);
  Json config = to_json_yaml11(plugin.node);
  ResMap out;
  if (kind == "ConfigMapGenerator" || kind == "SecretGenerator") {
    config["name"] = plugin.name();
    if (std::string ns = plugin.ns(); !ns.empty()) config["namespace"] = ns;
    auto made = TRY(generate(loader, kind == "SecretGenerator" ? "Secret" : "ConfigMap", config, nullptr));
    TRY(out.append(std::move(made)));
    return out;
  }
  if (kind == "HelmChartInflationGenerator") return bad("trouble configuring builtin HelmChartInflationGenerator with config: `\n" + json::dump(config) + "\n`: must specify --enable-helm");
  return bad("unable to load builtin " + plugin.gvk().text());
}

}  // namespace skerry::kustomize
