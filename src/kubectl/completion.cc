#include "kubectl/completion.h"

#include <set>

#include "base/strings.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

namespace {

constexpr int64_t kMostNames = 1000;

std::vector<std::string> names_of(Session& s, const std::string& type, const std::string& prefix, const std::string& before) {
  std::vector<std::string> out;
  auto discovery = s.discovery();
  if (!discovery) return out;
  auto m = (*discovery)->by_resource(type);
  auto rest = s.rest();
  if (!m || !rest) return out;
  std::string ns;
  if (m->namespaced) {
    auto current = s.ns();
    if (!current) return out;
    ns = *current;
  }
  auto list = (*rest)->json({.path = m->path(ns), .query = {{"limit", std::to_string(kMostNames)}},
                             .accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
                             .timeout = std::chrono::seconds(5)});
  if (!list) return out;
  for (auto& o : json::array_or_empty(json::find(*list, "items"))) {
    std::string name = json::str(o, {"metadata", "name"});
    if (starts_with(name, prefix)) out.push_back(before + name);
  }
  return out;
}

}  // namespace

std::vector<std::string> complete_names(Session& s, const std::string& type, const std::string& prefix) { return names_of(s, type, prefix, ""); }

std::vector<std::string> complete_resources(Session& s, const std::string& prefix) {
  auto slash = prefix.find('/');
  if (slash != std::string::npos) return names_of(s, prefix.substr(0, slash), prefix.substr(slash + 1), prefix.substr(0, slash + 1));
  if (!s.words().empty()) {
    if (s.words()[0].find('/') != std::string::npos) return {};
    return names_of(s, s.words()[0], prefix, "");
  }
  std::set<std::string> out;
  auto discovery = s.discovery();
  if (!discovery) return {};
  auto resources = (*discovery)->preferred_resources();
  if (!resources) return {};
  for (auto& m : *resources)
    if (m.can("get") && starts_with(m.group_resource(), prefix)) out.insert(m.group_resource());
  return {out.begin(), out.end()};
}

}  // namespace skerry::kubectl
