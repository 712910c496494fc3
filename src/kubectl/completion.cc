#include "kubectl/completion.h"

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
    std::vector<std::string> out;
    for (auto type : split(s.words()[0], ','))
      for (auto& name : names_of(s, std::string(type), prefix, "")) out.push_back(std::move(name));
    return out;
  }
  auto comma = prefix.rfind(',');
  if (comma == std::string::npos) return complete_types(s, prefix);
  auto out = complete_types(s, prefix.substr(comma + 1));
  for (auto& type : out) type.insert(0, prefix, 0, comma + 1);
  return out;
}

std::vector<std::string> complete_pods(Session& s, const std::string& prefix) {
  if (!s.words().empty()) return {};
  if (prefix.find('/') != std::string::npos) return complete_resources(s, prefix);
  auto out = names_of(s, "pods", prefix, "");
  for (std::string_view type : {"daemonsets/", "deployments/", "jobs/", "pods/", "replicasets/", "replicationcontrollers/", "services/", "statefulsets/"})
    if (starts_with(type, prefix)) out.emplace_back(type);
  return out;
}

std::vector<std::string> complete_containers(Session& s, const std::string& prefix) {
  std::vector<std::string> out;
  if (s.words().empty()) return out;
  std::string name = s.words()[0];
  if (auto slash = name.find('/'); slash != std::string::npos) {
    std::string type = name.substr(0, slash);
    if (type != "pod" && type != "pods" && type != "po") return out;
    name = name.substr(slash + 1);
  }
  auto ns = s.ns();
  auto objects = s.objects();
  if (!ns || !objects) return out;
  auto pod = (*objects)->get(mapping_of("v1", "pods", "Pod", true), *ns, name);
  if (!pod) return out;
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
    for (auto& c : json::array_or_empty(json::find(*pod, {"spec", list})))
      if (std::string n = json::str(c, "name"); starts_with(n, prefix)) out.push_back(n);
  return out;
}

std::vector<std::string> complete_types(Session& s, const std::string& prefix) {
  std::vector<std::string> out;
  auto discovery = s.discovery();
  if (!discovery) return out;
  auto resources = (*discovery)->preferred_resources();
  if (!resources) return out;
  for (auto& m : *resources)
    if (m.can("get") && starts_with(m.group_resource(), prefix)) out.push_back(m.group_resource());
  return out;
}

}  // namespace skerry::kubectl
