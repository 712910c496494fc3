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

// A word as TYPE and NAME; a name alone is a pod's.
std::pair<std::string, std::string> pod_word(const std::string& word) {
  auto slash = word.find('/');
  if (slash == std::string::npos) return {"pod", word};
  return {word.substr(0, slash), word.substr(slash + 1)};
}

}  // namespace

std::vector<std::string> complete_names(Session& s, const std::string& type, const std::string& prefix) { return names_of(s, type, prefix, ""); }

namespace {

// What both kinds of completion below do; `types` gives the types that begin with a text.
template <class Types>
std::vector<std::string> complete_with(Session& s, const std::string& prefix, Types types) {
  std::vector<std::string> out;
  if (!s.words().empty() && s.words()[0].find('/') == std::string::npos) {
    for (auto type : split(s.words()[0], ','))
      for (auto& name : names_of(s, std::string(type), prefix, "")) out.push_back(std::move(name));
    return out;
  }
  auto slash = prefix.find('/');
  if (slash != std::string::npos) return names_of(s, prefix.substr(0, slash), prefix.substr(slash + 1), prefix.substr(0, slash + 1));
  if (!s.words().empty()) {
    // All others have to be TYPE/NAME as well.
    out = types(prefix);
    for (auto& type : out) type += '/';
    return out;
  }
  auto comma = prefix.rfind(',');
  if (comma == std::string::npos) return types(prefix);
  out = types(prefix.substr(comma + 1));
  for (auto& type : out) type.insert(0, prefix, 0, comma + 1);
  return out;
}

std::vector<std::string> starting(std::initializer_list<std::string_view> all, const std::string& prefix) {
  std::vector<std::string> out;
  for (auto one : all) if (starts_with(one, prefix)) out.emplace_back(one);
  return out;
}

}  // namespace

std::vector<std::string> complete_resources(Session& s, const std::string& prefix) {
  return complete_with(s, prefix, [&](const std::string& p) { return complete_types(s, p); });
}

std::vector<std::string> complete_some(Session& s, const std::string& prefix, std::initializer_list<std::string_view> types) {
  return complete_with(s, prefix, [&](const std::string& p) { return starting(types, p); });
}

std::vector<std::string> complete_pods(Session& s, const std::string& prefix) {
  if (!s.words().empty()) return {};
  if (prefix.find('/') != std::string::npos) return complete_resources(s, prefix);
  auto out = names_of(s, "pods", prefix, "");
  for (auto& type : starting({"daemonsets/", "deployments/", "pods/", "jobs/", "replicasets/", "replicationcontrollers/", "services/", "statefulsets/"}, prefix))
    out.push_back(std::move(type));
  return out;
}

std::vector<std::string> complete_pods_and_containers(Session& s, const std::string& prefix) {
  if (s.words().size() == 1) return complete_containers(s, prefix);
  return complete_pods(s, prefix);
}

std::vector<std::string> complete_pods_and_ports(Session& s, const std::string& prefix) {
  if (s.words().size() != 1) return complete_pods(s, prefix);
  std::vector<std::string> out;
  auto ns = s.ns();
  auto objects = s.objects();
  auto [type, name] = pod_word(s.words()[0]);
  if (!ns || !objects || name.empty()) return out;
  const bool service = type == "service" || type == "services" || type == "svc";
  if (!service && type != "pod" && type != "pods" && type != "po") return out;
  auto mapping = service ? mapping_of("v1", "services", "Service", true) : mapping_of("v1", "pods", "Pod", true);
  auto object = (*objects)->get(mapping, *ns, name);
  if (!object) return out;
  auto add = [&](const Json& holder, std::string_view field) {
    for (auto& p : json::array_or_empty(json::find(holder, "ports"))) {
      std::string port = std::to_string(json::integer(p, field));
      std::string text = (prefix.empty() ? port : prefix.substr(0, prefix.find(':'))) + ":" + port;
      if (starts_with(text, prefix)) out.push_back(std::move(text));
    }
  };
  if (service) add(json::find(*object, "spec"), "port");
  else for (auto& c : json::array_or_empty(json::find(*object, {"spec", "containers"}))) add(c, "containerPort");
  return out;
}

std::vector<std::string> complete_containers(Session& s, const std::string& prefix) {
  std::vector<std::string> out;
  if (s.words().empty()) return out;
  auto [type, name] = pod_word(s.words()[0]);
  if (type != "pod" && type != "pods" && type != "po") return out;
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
