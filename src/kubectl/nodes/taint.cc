// kubectl taint.
#include <algorithm>

#include "api/validate_names.h"
#include "base/strings.h"
#include "kubectl/nodes/commands.h"
#include "kubectl/completion.h"
#include "kubectl/discovery.h"
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

bool is_change(const std::string& word) { return ends_with(word, "-") || word.find_first_of("=:") != std::string::npos; }

// "key=value:Effect", "key:Effect" or "key".
Result<Taint> parse_taint(const std::string& spec) {
  auto invalid = [&](const std::string& why) { return usage_error("invalid taint spec: " + spec + (why.empty() ? "" : ", " + why)); };
  Taint t;
  t.key = spec;
  if (auto colon = spec.find(':'); colon != std::string::npos) {
    if (spec.find(':', colon + 1) != std::string::npos) return invalid("");
    t.effect = spec.substr(colon + 1);
    TRY(check_effect(t.effect));
    t.key = spec.substr(0, colon);
    if (auto eq = t.key.find('='); eq != std::string::npos) {
      t.value = t.key.substr(eq + 1);
      t.key.resize(eq);
      if (t.value.find('=') != std::string::npos) return invalid("");
      if (auto why = api::label_value_problem(t.value); !why.empty()) return invalid(why);
    }
  }
  if (auto why = api::qualified_name_problem(t.key); !why.empty()) return invalid(why);
  return t;
}

struct Change {
  std::vector<std::string> words;  // the type and the nodes
  std::vector<Taint> add, remove;
};

Result<Change> parse(const std::vector<std::string>& words) {
  Change c;
  std::vector<std::string> specs;
  for (auto& word : words) {
    if (is_change(word)) specs.push_back(word);
    else if (!specs.empty()) return plain_error("all resources must be specified before taint changes: " + word);
    else c.words.push_back(word);
  }
  if (c.words.empty()) return plain_error("one or more resources must be specified as <resource> <name>");
  if (specs.empty()) return plain_error("at least one taint update is required");
  for (auto& spec : specs) {
    if (ends_with(spec, "-")) {
      c.remove.push_back(TRY(parse_taint(spec.substr(0, spec.size() - 1))));
      continue;
    }
    Taint t = TRY(parse_taint(spec));
    if (t.effect.empty()) return usage_error("invalid taint spec: " + spec);
    for (auto& other : c.add)
      if (other.key == t.key && other.effect == t.effect)
        return usage_error("duplicated taints with the same key and effect: {" + t.key + " " + t.value + " " + t.effect + " <nil>}");
    c.add.push_back(std::move(t));
  }
  return c;
}

// What the words may be together with each other and with --all and --selector. False: what is wrong was said.
Result<bool> check(Session& s, const Change& c) {
  auto* discovery = TRY(s.discovery());
  std::string type = to_lower(c.words[0]);
  auto mapping = discovery->by_resource(type);
  if (!mapping && starts_with(mapping.error().message, "the server doesn't have a resource type")) {
    s.err << mapping.error().message << '\n';  // kubectl has no "error: " before it here
    return false;
  }
  TRY(mapping);
  if (mapping->kind != "Node") return plain_error("invalid resource type " + type + ", only node types are supported");
  std::vector<std::string> both;
  for (auto& a : c.add)
    for (auto& r : c.remove)
      if (a.key == r.key && (r.effect.empty() || r.effect == a.effect)) both.push_back(r.key + "=" + r.effect);
  if (!both.empty()) return plain_error("can not both modify and remove the following taint(s) in the same command: " + join(both, ", "));
  bool all = s.flags.boolean("all"), selected = !s.flags.text("selector").empty();
  if (all && selected) return plain_error("setting 'all' parameter with a non empty selector is prohibited");
  if (!all && !selected && c.words.size() < 2) return plain_error("at least one resource name must be specified since 'all' parameter is not set");
  return true;
}

bool same(const Json& taint, const Taint& t) {
  return json::str(taint, "key") == t.key && (t.effect.empty() || json::str(taint, "effect") == t.effect);
}

Result<int> run(Session& s) {
  auto change = TRY(parse(s.words()));
  DryRun dry_run = TRY(dry_run_of(s));
  if (!TRY(check(s, change))) return 1;
  auto printer = TRY(result_printer(s, DryRun::kNone, true));  // no word of a dry run, as the stock client
  WriteOptions write = TRY(write_options_of(s));
  Selection q = selection_of(s);
  // With --all and --selector names do not count.
  q.words = {"nodes"};
  if (!q.all && q.label_selector.empty()) q.words.insert(q.words.end(), change.words.begin() + 1, change.words.end());
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
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"node"}); },
};

}  // namespace skerry::kubectl
