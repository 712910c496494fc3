#include "kubectl/streaming/pods.h"

#include <algorithm>
#include <thread>

#include "api/selector.h"
#include "base/clock.h"
#include "base/strings.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"

namespace skerry::kubectl {
namespace {

int phase_rank(const Json& pod) {
  std::string phase = json::str(pod, {"status", "phase"});
  return phase == "Pending" ? 0 : phase == "Unknown" ? 1 : phase == "Running" ? 2 : 0;
}

const Json& ready_condition(const Json& pod) {
  static const Json kNone;
  for (const Json& condition : json::array_or_empty(json::find(pod, {"status", "conditions"}))) {
    if (json::str(condition, "type") == "Ready") return condition;
  }
  return kNone;
}

bool ready(const Json& pod) { return json::str(ready_condition(pod), "status") == "True"; }
std::string ready_since(const Json& pod) { return ready(pod) ? json::str(ready_condition(pod), "lastTransitionTime") : ""; }

int64_t restarts(const Json& pod) {
  int64_t most = 0;
  for (const Json& status : json::array_or_empty(json::find(pod, {"status", "containerStatuses"}))) {
    most = std::max(most, json::integer(status, "restartCount"));
  }
  return most;
}

// True if `a` is the better one. RFC 3339 times of one server compare as text.
bool better(const Json& a, const Json& b, PodOrder order) {
  bool placed_a = !json::str(a, {"spec", "nodeName"}).empty(), placed_b = !json::str(b, {"spec", "nodeName"}).empty();
  if (placed_a != placed_b) return placed_a;
  if (phase_rank(a) != phase_rank(b)) return phase_rank(a) > phase_rank(b);
  if (ready(a) != ready(b)) return ready(a);
  if (ready(a)) {
    std::string since_a = ready_since(a), since_b = ready_since(b);
    if (since_a != since_b) return !since_a.empty() && (since_b.empty() || since_a < since_b);
  }
  if (restarts(a) != restarts(b)) return order == PodOrder::kLogging ? restarts(a) > restarts(b) : restarts(a) < restarts(b);
  std::string made_a = json::str(a, {"metadata", "creationTimestamp"}), made_b = json::str(b, {"metadata", "creationTimestamp"});
  return made_a != made_b && !made_a.empty() && (made_b.empty() || made_a < made_b);
}

}  // namespace

const Mapping& pod_mapping() {
  static const Mapping mapping = mapping_of("v1", "pods", "Pod", true);
  return mapping;
}

std::string pod_name(const Json& pod) { return json::str(pod, {"metadata", "name"}); }
std::string pod_namespace(const Json& pod) { return json::str(pod, {"metadata", "namespace"}); }
std::string pod_path(const Json& pod, std::string_view subresource) {
  return pod_mapping().path(pod_namespace(pod), pod_name(pod), subresource);
}

Result<Target> target_of(Session& session, const std::string& resource, const std::vector<std::string>& filenames, const std::string& many) {
  bool plain = filenames.empty() && resource.find('/') == std::string::npos;
  if (plain) {  // needs no discovery
    std::string ns = TRY(session.ns());
    Objects* objects = TRY(session.objects());
    Json pod = TRY(objects->get(pod_mapping(), ns, resource));
    return Target{pod_mapping(), ns, std::move(pod)};
  }
  Selection selection;
  if (!resource.empty()) selection.words = {resource};
  selection.filenames = filenames;
  auto selected = TRY(select(session, selection, {.fetch = true}));
  if (!selected.errors.empty()) return selected.errors[0];
  if (selected.items.size() != 1) return plain_error(many);
  Item& item = selected.items[0];
  return Target{item.mapping, item.ns, std::move(item.object)};
}

void sort_pods(std::vector<Json>& pods, PodOrder order) {
  std::stable_sort(pods.begin(), pods.end(), [&](const Json& a, const Json& b) { return better(a, b, order); });
}

Result<std::pair<std::string, std::string>> selector_of(const Target& target) {
  const std::string& kind = target.mapping.kind;
  const Json& selector = json::find(target.object, {"spec", "selector"});
  std::string text;
  if (kind == "Service" || kind == "ReplicationController") {
    if (!selector.is_object() || selector.empty()) {
      return plain_error("invalid " + to_lower(kind) + " '" + pod_name(target.object) + "': " + kind + " is defined without a selector");
    }
    text = api::LabelSelector::from_map(selector).to_string();
  } else if (kind == "Deployment" || kind == "ReplicaSet" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "Job") {
    auto parsed = api::LabelSelector::from_json(selector);
    if (!parsed) return plain_error("invalid label selector: " + parsed.error().message);
    text = parsed->to_string();
  } else {
    return plain_error("selector for *" + target.mapping.version + "." + kind + " not implemented");
  }
  return std::pair(target.ns, text);
}

Result<std::vector<Json>> list_pods(Session& session, const std::string& ns, const std::string& selector, const std::string& fields) {
  Objects* objects = TRY(session.objects());
  ListOptions options;
  options.label_selector = selector;
  options.field_selector = fields;
  Json list = TRY(objects->list(pod_mapping(), ns, options));
  std::vector<Json> pods;
  if (list.is_object() && list["items"].is_array()) {
    for (Json& item : list["items"]) pods.push_back(std::move(item));
  }
  return pods;
}

Result<Json> pod_of(Session& session, const Target& target, std::chrono::nanoseconds timeout, PodOrder order, size_t* count) {
  if (target.mapping.kind == "Pod" && target.mapping.group.empty()) {
    if (count) *count = 1;
    return target.object;
  }
  auto selected = selector_of(target);
  if (!selected) return plain_error("cannot attach to *" + target.mapping.version + "." + target.mapping.kind + ": " + selected.error().message);
  auto [ns, selector] = *selected;
  auto end = std::chrono::steady_clock::now() + timeout;
  Objects* objects = TRY(session.objects());
  while (true) {
    auto pods = TRY(list_pods(session, ns, selector));
    if (!pods.empty()) {
      if (count) *count = pods.size();
      sort_pods(pods, order);
      return std::move(pods[0]);
    }
    auto left = std::chrono::duration_cast<std::chrono::seconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return plain_error("timed out waiting for the condition");
    ListOptions options;
    options.label_selector = selector;
    // Any event ends the wait; without a revision the watch begins with what there is by then.
    auto watched = objects->watch(pod_mapping(), ns, options, [](const std::string& type, const Json&) { return type == "BOOKMARK"; }, static_cast<int>(left));
    if (!watched) return watched.error();
  }
}

const Json* find_container(const Json& pod, std::string_view name, std::string* list) {
  for (const char* which : {"initContainers", "containers", "ephemeralContainers"}) {
    for (const Json& container : json::array_or_empty(json::find(pod, {"spec", which}))) {
      if (json::str(container, "name") != name) continue;
      if (list) *list = which;
      return &container;
    }
  }
  return nullptr;
}

std::string container_names(const Json& pod) {
  std::vector<std::string> names;
  for (auto [which, suffix] : {std::pair("containers", ""), {"ephemeralContainers", " (ephem)"}, {"initContainers", " (init)"}}) {
    for (const Json& container : json::array_or_empty(json::find(pod, {"spec", which}))) names.push_back(json::str(container, "name") + suffix);
  }
  return join(names, ", ");
}

Result<const Json*> container_or_default(Session& session, const Json& pod, const std::string& name, bool quiet) {
  if (!name.empty()) {
    if (const Json* container = find_container(pod, name)) return container;
    return plain_error("container " + name + " is not valid for pod " + pod_name(pod) + " out of: " + container_names(pod));
  }
  const Json& containers = json::array_or_empty(json::find(pod, {"spec", "containers"}));
  if (containers.empty()) return plain_error("pod " + pod_namespace(pod) + "/" + pod_name(pod) + " does not have any containers");
  std::string annotated = json::str(pod, {"metadata", "annotations", "kubectl.kubernetes.io/default-container"});
  if (!annotated.empty()) {
    if (const Json* container = find_container(pod, annotated)) return container;
  }
  bool several = containers.size() > 1 || !json::array_or_empty(json::find(pod, {"spec", "initContainers"})).empty() ||
                 !json::array_or_empty(json::find(pod, {"spec", "ephemeralContainers"})).empty();
  if (!quiet && several) {
    session.err << "Defaulted container \"" << json::str(containers[0], "name") << "\" out of: " << container_names(pod) << '\n' << std::flush;
  }
  return &containers[0];
}

Flag pod_timeout_flag(std::string_view fallback) {
  return {"pod-running-timeout", 0, FlagType::kDuration, fallback,
          "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running"};
}

Result<std::chrono::nanoseconds> pod_timeout_of(Session& session) {
  auto timeout = session.flags.duration("pod-running-timeout");
  if (timeout.count() <= 0) return usage_error("--pod-running-timeout must be higher than zero");
  return timeout;
}

}  // namespace skerry::kubectl
