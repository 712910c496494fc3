// kubectl rollout: history, pause, restart, resume, undo (status is in rollout_status.cc).
#include "base/clock.h"
#include "base/strings.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/completion.h"
#include "kubectl/describe/pod_parts.h"
#include "kubectl/describe/writer.h"
#include "kubectl/objects.h"
#include "kubectl/printing.h"
#include "kubectl/select.h"
#include "kubectl/workloads/commands.h"
#include "kubectl/workloads/history.h"
#include "kubectl/write_flags.h"
#include "output/tab_writer.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kChangeCause = "kubernetes.io/change-cause";
constexpr std::string_view kRestartedAt = "kubectl.kubernetes.io/restartedAt";

std::vector<Flag> common_flags() { return std::vector<Flag>{selector_flag()} + file_flags() + print_flags(); }
std::vector<Flag> write_flags() { return std::vector<Flag>{field_manager_flag("kubectl-rollout")} + common_flags(); }

// A type without names means all of them here. What cannot be had is for the list of failures.
Result<Selected> fetch(Session& s) {
  if (s.words().empty() && s.flags.list("filename").empty() && s.flags.text("kustomize").empty()) return plain_error("required resource not specified");
  return select(s, selection_of(s), {.fetch = true, .bare_types = BareTypes::kEach});
}

std::string template_text(const Json& pod_template) {
  Writer w(false);
  put_pod_template(w, pod_template);
  return w.take();
}

// ---- history ----

std::vector<Flag> history_flags() {
  return std::vector<Flag>{{"revision", 0, FlagType::kInt, "0", "See the details, including podTemplate of the revision specified"}} + common_flags();
}

// Kinds that could have a history in kubectl's eyes.
bool runs_pods(const Item& item) {
  for (std::string_view kind : {"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet"})
    if (item.mapping.kind == kind) return true;
  return false;
}

Status show_history(Session& s, Objects& objects, const Item& item, int64_t wanted) {
  if (!has_history(item.mapping) && runs_pods(item)) return plain_error("no history viewer has been implemented for \"" + item.mapping.group_kind() + "\"");
  if (!has_history(item.mapping))
    return plain_error("error retrieving history for \"" + item.mapping.group_kind() + "\", no visitor method exists for {" + item.mapping.group + " " + item.mapping.kind + "}");
  auto revisions = TRY(revisions_of(objects, item));
  if (wanted > 0 && !revisions.count(wanted)) return plain_error("unable to find the specified revision");
  if (!s.flags.text("output").empty()) {
    auto printer = TRY(output::make_printer(output_flags_of(s), {}, template_reader(s)));
    for (auto& [number, revision] : revisions)
      if (wanted == 0 || number == wanted) TRY(printer->print(revision.object, s.out));
    return {};
  }
  if (wanted > 0) {
    auto& r = revisions[wanted];
    s.out << item.display_name() << " with revision #" << wanted << '\n';
    std::string cause = json::str(r.object, {"metadata", "annotations", kChangeCause});
    Json pod_template = r.pod_template;
    if (!cause.empty()) pod_template["metadata"]["annotations"][std::string(kChangeCause)] = cause;
    s.out << template_text(pod_template) << '\n';
    return {};
  }
  if (revisions.empty()) {
    s.out << item.display_name() << " \nNo rollout history found.\n";
    return {};
  }
  output::TabWriter table({.min_width = 0, .tab_width = 8, .padding = 2, .pad = ' '});
  table.write("REVISION\tCHANGE-CAUSE\n");
  for (auto& [number, revision] : revisions) {
    std::string cause = json::str(revision.object, {"metadata", "annotations", kChangeCause});
    table.write(std::to_string(number) + "\t" + (cause.empty() ? "<none>" : cause) + "\n");
  }
  s.out << item.display_name() << " \n" << table.flush() << '\n';
  return {};
}

Result<int> run_history(Session& s) {
  int64_t wanted = s.flags.number("revision");
  if (!s.words().empty() && wanted < 0) return plain_error("revision must be a positive integer: " + std::to_string(wanted));
  auto found = TRY(fetch(s));
  auto* objects = TRY(s.objects());
  for (auto& item : found.items) {
    auto shown = show_history(s, *objects, item, wanted);
    if (!shown) found.errors.push_back(shown.error());
  }
  s.fail(found.errors);
  return 0;
}

// ---- pause, resume, restart ----

Error refused(const Item& item, const std::string& why) { return plain_error("error: " + item.mapping.group_resource() + " \"" + item.name + "\" " + why); }
Error unsupported(const Item& item, std::string_view what) {
  return refused(item, std::string(what) + " is not supported");
}

// Patches every item; `make` gives the patch or why there is none.
Result<int> patch_all(Session& s, std::string_view operation, Result<Json> (*make)(const Item&)) {
  auto printer = TRY(result_printer(s, DryRun::kNone, true));
  WriteOptions write = TRY(write_options_of(s));
  auto found = TRY(fetch(s));
  if (found.items.empty() && found.errors.empty()) s.err << "No resources found in " << TRY(s.ns()) << " namespace.\n";
  auto* objects = TRY(s.objects());
  for (auto& item : found.items) {
    auto patch = make(item);
    if (!patch) {
      found.errors.push_back(patch.error());
      continue;
    }
    auto answer = objects->patch(item.mapping, item.ns, item.name, PatchKind::kStrategic, json::dump(*patch), write);
    if (!answer) {
      found.errors.push_back(plain_error("failed to patch: " + answer.error().message));
      continue;
    }
    TRY(printer->print(item, *answer, operation));
  }
  s.fail(found.errors);
  return 0;
}

bool is_deployment(const Item& item) { return item.mapping.kind == "Deployment" && item.mapping.group == "apps"; }

Result<int> run_pause(Session& s) {
  return patch_all(s, "paused", [](const Item& item) -> Result<Json> {
    if (!is_deployment(item)) return unsupported(item, "pausing");
    if (json::boolean(item.object, {"spec", "paused"})) return refused(item, "is already paused");
    return Json{{"spec", {{"paused", true}}}};
  });
}

Result<int> run_resume(Session& s) {
  return patch_all(s, "resumed", [](const Item& item) -> Result<Json> {
    if (!is_deployment(item)) return unsupported(item, "resuming");
    if (!json::boolean(item.object, {"spec", "paused"})) return refused(item, "is not paused");
    return Json{{"spec", {{"paused", nullptr}}}};
  });
}

Result<int> run_restart(Session& s) {
  return patch_all(s, "restarted", [](const Item& item) -> Result<Json> {
    if (!has_history(item.mapping)) return unsupported(item, "restarting");
    if (json::boolean(item.object, {"spec", "paused"})) return refused(item, "can't restart paused deployment (run rollout resume first)");
    std::string now = format_rfc3339(SystemClock().now());
    if (json::str(item.object, {"spec", "template", "metadata", "annotations", kRestartedAt}) == now)
      return plain_error("failed to create patch for " + item.name +
                         ": if restart has already been triggered within the past second, please wait before attempting to trigger another");
    Json annotations = {{std::string(kRestartedAt), now}};
    return Json{{"spec", {{"template", {{"metadata", {{"annotations", annotations}}}}}}}};
  });
}

// ---- undo ----

std::vector<Flag> undo_flags() {
  return std::vector<Flag>{
             dry_run_flag(),
             {"to-revision", 0, FlagType::kInt, "0", "The revision to rollback to. Default to 0 (last revision)."},
         } +
         common_flags();
}

// The message that is printed behind the object's name.
Result<std::string> undo(Objects& objects, const Item& item, int64_t to, DryRun dry_run) {
  if (!has_history(item.mapping) && runs_pods(item)) return plain_error("no rollbacker has been implemented for \"" + item.mapping.group_kind() + "\"");
  if (!has_history(item.mapping))
    return plain_error("error retrieving rollbacker for \"" + item.mapping.group_kind() + "\", no visitor method exists for {" + item.mapping.group + " " + item.mapping.kind + "}");
  if (to < 0) return plain_error("unable to find specified revision " + std::to_string(to) + " in history");
  auto revisions = TRY(revisions_of(objects, item));
  const Revision* target = nullptr;
  if (to > 0) {
    if (!revisions.count(to)) return plain_error("unable to find specified revision " + std::to_string(to) + " in history");
    target = &revisions[to];
  } else {
    // The one before the newest.
    if (revisions.size() < 2 && !is_deployment(item)) return plain_error("no last revision to roll back to");
    if (revisions.size() < 2) return plain_error("no rollout history found for " + to_lower(item.mapping.kind) + " \"" + item.name + "\"");
    target = &std::prev(revisions.end(), 2)->second;
  }
  if (dry_run == DryRun::kClient) return (is_deployment(item) ? "" : "will roll back to ") + template_text(target->pod_template);
  WriteOptions write{.dry_run = dry_run == DryRun::kServer};
  if (!is_deployment(item)) {
    if (json::find(item.object, {"spec", "template"}) == target->pod_template) return "skipped rollback (current template already matches revision " + std::to_string(to) + ")";
    auto restored = objects.patch(item.mapping, item.ns, item.name, PatchKind::kStrategic, json::dump(json::find(target->object, "data")), write);
    if (!restored) return plain_error("failed restoring revision " + std::to_string(to) + ": " + restored.error().message);
    return std::string("rolled back");
  }
  if (json::boolean(item.object, {"spec", "paused"}))
    return plain_error("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again");
  Json pod_template = target->pod_template;
  if (pod_template.contains("metadata") && pod_template["metadata"].contains("labels")) pod_template["metadata"]["labels"].erase("pod-template-hash");
  if (json::find(item.object, {"spec", "template"}) == pod_template)
    return "skipped rollback (current template already matches revision " + std::to_string(to) + ")";
  // The annotations of then, except those that are not the user's.
  Json annotations = Json::object();
  for (auto& [key, value] : json::object_or_empty(json::find(item.object, {"metadata", "annotations"})).items())
    if (key == kLastApplied || starts_with(key, "deployment.kubernetes.io/") || starts_with(key, "deprecated.deployment.rollback")) annotations[key] = value;
  for (auto& [key, value] : json::object_or_empty(json::find(target->object, {"metadata", "annotations"})).items())
    if (key != kLastApplied && !starts_with(key, "deployment.kubernetes.io/")) annotations[key] = value;
  Json patch = Json::array();
  patch.push_back({{"op", "replace"}, {"path", "/spec/template"}, {"value", pod_template}});
  patch.push_back({{"op", item.object["metadata"].contains("annotations") ? "replace" : "add"}, {"path", "/metadata/annotations"}, {"value", annotations}});
  auto restored = objects.patch(item.mapping, item.ns, item.name, PatchKind::kJson, json::dump(patch), write);
  if (!restored) return plain_error("failed restoring revision " + std::to_string(to) + ": " + restored.error().message);
  return std::string("rolled back");
}

Result<int> run_undo(Session& s) {
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run, true));
  auto found = TRY(fetch(s));
  auto* objects = TRY(s.objects());
  for (auto& item : found.items) {
    if (has_last_applied(item.object))
      s.warn("resource " + item.mapping.resource + "/" + item.name +
             " was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause "
             "unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.");
    auto done = undo(*objects, item, s.flags.number("to-revision"), dry_run);
    if (done) TRY(printer->print(item, item.object, *done));
    else found.errors.push_back(done.error());
  }
  s.fail(found.errors);
  return 0;
}

constexpr const Command* kChildren[] = {&kRolloutHistory, &kRolloutPause, &kRolloutRestart, &kRolloutResume, &kRolloutStatus, &kRolloutUndo};

}  // namespace

constexpr Command kRolloutHistory{
    .use = "history (TYPE NAME | TYPE/NAME) [flags]",
    .brief = "View rollout history",
    .text = "List the earlier versions of a deployment, daemon set or stateful set, or show one of them.",
    .examples = "  kubectl rollout history deployment/web\n\n  # What the third version was\n  kubectl rollout history deployment/web --revision=3\n",
    .flags = history_flags,
    .run = run_history,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment", "daemonset", "statefulset"}); },
};
constexpr Command kRolloutPause{
    .use = "pause RESOURCE",
    .brief = "Mark the provided resource as paused",
    .text = "A paused deployment is not rolled out until it is resumed. Other kinds cannot be paused.",
    .examples = "  kubectl rollout pause deployment/web\n",
    .flags = write_flags,
    .run = run_pause,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment"}); },
};
constexpr Command kRolloutRestart{
    .use = "restart RESOURCE",
    .brief = "Restart a resource",
    .text = "Replace all pods of a deployment, daemon set or stateful set, as for a new version.",
    .examples = "  kubectl rollout restart deployment/web\n\n  # All with a label\n  kubectl rollout restart deployment --selector=app=web\n",
    .flags = write_flags,
    .run = run_restart,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment", "daemonset", "statefulset"}); },
};
constexpr Command kRolloutResume{
    .use = "resume RESOURCE",
    .brief = "Resume a paused resource",
    .examples = "  kubectl rollout resume deployment/web\n",
    .flags = write_flags,
    .run = run_resume,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment"}); },
};
constexpr Command kRolloutUndo{
    .use = "undo (TYPE NAME | TYPE/NAME) [flags]",
    .brief = "Undo a previous rollout",
    .text = "Go back to the version before, or to the one that --to-revision names.",
    .examples = "  kubectl rollout undo deployment/web\n\n  kubectl rollout undo deployment/web --to-revision=3\n",
    .flags = undo_flags,
    .run = run_undo,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment", "daemonset", "statefulset"}); },
};
constexpr Command kRollout{
    .use = "rollout SUBCOMMAND",
    .brief = "Manage the rollout of a resource",
    .text = "Follow, pause, undo and repeat rollouts of deployments, daemon sets and stateful sets.",
    .examples = "  # Follow a rollout\n  kubectl rollout status deployment/web\n\n  # Back to the version before\n  kubectl rollout undo deployment/web\n\n"
                "  # New pods, same version\n  kubectl rollout restart deployment/web\n",
    .children = kChildren,
};

}  // namespace skerry::kubectl
