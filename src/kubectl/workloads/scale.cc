// kubectl scale and autoscale.
#include <algorithm>
#include <chrono>

#include "api/quantity.h"
#include "base/strings.h"
#include "json/patch.h"
#include "kubectl/change/last_applied.h"
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
             record_flag(),
             selector_flag(),
             {"timeout", 0, kDuration, "0s", "The length of time to wait before giving up on a scale operation, zero means don't wait."},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to set a new size") + print_flags();
}

// Waits until there are as many replicas as were asked for, or somebody else asks for another number.
Status wait_for_size(Objects& objects, const Item& item, int64_t replicas, std::chrono::nanoseconds timeout) {
  using SteadyClock = std::chrono::steady_clock;
  auto deadline = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(timeout);
  for (;;) {
    Json scale = TRY(objects.get(item.mapping, item.ns, item.name, "scale"));
    int64_t wanted = json::integer(scale, {"spec", "replicas"});
    if (wanted != replicas || json::integer(scale, {"status", "replicas"}) == replicas) return {};
    auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - SteadyClock::now());
    if (SteadyClock::now() >= deadline) return plain_error("timed out waiting for \"" + item.name + "\" to be synced");
    // Until the object changes, or some time has passed in which the change may have been missed.
    TRY(objects.watch(
        item.mapping, item.ns, {.field_selector = "metadata.name=" + item.name, .resource_version = json::str(scale, {"metadata", "resourceVersion"})},
        [](const std::string&, const Json&) { return false; }, static_cast<int>(std::min<int64_t>(left.count() + 1, 30))));
  }
}

Status scale_one(Session& s, Objects& objects, const Item& item, DryRun dry_run) {
  int64_t replicas = s.flags.number("replicas"), current = s.flags.number("current-replicas");
  std::string version = s.flags.text("resource-version");
  if (current >= 0 || !version.empty()) {
    Json scale = TRY(objects.get(item.mapping, item.ns, item.name, "scale"));
    int64_t is = json::integer(scale, {"spec", "replicas"});
    if (current >= 0 && is != current) return plain_error("Expected replicas to be " + std::to_string(current) + ", was " + std::to_string(is));
    std::string is_version = json::str(scale, {"metadata", "resourceVersion"});
    if (!version.empty() && is_version != version) return plain_error("Expected resource version to be " + version + ", was " + is_version);
  }
  Json patch = {{"spec", {{"replicas", replicas}}}};
  if (!version.empty()) patch["metadata"]["resourceVersion"] = version;
  TRY(objects.patch(item.mapping, item.ns, item.name, PatchKind::kMerge, json::dump(patch), {.dry_run = dry_run == DryRun::kServer, .subresource = "scale"}));
  if (auto timeout = s.flags.duration("timeout"); timeout.count() > 0 && dry_run == DryRun::kNone) TRY(wait_for_size(objects, item, replicas, timeout));
  return {};
}

Result<int> run_scale(Session& s) {
  if (!s.flags.changed("replicas")) return plain_error("required flag(s) \"replicas\" not set");
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run));
  int64_t replicas = s.flags.number("replicas");
  if (replicas < 0) return plain_error("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
  if (s.flags.number("current-replicas") < -1) return plain_error("The --current-replicas must specify an integer of -1 or greater");
  Selection q = selection_of(s);
  if (!q.label_selector.empty()) q.all = false;
  auto found = TRY(select(s, q, {.fetch = true}));
  if (found.items.size() > 1 && !s.flags.text("resource-version").empty()) return plain_error("cannot use --resource-version with multiple resources");
  if (found.items.empty() && found.errors.empty()) return plain_error("no objects passed to scale");
  auto* objects = TRY(s.objects());
  // The first that fails ends it, and hides what could not be read.
  for (auto& item : found.items) {
    if (dry_run != DryRun::kClient) TRY(scale_one(s, *objects, item, dry_run));
    // Where other kinds have their replicas only they know.
    if (item.mapping.group.empty() || item.mapping.group == "apps") item.object["spec"]["replicas"] = replicas;
    if (s.flags.boolean("record") && dry_run == DryRun::kNone) {
      Json recorded = Json::object();
      record_change(s, recorded);
      (void)objects->patch(item.mapping, item.ns, item.name, PatchKind::kMerge, json::dump(recorded));  // of no consequence, for kubectl too
      item.object = json::apply_merge_patch(item.object, recorded);
    }
    TRY(printer->print(item, item.object, "scaled"));
  }
  s.fail(found.errors);
  return 0;
}

// ---- autoscale ----

std::vector<Flag> autoscale_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"cpu", 0, kString, "", "The target CPU utilization over all pods, such as '80%' or '500m'."},
             {"cpu-percent", 0, kInt, "-1", "The target average CPU utilization (represented as a percent of requested CPU) over all the pods.", "", true, "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU)."},
             dry_run_flag(),
             field_manager_flag("kubectl-autoscale"),
             {"max", 0, kInt, "-1", "The upper limit for the number of pods that can be set by the autoscaler. Required.", "", false, "", true},
             {"memory", 0, kString, "", "The target memory over all pods, such as '80%' or '500Mi'."},
             {"min", 0, kInt, "-1", "The lower limit for the number of pods that can be set by the autoscaler. If it's not specified or negative, the server will apply a default value."},
             {"name", 0, kString, "", "The name for the newly created object. If not specified, the name of the input resource will be used."},
             record_flag(),
             {"save-config", 0, kBool, "false", "If true, the configuration of current object will be saved in its annotation."},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to autoscale.") + print_flags();
}

Json utilization(int64_t percent) { return {{"type", "Utilization"}, {"averageUtilization", percent}}; }

// The target of --cpu and --memory: "80%", an amount, or a bare number of `unit`.
Result<Json> metric_target(const char* resource, std::string_view text, const char* unit) {
  text = trim(text);
  if (ends_with(text, "%")) {
    auto number = text.substr(0, text.size() - 1);
    auto percent = parse_int(number);
    if (!percent || *percent < 0 || *percent > INT32_MAX) return plain_error("invalid percentage value: " + std::string(number));
    return utilization(*percent);
  }
  bool bare = text.find_first_not_of("0123456789.") == std::string_view::npos;
  auto amount = api::Quantity::parse(bare ? std::string(text) + unit : std::string(text));
  if (!amount) return plain_error(std::string("invalid resource ") + resource + " value: " + std::string(text));
  return Json{{"type", "AverageValue"}, {"averageValue", amount->to_string()}};
}

Json metric(const char* resource, Json target) { return {{"type", "Resource"}, {"resource", {{"name", resource}, {"target", std::move(target)}}}}; }

Result<Json> metrics_of(const Flags& f) {
  Json out = Json::array();
  std::string cpu = f.text("cpu"), memory = f.text("memory");
  int64_t percent = f.number("cpu-percent");
  if (percent > 0 && !cpu.empty()) return plain_error("--cpu-percent and --cpu are mutually exclusive");
  if (percent > 0) out.push_back(metric("cpu", utilization(percent)));
  if (!cpu.empty()) {
    Json target = TRY(metric_target("cpu", cpu, "m"));
    out.push_back(metric("cpu", std::move(target)));
  }
  if (!memory.empty()) {
    Json target = TRY(metric_target("memory", memory, "Mi"));
    out.push_back(metric("memory", std::move(target)));
  }
  return out;
}

Status autoscale_one(Session& s, Objects& objects, const Item& item, const Json& metrics, DryRun dry_run, ResultPrinter& printer) {
  const Flags& f = s.flags;
  std::string name = f.text("name").empty() ? item.name : f.text("name"), ns = TRY(s.ns());
  auto& sub = item.mapping.subresources;
  if (std::find(sub.begin(), sub.end(), "scale") == sub.end())
    return plain_error("cannot autoscale a " + item.mapping.kind + ": could not find scale subresource for " + item.mapping.group + "/" + item.mapping.version + ", Resource=" +
                       item.mapping.resource + " in discovery information");
  Json spec = {{"maxReplicas", f.number("max")}, {"scaleTargetRef", {{"apiVersion", item.mapping.api_version()}, {"kind", item.mapping.kind}, {"name", item.name}}}};
  if (f.number("min") > 0) spec["minReplicas"] = f.number("min");
  if (!metrics.empty()) spec["metrics"] = metrics;
  Json hpa = {{"apiVersion", "autoscaling/v2"}, {"kind", "HorizontalPodAutoscaler"}, {"metadata", {{"name", name}}}, {"spec", spec},
              {"status", {{"currentMetrics", nullptr}, {"desiredReplicas", 0}}}};
  if (s.ns_enforced()) hpa["metadata"]["namespace"] = ns;
  record_change(s, hpa);
  Item made{.mapping = mapping_of("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true), .ns = ns, .name = name};
  if (dry_run == DryRun::kClient) return printer.print(made, hpa, "created");
  if (f.boolean("save-config")) hpa = with_last_applied(std::move(hpa), true);
  WriteOptions write = TRY(write_options_of(s));
  hpa = TRY(objects.create(made.mapping, ns, hpa, write));
  return printer.print(made, hpa, "autoscaled");
}

Result<int> run_autoscale(Session& s) {
  const Flags& f = s.flags;
  if (!f.changed("max")) return plain_error("required flag(s) \"max\" not set");
  DryRun dry_run = TRY(dry_run_of(s));
  int64_t most = f.number("max"), least = f.number("min");
  if (most < 1) return plain_error("--max=MAXPODS is required and must be at least 1, max: " + std::to_string(most));
  if (most < least) return plain_error("--max=MAXPODS must be larger or equal to --min=MINPODS, max: " + std::to_string(most) + ", min: " + std::to_string(least));
  Json metrics = TRY(metrics_of(f));
  auto printer = TRY(result_printer(s, dry_run, true));
  Selection q = selection_of(s);
  // What a file describes need not exist.
  auto found = TRY(select(s, q, {.fetch = q.filenames.empty() && q.kustomize.empty()}));
  auto* objects = TRY(s.objects());
  for (auto& item : found.items) {
    auto done = autoscale_one(s, *objects, item, metrics, dry_run, *printer);
    if (!done) found.errors.push_back(done.error());
  }
  s.fail(found.errors);
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
