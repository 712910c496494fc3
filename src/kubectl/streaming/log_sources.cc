#include "kubectl/streaming/log_sources.h"

namespace skerry::kubectl {

std::string LogSource::path() const { return pod_mapping().path(ns, pod, "log"); }

Result<std::vector<LogSource>> log_sources(Session& session, const Json& pod, const LogChoice& choice) {
  std::vector<LogSource> sources;
  auto add = [&](const std::string& container) { sources.push_back({pod_namespace(pod), pod_name(pod), container}); };
  if (choice.all_containers) {
    for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
      for (const Json& container : json::array_or_empty(json::find(pod, {"spec", list}))) add(json::str(container, "name"));
    }
    return sources;
  }
  std::string name = choice.container;
  if (name.empty()) {
    name = json::str(pod, {"metadata", "annotations", "kubectl.kubernetes.io/default-container"});
    if (!name.empty() && !find_container(pod, name)) {
      session.err << "Default container name \"" << name << "\" not found in pod " << pod_name(pod) << '\n' << std::flush;
      name.clear();
    }
  }
  if (name.empty()) {
    const Json* container = TRY(container_or_default(session, pod, "", false));
    name = json::str(*container, "name");
  }
  if (!find_container(pod, name)) {
    return plain_error("container " + name + " is not valid for pod " + pod_name(pod) + " out of: " + container_names(pod));
  }
  add(name);
  return sources;
}

Result<std::vector<LogSource>> log_sources(Session& session, const Target& target, const LogChoice& choice) {
  if (target.mapping.kind == "Pod" && target.mapping.group.empty()) return log_sources(session, target.object, choice);
  auto selected = selector_of(target);
  if (!selected) return plain_error("cannot get the logs from *" + target.mapping.version + "." + target.mapping.kind + ": " + selected.error().message);
  if (choice.all_pods) {
    std::vector<LogSource> all;
    auto pods = TRY(list_pods(session, selected->first, selected->second));
    for (const Json& pod : pods) {
      auto sources = TRY(log_sources(session, pod, choice));
      all.insert(all.end(), sources.begin(), sources.end());
    }
    return all;
  }
  size_t count = 0;
  Json pod = TRY(pod_of(session, target, choice.pod_timeout, PodOrder::kLogging, &count));
  if (count > 1) session.err << "Found " << count << " pods, using pod/" << pod_name(pod) << '\n' << std::flush;
  return log_sources(session, pod, choice);
}

}  // namespace skerry::kubectl
