// kubectl scale and autoscale.
#include <algorithm>
#include <chrono>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/workloads/commands.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

// ---- scale ----

std::vector<Flag> scale_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"all", 0, kBool, "false", "Select all resources in the namespace of the specified resource types"},
             {"current-replicas", 0, kInt, "-1", "Precondition for current size. Requires that the current size of the resource match this value in order to scale. -1 (default) for no condition."},
             dry_run_flag(),
             {"replicas", 0, kInt, "0", "The new desired number of replicas. Required.", "", false, "", true},
             {"resource-version", 0, kString, "", "Precondition for resource version. Requires that the current resource version match this value in order to scale."},
             selector_flag(),
             {"timeout", 0, kDuration, "0s", "The length of time to wait before giving up on a scale operation, zero means don't wait."},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to set a new size") + print_flags();
}

// Waits until status.replicas is what was asked for.
Status wait_for_size(Objects& objects, const Item& item, int64_t replicas, std::chrono::nanoseconds timeout) {
  using SteadyClock = std::chrono::steady_clock;
  auto deadline = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(timeout);
  for (;;) {
    Json object = TRY(objects.get(item.mapping, item.ns, item.name));
    auto reached = [&](const Json& o) {
      return json::integer(o, {"status", "replicas"}) == replicas && json::integer(o, {"status", "observedGeneration"}) >= json::integer(o, {"metadata", "generation"});
    };
    if (reached(object)) return {};
    auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - SteadyClock::now());
    if (SteadyClock::now() >= deadline) return plain_error("timed out waiting for the condition");
    bool done = false;
    TRY(objects.watch(
        item.mapping, item.ns, {.field_selector = "metadata.name=" + item.name, .resource_version = json::str(object, {"metadata", "resourceVersion"})},
        [&](const std::string& type, const Json& o) {
          done = type == "MODIFIED" && reached(o);
          return !done && type != "ERROR" && type != "DELETED";
        },
        static_cast<int>(left.count() + 1)));
    if (done) return {};
  }
}

Status scale_one(Session& s, Objects& objects, const Item& item, DryRun dry_run, Json& result) {
  int64_t replicas = s.flags.number("replicas"), current = s.flags.number("current-replicas");
  std::string version = s.flags.text("resource-version");
  if (current >= 0 || !version.empty()) {
    Json scale = TRY(objects.get(item.mapping, item.ns, item.name, "scale"));
    int64_t is = json::integer(scale, {"spec", "replicas"});
    if (current >= 0 && is != current) return plain_error("Expected replicas to be " + std::to_string(current) + ", was " + std::to_string(is));
    std::string is_version = json::str(scale, {"metadata", "resourceVersion"});
    if (!version.empty() && is_version != version) return plain_error("Expected resource version to be " + version + ", was " + is_version);
  }
  if (dry_run == DryRun::kClient) return {};
  Json patch = {{"spec", {{"replicas", replicas}}}};
  if (!version.empty()) patch["metadata"]["resourceVersion"] = version;
  result = TRY(objects.patch(item.mapping, item.ns, item.name, PatchKind::kMerge, json::dump(patch), {.dry_run = dry_run == DryRun::kServer, .subresource = "scale"}));
  if (auto timeout = s.flags.duration("timeout"); timeout.count() > 0 && dry_run == DryRun::kNone) TRY(wait_for_size(objects, item, replicas, timeout));
  return {};
}

Result<int> run_scale(Session& s) {
  if (!s.flags.changed("replicas")) return plain_error("required flag(s) \"replicas\" not set");
  if (s.flags.number("replicas") < 0) return plain_error("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run));
  auto items = TRY(select_items(s, {.fetch = true}));
  if (items.size() > 1 && !s.flags.text("resource-version").empty()) return plain_error("cannot use --resource-version with multiple resources");
  if (items.empty() && !s.failed()) return plain_error("no objects passed to scale");
  auto* objects = TRY(s.objects());
  for (auto& item : items) {
    Json result = item.object;
    auto scaled = scale_one(s, *objects, item, dry_run, result);
    if (!scaled) {
      s.fail(scaled.error());
      continue;
    }
    std::string o = s.flags.text("output");
    if (o == "name") result = item.object;  // not the Scale that came back
    else if (!o.empty() && dry_run == DryRun::kNone) result = TRY(objects->get(item.mapping, item.ns, item.name));
    TRY(printer->print(item, result, "scaled"));
  }
  return 0;
}

// ---- autoscale ----

std::vector<Flag> autoscale_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"cpu", 0, kString, "", "The target CPU utilization over all pods, such as '80%' or '500m'."},
             {"cpu-percent", 0, kInt, "-1", "The target average CPU utilization (represented as a percent of requested CPU) over all the pods.", "", true, "Use --cpu instead."},
             dry_run_flag(),
             field_manager_flag("kubectl-autoscale"),
             {"max", 0, kInt, "-1", "The upper limit for the number of pods that can be set by the autoscaler. Required.", "", false, "", true},
             {"memory", 0, kString, "", "The target memory over all pods, such as '80%' or '500Mi'."},
             {"min", 0, kInt, "-1", "The lower limit for the number of pods that can be set by the autoscaler. If it's not specified or negative, the server will apply a default value."},
             {"name", 0, kString, "", "The name for the newly created object. If not specified, the name of the input resource will be used."},
             {"save-config", 0, kBool, "false", "If true, the configuration of current object will be saved in its annotation."},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to autoscale.") + print_flags();
}

Json metric(const char* resource, const std::string& text) {
  Json target;
  if (ends_with(text, "%")) target = {{"type", "Utilization"}, {"averageUtilization", parse_int(std::string_view(text).substr(0, text.size() - 1)).value_or(0)}};
  else target = {{"type", "AverageValue"}, {"averageValue", text}};
  return {{"type", "Resource"}, {"resource", {{"name", resource}, {"target", target}}}};
}

Result<int> run_autoscale(Session& s) {
  const Flags& f = s.flags;
  if (!f.changed("max")) return plain_error("required flag(s) \"max\" not set");
  int64_t most = f.number("max"), least = f.number("min");
  if (most < 1) return plain_error("--max=MAXPODS is required and must be at least 1, max: " + std::to_string(most));
  if (most < least) return plain_error("--max=MAXPODS must be larger or equal to --min=MINPODS, max: " + std::to_string(most) + ", min: " + std::to_string(least));
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run, true));
  WriteOptions write = TRY(write_options_of(s));
  Selection q = selection_of(s);
  // What a file describes need not exist.
  auto items = TRY(select_items(s, q, {.fetch = q.filenames.empty() && q.kustomize.empty()}));
  auto* objects = TRY(s.objects());
  for (auto& item : items) {
    std::string name = f.text("name").empty() ? item.name : f.text("name");
    auto& sub = item.mapping.subresources;
    if (std::find(sub.begin(), sub.end(), "scale") == sub.end()) {
      s.fail(plain_error("cannot autoscale a " + item.mapping.kind + ": could not find scale subresource for " + item.mapping.group + "/" + item.mapping.version + ", Resource=" +
                         item.mapping.resource + " in discovery information"));
      continue;
    }
    Json spec = {{"maxReplicas", most}, {"scaleTargetRef", {{"apiVersion", item.mapping.api_version()}, {"kind", item.mapping.kind}, {"name", item.name}}}};
    if (least > 0) spec["minReplicas"] = least;
    if (!f.text("cpu").empty()) spec["metrics"].push_back(metric("cpu", f.text("cpu")));
    else if (f.number("cpu-percent") >= 0) spec["metrics"].push_back(metric("cpu", std::to_string(f.number("cpu-percent")) + "%"));
    if (!f.text("memory").empty()) spec["metrics"].push_back(metric("memory", f.text("memory")));
    Json hpa = {{"apiVersion", "autoscaling/v2"}, {"kind", "HorizontalPodAutoscaler"}, {"metadata", {{"name", name}}}, {"spec", spec},
                {"status", {{"currentMetrics", nullptr}, {"desiredReplicas", 0}}}};
    Item made{.mapping = mapping_of("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true), .ns = item.ns, .name = name};
    hpa["metadata"]["namespace"] = item.ns;
    if (dry_run != DryRun::kClient) {
      auto created = objects->create(made.mapping, item.ns, hpa, write);
      if (!created) {
        s.fail(created.error());
        continue;
      }
      hpa = std::move(*created);
    }
    TRY(printer->print(made, hpa, "autoscaled"));
  }
  return 0;
}

}  // namespace

constexpr Command kScale{
    .use = "scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    .brief = "Set a new size for a deployment, replica set, or replication controller",
    .text = "Set the number of replicas of a deployment, replica set, replication controller or stateful set, if it is what --current-replicas and "
            "--resource-version say where they are given.",
    .examples = "  # Three replicas\n  kubectl scale --replicas=3 deployment/web\n\n  # Only from two\n  kubectl scale --current-replicas=2 --replicas=3 deployment/web\n\n"
                "  # Several at once\n  kubectl scale --replicas=0 deployment/web deployment/api\n",
    .flags = scale_flags,
    .run = run_scale,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment", "replicaset", "replicationcontroller", "statefulset"}); },
};
constexpr Command kAutoscale{
    .use = "autoscale (-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY]",
    .brief = "Auto-scale a deployment, replica set, stateful set, or replication controller",
    .text = "Create a horizontal pod autoscaler that keeps the number of replicas between two bounds, by the use of processor or memory.",
    .examples = "  # Two to ten\n  kubectl autoscale deployment web --min=2 --max=10\n\n  # At most five, at 80 % of the requested processor time\n  kubectl autoscale deployment web --max=5 --cpu=80%\n",
    .flags = autoscale_flags,
    .run = run_autoscale,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"deployment", "replicaset", "replicationcontroller", "statefulset"}); },
};

}  // namespace skerry::kubectl
