#include "kubectl/nodes/cordon.h"

#include "kubectl/completion.h"
#include "kubectl/nodes/commands.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() { return {dry_run_flag(), selector_flag()}; }

Result<int> run(Session& s, bool unschedulable) {
  DryRun dry_run = TRY(dry_run_of(s));
  auto nodes = TRY(select_nodes(s));
  TRY(cordon_nodes(s, nodes, unschedulable, dry_run));
  return 0;
}

std::vector<std::string> complete_nodes(Session& s, const std::string& prefix) { return complete_names(s, "nodes", prefix); }

}  // namespace

Result<std::vector<Item>> select_nodes(Session& s) {
  std::string selector = s.flags.text("selector");
  if (s.words().empty() && selector.empty()) return usage_error("USAGE: " + std::string(s.command.use) + " [flags]");
  if (!s.words().empty() && !selector.empty()) return usage_error("cannot specify both a node name and a --selector option");
  Selection q;
  q.words = s.words();
  q.words.insert(q.words.begin(), "nodes");
  q.label_selector = selector;
  return select_items(s, q, {.fetch = true});  // none is no error, and nothing is said
}

Status cordon_nodes(Session& s, const std::vector<Item>& nodes, bool unschedulable, DryRun dry_run) {
  auto* objects = TRY(s.objects());
  const char* word = unschedulable ? "cordoned" : "uncordoned";
  for (auto& node : nodes) {
    std::string operation = word;
    if (json::boolean(node.object, {"spec", "unschedulable"}) == unschedulable) {
      operation = "already " + operation;
    } else if (dry_run != DryRun::kClient) {
      Json patch = {{"spec", {{"unschedulable", unschedulable ? Json(true) : Json(nullptr)}}}};
      auto answer = objects->patch(node.mapping, "", node.name, PatchKind::kStrategic, json::dump(patch), {.dry_run = dry_run == DryRun::kServer});
      if (!answer) {
        s.fail(plain_error("unable to " + std::string(unschedulable ? "cordon" : "uncordon") + " node \"" + node.name + "\": " + answer.error().message));
        continue;
      }
    }
    s.out << "node/" << node.name << ' ' << operation << (dry_run == DryRun::kClient ? " (dry run)" : dry_run == DryRun::kServer ? " (server dry run)" : "") << '\n';
  }
  s.out << std::flush;
  return {};
}

constexpr Command kCordon{
    .use = "cordon NODE",
    .brief = "Mark node as unschedulable",
    .text = "New pods are not put on the node; those that run there stay.",
    .examples = "  kubectl cordon shop-1\n",
    .flags = flags,
    .run = [](Session& s) { return run(s, true); },
    .complete = complete_nodes,
};
constexpr Command kUncordon{
    .use = "uncordon NODE",
    .brief = "Mark node as schedulable",
    .text = "New pods may be put on the node again.",
    .examples = "  kubectl uncordon shop-1\n",
    .flags = flags,
    .run = [](Session& s) { return run(s, false); },
    .complete = complete_nodes,
};

}  // namespace skerry::kubectl
