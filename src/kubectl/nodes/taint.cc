// kubectl taint.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/nodes/commands.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"all", 0, kBool, "false", "Select all nodes in the cluster"},
             dry_run_flag(),
             field_manager_flag("kubectl-taint"),
             {"overwrite", 0, kBool, "false", "If true, allow taints to be overwritten, otherwise reject taint updates that overwrite existing taints."},
             selector_flag(),
             validate_flag(),
         } +
         print_flags();
}

struct Taint {
  std::string key, value, effect;
  std::string shown() const { return key + (effect.empty() ? "" : ":" + effect); }
};

Status check_effect(const std::string& effect) {
  if (effect == "NoSchedule" || effect == "PreferNoSchedule" || effect == "NoExecute") return {};
  return usage_error("invalid taint effect: " + effect + ", unsupported taint effect");
}

struct Change {
  std::vector<std::string> words;  // the nodes
  std::vector<Taint> add, remove;
};

// "key=value:Effect", "key:Effect", "key:Effect-", "key-".
Result<Change> parse(const std::vector<std::string>& words) {
  Change c;
  for (auto& word : words) {
    bool removal = ends_with(word, "-");
    bool taint = removal || word.find_first_of("=:") != std::string::npos;
    if (!taint) {
      if (!c.add.empty() || !c.remove.empty()) return plain_error("all resources must be specified before taint changes: " + word);
      c.words.push_back(word);
      continue;
    }
    std::string text = removal ? word.substr(0, word.size() - 1) : word;
    Taint t;
    auto colon = text.find(':');
    if (colon != std::string::npos) t.effect = text.substr(colon + 1);
    text = text.substr(0, colon);
    auto eq = text.find('=');
    t.key = text.substr(0, eq);
    if (eq != std::string::npos) t.value = text.substr(eq + 1);
    if (removal) {
      if (!t.effect.empty()) TRY(check_effect(t.effect));
      c.remove.push_back(t);
      continue;
    }
    if (colon == std::string::npos) return usage_error("invalid taint spec: " + word);
    TRY(check_effect(t.effect));
    if (!is_qualified_name(t.key)) return usage_error("invalid taint spec: " + word + ", the key must be a qualified name");
    if (!is_label_value(t.value)) return usage_error("invalid taint spec: " + word + ", the value must be a valid label value");
    for (auto& other : c.add)
      if (other.key == t.key && other.effect == t.effect) return usage_error("duplicated taints with the same key and effect: " + t.shown());
    c.add.push_back(t);
  }
  for (auto& r : c.remove)
    for (auto& a : c.add)
      if (a.key == r.key && (r.effect.empty() || r.effect == a.effect)) return plain_error("can not both modify and remove the following taint(s) in the same command: " + a.shown());
  return c;
}

bool same(const Json& taint, const Taint& t) {
  return json::str(taint, "key") == t.key && (t.effect.empty() || json::str(taint, "effect") == t.effect);
}

Result<int> run(Session& s) {
  auto change = TRY(parse(s.words()));
  if (change.words.empty()) return usage_error("one or more resources must be specified as <resource> <name> or <resource>/<name>");
  if (change.add.empty() && change.remove.empty()) return plain_error("at least one taint update is required");
  std::string type = to_lower(change.words[0].substr(0, change.words[0].find('/')));
  if (type != "node" && type != "nodes" && type != "no") return plain_error("invalid resource type " + type + ", only node types are supported");
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run, true));
  WriteOptions write = TRY(write_options_of(s));
  Selection q = selection_of(s);
  q.words = change.words;
  auto nodes = TRY(select_items(s, q, {.fetch = true}));
  auto* objects = TRY(s.objects());
  for (auto& node : nodes) {
    Json taints = json::array_or_empty(json::find(node.object, {"spec", "taints"}));
    bool overwritten = false;
    bool taken = false;
    for (auto& t : change.add) {
      auto at = std::find_if(taints.begin(), taints.end(), [&](const Json& o) { return same(o, t); });
      if (at != taints.end()) {
        overwritten = true;
        taken |= !s.flags.boolean("overwrite");
        taints.erase(at);
      }
      Json added = {{"key", t.key}, {"effect", t.effect}};
      if (!t.value.empty()) added["value"] = t.value;
      taints.insert(taints.begin(), added);
    }
    if (taken) {
      s.fail(plain_error("node " + node.name + " already has a taint(s) with same effect(s) and --overwrite is false"));
      continue;
    }
    bool missing = false;
    for (auto& t : change.remove) {
      size_t before = taints.size();
      Json kept = Json::array();
      for (auto& o : taints) if (!same(o, t)) kept.push_back(o);
      taints = std::move(kept);
      if (taints.size() != before) continue;
      s.fail(plain_error("taint \"" + t.shown() + "\" not found"));
      missing = true;
    }
    if (missing && change.add.empty() && change.remove.size() == 1) continue;
    std::string_view operation = overwritten || (!change.add.empty() && !change.remove.empty()) ? "modified" : change.add.empty() ? "untainted" : "tainted";
    Json result = node.object;
    result["spec"]["taints"] = taints;
    if (dry_run != DryRun::kClient) {
      Json patch = {{"metadata", {{"resourceVersion", json::str(node.object, {"metadata", "resourceVersion"})}}}, {"spec", {{"taints", taints.empty() ? Json(nullptr) : taints}}}};
      auto answer = objects->patch(node.mapping, "", node.name, PatchKind::kMerge, json::dump(patch), write);
      if (!answer) {
        s.fail(answer.error());
        continue;
      }
      result = std::move(*answer);
    }
    TRY(printer->print(node, result, operation));
  }
  return 0;
}

}  // namespace

constexpr Command kTaint{
    .use = "taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    .brief = "Update the taints on one or more nodes",
    .text = "Taints keep pods away from a node unless they tolerate them: NoSchedule, PreferNoSchedule, or NoExecute, which also ends those that run there. \"key-\" "
            "and \"key:Effect-\" remove taints.",
    .examples = "  # Only pods that tolerate it\n  kubectl taint nodes till-1 dedicated=till:NoSchedule\n\n  # Without it\n  kubectl taint nodes till-1 dedicated:NoSchedule-\n",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
