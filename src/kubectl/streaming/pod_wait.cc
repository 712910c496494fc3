#include "kubectl/streaming/pod_wait.h"

#include "kubectl/objects.h"
#include "kubectl/streaming/log_sources.h"
#include "kubectl/streaming/pods.h"

namespace skerry::kubectl {
namespace {

Status print_log(Session& session, const Json& pod, const std::string& container) {
  RestClient* rest = TRY(session.rest());
  RestRequest request;
  request.path = LogSource{pod_namespace(pod), pod_name(pod), container}.path();
  request.query = {{"container", container}};
  request.accept = "*/*";
  return rest->stream(request, [&](std::string_view chunk) {
    session.out << chunk << std::flush;
    return static_cast<bool>(session.out);
  });
}

bool ready(const Json& pod) {
  for (const Json& condition : json::array_or_empty(json::find(pod, {"status", "conditions"}))) {
    if (json::str(condition, "type") == "Ready") return json::str(condition, "status") == "True";
  }
  return false;
}

// The state of a container of any kind; null: not told yet.
const Json& state_of(const Json& pod, const std::string& container) {
  static const Json kNone;
  for (const char* list : {"containerStatuses", "ephemeralContainerStatuses", "initContainerStatuses"}) {
    for (const Json& status : json::array_or_empty(json::find(pod, {"status", list}))) {
      if (json::str(status, "name") == container) return json::find(status, "state");
    }
  }
  return kNone;
}

}  // namespace

bool pod_completed(const Json& pod) {
  std::string phase = json::str(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

Result<Json> wait_for_pod(Session& session, const std::string& ns, const std::string& name, std::chrono::nanoseconds timeout,
                          const std::function<Result<bool>(const Json&)>& done) {
  Objects* objects = TRY(session.objects());
  auto end = std::chrono::steady_clock::now() + timeout;
  while (true) {
    Json pod = TRY(objects->get(pod_mapping(), ns, name));
    bool good = TRY(done(pod));
    if (good) return pod;
    auto left = std::chrono::duration_cast<std::chrono::seconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return plain_error("timed out waiting for the condition");
    ListOptions options;
    options.field_selector = "metadata.name=" + name;
    options.resource_version = json::str(pod, {"metadata", "resourceVersion"});
    Error failure;
    bool failed = false;
    auto watched = objects->watch(pod_mapping(), ns, options, [&](const std::string& type, Json object) {
      if (type == "BOOKMARK") return true;
      if (type != "ADDED" && type != "MODIFIED") return false;
      auto verdict = done(object);
      failed = !verdict;
      if (failed) failure = verdict.error();
      good = verdict && *verdict;
      if (good) pod = std::move(object);
      return !good && !failed;
    }, static_cast<int>(left));
    if (failed) return failure;
    if (good) return pod;
    if (!watched) return watched.error();
  }
}

Status attach_when_running(Session& session, const std::string& ns, const std::string& name, const std::string& container,
                           std::chrono::nanoseconds timeout, const AttachOptions& options) {
  Json pod = TRY(wait_for_pod(session, ns, name, timeout, [&](const Json& seen) -> Result<bool> {
    if (pod_completed(seen)) return true;
    if (container.empty()) return json::str(seen, {"status", "phase"}) == "Running" && ready(seen);
    const Json& state = state_of(seen, container);
    return state.contains("running") || state.contains("terminated");
  }));
  const Json* found = TRY(container_or_default(session, pod, container, true));
  std::string which = json::str(*found, "name");
  if (pod_completed(pod) || state_of(pod, which).contains("terminated")) return print_log(session, pod, which);
  auto attached = attach_to(session, pod, *found, options);
  if (attached) return {};
  session.err << "warning: couldn't attach to pod/" << name << ", falling back to streaming logs: " << attached.error().message << '\n' << std::flush;
  return print_log(session, pod, which);
}

}  // namespace skerry::kubectl
