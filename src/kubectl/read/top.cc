// kubectl top.
#include "base/clock.h"
#include "base/strings.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "kubectl/read/commands.h"
#include "kubectl/read/top_table.h"
#include "kubectl/select.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

namespace {

constexpr auto kTimeToMeasure = std::chrono::minutes(2);  // a pod older than this should have metrics

std::vector<Flag> node_flags() {
  using enum FlagType;
  return {
      {"no-headers", 0, kBool, "false", "If present, print output without headers"},
      selector_flag(),
      {"show-capacity", 0, kBool, "false", "Print node resources based on Capacity instead of Allocatable(default) of the nodes."},
      {"show-swap", 0, kBool, "false", "Print node resources related to swap memory."},
      {"sort-by", 0, kString, "", "If non-empty, sort nodes list using specified field. The field can be either 'cpu' or 'memory'."},
      {"use-protocol-buffers", 0, kBool, "true", "Accepted for compatibility: metrics are read as JSON."},
  };
}

std::vector<Flag> pod_flags() {
  using enum FlagType;
  return {
      all_namespaces_flag(),
      {"containers", 0, kBool, "false", "If present, print usage of containers within a pod."},
      field_selector_flag(),
      {"no-headers", 0, kBool, "false", "If present, print output without headers."},
      selector_flag(),
      {"show-swap", 0, kBool, "false", "Print pod resources related to swap memory."},
      {"sort-by", 0, kString, "", "If non-empty, sort pods list using specified field. The field can be either 'cpu' or 'memory'."},
      {"sum", 0, kBool, "false", "Print the sum of the resource usage"},
      {"use-protocol-buffers", 0, kBool, "true", "Accepted for compatibility: metrics are read as JSON."},
  };
}

Status check_metrics_api(Session& s) {
  auto* discovery = TRY(s.discovery());
  auto* groups = TRY(discovery->groups());
  for (auto& g : *groups)
    for (auto& v : json::array_or_empty(json::find(g, "versions")))
      if (json::str(v, "groupVersion") == "metrics.k8s.io/v1beta1") return {};
  return plain_error("Metrics API not available");
}

// One object by its name, or the items of a list.
Result<std::vector<Json>> read(Session& s, const Mapping& mapping, const std::string& ns, const std::string& name, const ListOptions& options) {
  auto* objects = TRY(s.objects());
  std::vector<Json> out;
  if (!name.empty()) {
    out.push_back(TRY(objects->get(mapping, ns, name)));
    return out;
  }
  Json list = TRY(objects->list(mapping, ns, options));
  for (auto& item : list["items"]) out.push_back(std::move(item));
  return out;
}

TopOptions options_of(const Flags& f) {
  TopOptions o;
  o.sort_by = f.text("sort-by");
  o.no_headers = f.boolean("no-headers");
  o.show_swap = f.boolean("show-swap");
  return o;
}

Result<std::string> name_of(Session& s, std::string_view usage, std::string_view selectors, bool selected) {
  if (s.words().size() > 1) return usage_error(std::string(usage));
  std::string name = s.words().empty() ? "" : s.words()[0];
  if (!name.empty() && selected) return plain_error("only one of NAME or " + std::string(selectors) + " can be provided");
  std::string by = s.flags.text("sort-by");
  if (!by.empty() && by != "cpu" && by != "memory") return plain_error("--sort-by accepts only cpu or memory");
  return name;
}

Result<int> run_nodes(Session& s) {
  const Flags& f = s.flags;
  ListOptions list{.label_selector = f.text("selector"), .chunk = 0};
  auto name = TRY(name_of(s, "node [NAME | -l label]", "--selector", !list.label_selector.empty()));
  TRY(check_metrics_api(s));
  auto metrics = TRY(read(s, mapping_of("metrics.k8s.io/v1beta1", "nodes", "NodeMetrics", false), "", name, list));
  if (metrics.empty()) return plain_error("metrics not available yet");
  auto nodes = TRY(read(s, mapping_of("v1", "nodes", "Node", false), "", name, list));
  TopOptions o = options_of(f);
  o.show_capacity = f.boolean("show-capacity");
  s.out << top_nodes(std::move(metrics), nodes, o);
  return 0;
}

// Why there are no metrics: no pods, or pods that are too young.
Status explain_nothing(Session& s, const std::string& ns, const std::string& name, const ListOptions& list) {
  auto pods = TRY(read(s, mapping_of("v1", "pods", "Pod", true), ns, name, list));
  if (pods.empty()) {
    s.err << (ns.empty() ? std::string("No resources found\n") : "No resources found in " + ns + " namespace.\n");
    return {};
  }
  for (auto& pod : pods) {
    auto created = parse_rfc3339(json::str(pod, {"metadata", "creationTimestamp"}));
    auto age = SystemClock().now() - created.value_or(WallTime{});
    if (age > kTimeToMeasure)
      return plain_error("Metrics not available for pod " + json::str(pod, {"metadata", "namespace"}) + "/" + json::str(pod, {"metadata", "name"}) + ", age: " + format_duration(age));
  }
  return plain_error("metrics not available yet");
}

Result<int> run_pods(Session& s) {
  const Flags& f = s.flags;
  ListOptions list{.label_selector = f.text("selector"), .field_selector = f.text("field-selector"), .chunk = 0};
  auto name = TRY(name_of(s, "pod [NAME | -l label]", "selector", !list.label_selector.empty() || !list.field_selector.empty()));
  std::string ns;
  if (!f.boolean("all-namespaces")) ns = TRY(s.ns());
  TRY(check_metrics_api(s));
  auto metrics = TRY(read(s, mapping_of("metrics.k8s.io/v1beta1", "pods", "PodMetrics", true), ns, name, list));
  if (metrics.empty()) {
    TRY(explain_nothing(s, ns, name, list));
    return 0;
  }
  TopOptions o = options_of(f);
  o.with_namespace = f.boolean("all-namespaces");
  o.containers = f.boolean("containers");
  o.sum = f.boolean("sum");
  s.out << top_pods(std::move(metrics), o);
  return 0;
}

std::vector<std::string> complete_node(Session& s, const std::string& prefix) {
  return s.words().empty() ? complete_names(s, "nodes", prefix) : std::vector<std::string>{};
}
std::vector<std::string> complete_pod(Session& s, const std::string& prefix) {
  return s.words().empty() ? complete_names(s, "pods", prefix) : std::vector<std::string>{};
}

constexpr std::string_view kNodeAliases[] = {"nodes", "no"};
constexpr std::string_view kPodAliases[] = {"pods", "po"};

constexpr Command kTopNode{
    .use = "node [NAME | -l label]",
    .brief = "Display resource (CPU/memory) usage of nodes",
    .text = "Show how much CPU and memory nodes use.",
    .examples = "  # All nodes\n  kubectl top node\n\n  # The busiest first\n  kubectl top node --sort-by=cpu\n\n  # One node\n  kubectl top node worker-1\n",
    .flags = node_flags,
    .run = run_nodes,
    .aliases = kNodeAliases,
    .complete = complete_node,
};
constexpr Command kTopPod{
    .use = "pod [NAME | -l label]",
    .brief = "Display resource (CPU/memory) usage of pods",
    .text = "Show how much CPU and memory pods use. A new pod has no figures for the first minutes.",
    .examples = "  # Pods of the current namespace\n  kubectl top pod\n\n  # All pods, those with the most memory first\n  kubectl top pod -A --sort-by=memory\n\n"
                "  # The containers of one pod\n  kubectl top pod web-0 --containers\n\n  # Pods with a label, and their sum\n  kubectl top pod -l app=web --sum\n",
    .flags = pod_flags,
    .run = run_pods,
    .aliases = kPodAliases,
    .complete = complete_pod,
};
constexpr const Command* kChildren[] = {&kTopNode, &kTopPod};

}  // namespace

constexpr Command kTop{
    .use = "top",
    .brief = "Display resource (CPU/memory) usage",
    .text = "Show how much CPU and memory nodes and pods use. The figures come from the Metrics API (metrics.k8s.io), which the cluster must offer; "
            "they are those that autoscaling works with, and may differ from what programs like top show.",
    .examples = "  # Nodes\n  kubectl top node\n\n  # Pods of all namespaces, the busiest first\n  kubectl top pod -A --sort-by=cpu\n",
    .children = kChildren,
};

}  // namespace skerry::kubectl
