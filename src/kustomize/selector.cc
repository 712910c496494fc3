#include "kustomize/selector.h"

namespace skerry::kustomize {
namespace {

Status compile(std::optional<Regex>& out, const std::string& pattern) {
  if (pattern.empty()) return {};
  out = TRY(Regex::compile("^(?:" + pattern + ")$"));
  return {};
}

bool fits(const std::optional<Regex>& regex, const std::string& text) { return !regex || regex->search(text); }

}  // namespace

Result<Selector> Selector::parse(const Json& target) {
  Selector out;
  TRY(compile(out.group_, json::str(target, "group")));
  TRY(compile(out.version_, json::str(target, "version")));
  TRY(compile(out.kind_, json::str(target, "kind")));
  TRY(compile(out.name_, json::str(target, "name")));
  TRY(compile(out.namespace_, json::str(target, "namespace")));
  out.labels_ = TRY(api::LabelSelector::parse(json::str(target, "labelSelector")));
  out.annotations_ = TRY(api::LabelSelector::parse(json::str(target, "annotationSelector")));
  return out;
}

bool Selector::matches(const Resource& r) const {
  ResId now = r.id(), before = r.original_id();
  if (!fits(namespace_, before.effective_namespace()) && !fits(namespace_, now.effective_namespace())) return false;
  if (!fits(name_, before.name) && !fits(name_, now.name)) return false;
  if (!fits(group_, now.gvk.group) || !fits(version_, now.gvk.version) || !fits(kind_, now.gvk.kind)) return false;
  return matches_labels(labels_, r.labels()) && matches_labels(annotations_, r.annotations());
}

std::vector<ResourcePtr> Selector::select(const ResMap& resources) const {
  std::vector<ResourcePtr> out;
  for (const auto& r : resources.all())
    if (matches(*r)) out.push_back(r);
  return out;
}

bool matches_labels(const api::LabelSelector& selector, const std::vector<std::pair<std::string, std::string>>& labels) {
  if (selector.empty()) return true;
  Json map = Json::object();
  for (const auto& [key, value] : labels) map[key] = value;
  return selector.matches_json(map);
}

}  // namespace skerry::kustomize
