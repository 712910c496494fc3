// kubectl rollout status.
#include "kubectl/workloads/rollout_status.h"

#include <algorithm>
#include <chrono>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/workloads/commands.h"
#include "kubectl/workloads/history.h"

namespace skerry::kubectl {

namespace {

std::string n(int64_t v) { return std::to_string(v); }

Result<RolloutState> deployment(const Json& d, int64_t revision) {
  std::string name = json::str(d, {"metadata", "name"}), waiting = "Waiting for deployment \"" + name + "\" rollout to finish: ";
  if (revision > 0) {
    auto current = parse_int(json::str(d, {"metadata", "annotations", kRevisionAnnotation}));
    if (!current) return plain_error("cannot get the revision of deployment \"" + name + "\"");
    if (*current != revision) return plain_error("desired revision (" + n(revision) + ") is different from the running revision (" + n(*current) + ")");
  }
  if (json::integer(d, {"metadata", "generation"}) > json::integer(d, {"status", "observedGeneration"}))
    return RolloutState{"Waiting for deployment spec update to be observed...\n"};
  for (auto& c : json::array_or_empty(json::find(d, {"status", "conditions"})))
    if (json::str(c, "type") == "Progressing" && json::str(c, "reason") == "ProgressDeadlineExceeded")
      return plain_error("deployment \"" + name + "\" exceeded its progress deadline");
  int64_t wanted = json::integer(d, {"spec", "replicas"}, 1), updated = json::integer(d, {"status", "updatedReplicas"}), all = json::integer(d, {"status", "replicas"}),
          available = json::integer(d, {"status", "availableReplicas"});
  if (updated < wanted) return RolloutState{waiting + n(updated) + " out of " + n(wanted) + " new replicas have been updated...\n"};
  if (all > updated) return RolloutState{waiting + n(all - updated) + " old replicas are pending termination...\n"};
  if (available < updated) return RolloutState{waiting + n(available) + " of " + n(updated) + " updated replicas are available...\n"};
  return RolloutState{"deployment \"" + name + "\" successfully rolled out\n", true};
}

Result<RolloutState> daemon_set(const Json& d) {
  std::string name = json::str(d, {"metadata", "name"}), waiting = "Waiting for daemon set \"" + name + "\" rollout to finish: ";
  if (json::str(d, {"spec", "updateStrategy", "type"}) != "RollingUpdate") return plain_error("rollout status is only available for RollingUpdate strategy type");
  if (json::integer(d, {"metadata", "generation"}) > json::integer(d, {"status", "observedGeneration"}))
    return RolloutState{"Waiting for daemon set spec update to be observed...\n"};
  int64_t wanted = json::integer(d, {"status", "desiredNumberScheduled"}), updated = json::integer(d, {"status", "updatedNumberScheduled"}),
          available = json::integer(d, {"status", "numberAvailable"});
  if (updated < wanted) return RolloutState{waiting + n(updated) + " out of " + n(wanted) + " new pods have been updated...\n"};
  if (available < wanted) return RolloutState{waiting + n(available) + " of " + n(wanted) + " updated pods are available...\n"};
  return RolloutState{"daemon set \"" + name + "\" successfully rolled out\n", true};
}

Result<RolloutState> stateful_set(const Json& s) {
  if (json::str(s, {"spec", "updateStrategy", "type"}) != "RollingUpdate") return plain_error("rollout status is only available for RollingUpdate strategy type");
  if (json::integer(s, {"status", "observedGeneration"}) == 0 || json::integer(s, {"metadata", "generation"}) > json::integer(s, {"status", "observedGeneration"}))
    return RolloutState{"Waiting for statefulset spec update to be observed...\n"};
  int64_t wanted = json::integer(s, {"spec", "replicas"}, 1), ready = json::integer(s, {"status", "readyReplicas"}), updated = json::integer(s, {"status", "updatedReplicas"});
  if (ready < wanted) return RolloutState{"Waiting for " + n(wanted - ready) + " pods to be ready...\n"};
  const Json& partition = json::find(s, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  if (partition.is_number_integer() && partition.get<int64_t>() > 0) {
    int64_t expected = wanted - partition.get<int64_t>();
    if (updated < expected) return RolloutState{"Waiting for partitioned roll out to finish: " + n(updated) + " out of " + n(expected) + " new pods have been updated...\n"};
    return RolloutState{"partitioned roll out complete: " + n(updated) + " new pods have been updated...\n", true};
  }
  if (json::str(s, {"status", "updateRevision"}) != json::str(s, {"status", "currentRevision"}))
    return RolloutState{"waiting for statefulset rolling update to complete " + n(updated) + " pods at revision " + json::str(s, {"status", "updateRevision"}) + "...\n"};
  return RolloutState{"statefulset rolling update complete " + n(json::integer(s, {"status", "currentReplicas"})) + " pods at revision " +
                          json::str(s, {"status", "currentRevision"}) + "...\n",
                      true};
}

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"revision", 0, kInt, "0", "Pin to a specific revision for showing its status. Defaults to 0 (last revision)."},
             selector_flag(),
             {"timeout", 0, kDuration, "0s", "The length of time to wait before ending watch, zero means never."},
             {"watch", 'w', kBool, "true", "Watch the status of the rollout until it's done."},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to get from a server.");
}

Status follow(Session& s, Objects& objects, const Item& item) {
  using SteadyClock = std::chrono::steady_clock;
  auto timeout = s.flags.duration("timeout");
  auto deadline = timeout.count() > 0 ? SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(timeout) : SteadyClock::time_point::max();
  int64_t revision = s.flags.number("revision");
  std::string last;
  // True while there is something to wait for.
  auto show = [&](const Json& object) -> Result<bool> {
    auto state = TRY(rollout_state(object, revision));
    if (state.message != last) s.out << state.message << std::flush;
    last = state.message;
    return !state.done;
  };
  Json object = item.object;
  for (;;) {
    if (!TRY(show(object)) || !s.flags.boolean("watch")) return {};
    auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - SteadyClock::now());
    if (SteadyClock::now() >= deadline) return plain_error("timed out waiting for the condition");
    ListOptions options{.field_selector = "metadata.name=" + item.name, .chunk = 0, .resource_version = json::str(object, {"metadata", "resourceVersion"})};
    Result<bool> more = true;
    bool deleted = false;
    auto watched = objects.watch(
        item.mapping, item.ns, options,
        [&](const std::string& type, const Json& o) {
          deleted = type == "DELETED";
          if (type == "ERROR" || deleted) return false;
          if (type == "ADDED" || type == "MODIFIED") more = show(o);
          return more && *more;
        },
        static_cast<int>(std::clamp<int64_t>(left.count() + 1, 1, 300)));
    if (deleted) return plain_error("object has been deleted");
    if (!more) return more.error();
    if (!*more) return {};
    if (!watched && watched.error().code == 0) return watched.error();
    if (SteadyClock::now() >= deadline) return plain_error("timed out waiting for the condition");
    object = TRY(objects.get(item.mapping, item.ns, item.name));
  }
}

Result<int> run(Session& s) {
  if (s.words().empty() && s.flags.list("filename").empty() && s.flags.text("kustomize").empty()) return plain_error("required resource not specified");
  if (int64_t revision = s.flags.number("revision"); revision < 0) return plain_error("revision must be a positive integer: " + std::to_string(revision));
  auto found = TRY(select(s, selection_of(s), {.fetch = true, .bare_types = BareTypes::kEach}));
  if (found.items.empty() && found.errors.empty()) s.err << "No resources found in " << TRY(s.ns()) << " namespace.\n";
  auto* objects = TRY(s.objects());
  for (auto& item : found.items) {
    auto status = follow(s, *objects, item);
    if (!status) found.errors.push_back(status.error());
  }
  s.fail(found.errors);
  return 0;
}

}  // namespace

Result<RolloutState> rollout_state(const Json& object, int64_t revision) {
  std::string kind = json::str(object, "kind");
  if (kind == "Deployment") return deployment(object, revision);
  if (kind == "DaemonSet") return daemon_set(object);
  if (kind == "StatefulSet") return stateful_set(object);
  std::string group = json::str(object, "apiVersion");
  group.resize(group.find('/') == std::string::npos ? 0 : group.find('/'));
  return plain_error("no status viewer has been implemented for " + kind + (group.empty() ? "" : "." + group));
}

constexpr Command kRolloutStatus{
    .use = "status (TYPE NAME | TYPE/NAME) [flags]",
    .brief = "Show the status of the rollout",
    .text = "Show how far the latest rollout is and wait until it is done, unless --watch=false. A rollout that fails ends with an error.",
    .examples = "  kubectl rollout status deployment/web\n",
    .flags = flags,
    .run = run,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment", "daemonset", "statefulset"}); },
};

}  // namespace skerry::kubectl
