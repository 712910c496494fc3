#include "kustomize/kustomize.h"

#include <algorithm>

#include "json/yaml.h"
#include "kustomize/generators.h"
#include "kustomize/references.h"
#include "kustomize/target.h"
#include "kustomize/transformers.h"

namespace skerry::kustomize {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view word) { return std::find(list.begin(), list.end(), word) != list.end(); }

// Objects that only other tools of the folder are to see.
bool is_local(const Resource& r) {
  const Node* metadata = r.node.find("metadata");
  const Node* annotations = metadata != nullptr ? metadata->find("annotations") : nullptr;
  const Node* local = annotations != nullptr ? annotations->find("config.kubernetes.io/local-config") : nullptr;
  return local != nullptr && local->value != "false";
}

// Annotations that are not for the cluster go, the others are text.
void finish(Resource& r, const Build& build) {
  Node* metadata = r.node.find("metadata");
  Node* annotations = metadata != nullptr ? metadata->find("annotations") : nullptr;
  if (annotations == nullptr || !annotations->is_map()) return;
  if (!contains(build.metadata, "originAnnotations")) annotations->erase(kOriginAnnotation);
  if (!contains(build.metadata, "transformerAnnotations")) annotations->erase(kTransformationsAnnotation);
  for (const char* internal : {"internal.config.kubernetes.io/path", "internal.config.kubernetes.io/index", "internal.config.kubernetes.io/seqindent", "internal.config.kubernetes.io/id",
                               "config.kubernetes.io/path", "config.kubernetes.io/index", "config.k8s.io/id"})
    annotations->erase(internal);
  r.normalise_annotations();
}

Status add_managed_by(ResMap& resources) {
  return add_texts(resources, {{"app.kubernetes.io/managed-by", "kustomize-(devel)"}}, {{{}, "metadata/labels", true}});
}

}  // namespace

Result<Output> build_output(FileSource& files, const std::string& path, const Options& options) {
  LoadLimits limits;
  limits.root_only = options.load_restrictions;
  auto loader = TRY(Loader::at(files, limits, path));
  Build build;
  build.on_warning = options.warn;
  auto peek = TRY(load_kustomization(loader));  // its buildMetadata rules the whole build
  for (const auto& word : peek.list("buildMetadata"))
    if (word.is_string()) build.metadata.push_back(word.get<std::string>());
  std::optional<Origin> origin;
  if (!build.metadata.empty()) origin.emplace();
  auto target = TRY(Target::open(build, loader, origin));
  auto made = TRY(target.accumulate());
  add_hashes(made.resources);
  TRY(fix_references(made.resources, made.config.name_references));
  std::vector<std::string> unused;
  TRY(resolve_vars(made.resources, made.vars, made.config.var_references, unused));
  for (const auto& warning : unused) build.warn(warning);
  std::erase_if(made.resources.all(), [](const ResourcePtr& r) { return is_local(*r); });
  const Json& sort = json::find(target.kustomization().fields, "sortOptions");
  if (sort.is_object()) TRY(apply_sort_options(made.resources, sort));
  else if (options.reorder_legacy) sort_legacy(made.resources, {}, {});
  if (options.managed_by_label || contains(build.metadata, "managedByLabel")) TRY(add_managed_by(made.resources));
  Output out;
  for (const auto& r : made.resources.all()) {
    finish(*r, build);
    out.resources.push_back(to_json(r->node));
  }
  out.warnings = std::move(build.warnings);
  return out;
}

Result<std::vector<Json>> build(FileSource& files, const std::string& path, const Options& options) {
  auto out = TRY(build_output(files, path, options));
  return std::move(out.resources);
}

bool has_kustomization(FileSource& files, const std::string& path) {
  std::string folder = join_path(files.working_directory(), path);
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"})
    if (files.exists(join_path(folder, name))) return true;
  return false;
}

std::string content_hash(const Json& object) { return content_hash_with_name(object); }

std::string to_yaml(const std::vector<Json>& resources) {
  std::string out;
  for (const auto& r : resources) out += (out.empty() ? "" : "---\n") + json::dump_yaml(r);
  return out;
}

}  // namespace skerry::kustomize
