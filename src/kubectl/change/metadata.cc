// kubectl label and kubectl annotate.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "json/patch.h"
#include "kubectl/change/commands.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

// What differs between the two commands.
struct Words {
  std::string_view field;      // of metadata
  std::string_view noun;       // "label"
  std::string_view done;       // "labeled"
  std::string_view not_done;   // "not labeled"; empty: always done
  std::string_view removed;    // "unlabeled"
  std::string_view both;       // "modified"
};
constexpr Words kLabelWords{"labels", "label", "labeled", "not labeled", "unlabeled", "modified"};
constexpr Words kAnnotateWords{"annotations", "annotation", "annotated", "", "annotated", "annotated"};

std::vector<Flag> flags_of(std::string_view manager) {
  using enum FlagType;
  return std::vector<Flag>{
             {"all", 0, kBool, "false", "Select all resources, in the namespace of the specified resource types"},
             all_namespaces_flag(),
             dry_run_flag(),
             field_manager_flag(manager),
             field_selector_flag(),
             {"list", 0, kBool, "false", "If true, display what the resource has."},
             {"local", 0, kBool, "false", "If true, the command will NOT contact the api-server but run locally."},
             {"overwrite", 0, kBool, "false", "If true, allow values to be overwritten, otherwise reject updates that overwrite existing ones."},
             {"resource-version", 0, kString, "",
              "If non-empty, the update will only succeed if this is the current resource-version for the object. Only valid when specifying a single resource."},
             selector_flag(),
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to update") + print_flags();
}

struct Change {
  std::vector<std::string> resources;
  std::map<std::string, std::string> set;
  std::vector<std::string> remove;
};

// Words that are "key=value" or "key-" behind the resources.
Result<Change> parse_words(const std::vector<std::string>& words, const Words& w) {
  Change c;
  for (auto& word : words) {
    auto eq = word.find('=');
    bool removal = eq == std::string::npos && ends_with(word, "-");
    if (eq == std::string::npos && !removal) {
      if (!c.set.empty() || !c.remove.empty())
        return plain_error("all resources must be specified before " + std::string(w.noun) + " changes: " + word);
      c.resources.push_back(word);
    } else if (removal) {
      c.remove.push_back(word.substr(0, word.size() - 1));
    } else {
      if (eq == 0) return plain_error("invalid " + std::string(w.noun) + " format: " + word);
      c.set[word.substr(0, eq)] = word.substr(eq + 1);
    }
  }
  for (auto& key : c.remove)
    if (c.set.count(key)) return plain_error("can not both modify and remove " + std::string(w.noun == "label" ? "a label" : "an annotation") + " in the same command");
  return c;
}

Status check_overwrite(const Change& change, const Json& current, const Words& w) {
  std::vector<std::string> existing;
  for (auto& [key, value] : change.set) {
    const Json& old = json::find(current, {key});
    if (!old.is_string() || old == value) continue;
    existing.push_back("'" + key + "' already has a value (" + old.get<std::string>() + ")");
  }
  if (existing.empty()) return {};
  if (w.noun == "label") {
    std::string all;
    for (auto& e : existing) all += (all.empty() ? "" : "\n") + e + ", and --overwrite is false";
    return plain_error(all);
  }
  return plain_error("--overwrite is false but found the following declared annotation(s): " + join(existing, "; "));
}

Result<int> change(Session& s, const Words& w) {
  const Flags& f = s.flags;
  auto change = TRY(parse_words(s.words(), w));
  bool list = f.boolean("list"), local = f.boolean("local");
  if (change.set.empty() && change.remove.empty() && !list) return plain_error("at least one " + std::string(w.noun) + " update is required");
  std::string version = f.text("resource-version");
  if (list && !f.text("output").empty()) return plain_error("--list and --output may not be specified together");
  DryRun dry_run = TRY(dry_run_of(s));
  if (local && dry_run == DryRun::kServer) return plain_error("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  auto printer = TRY(result_printer(s, dry_run));
  WriteOptions write = TRY(write_options_of(s));
  Selection q = selection_of(s);
  q.words = change.resources;
  auto items = TRY(select_items(s, q, {.fetch = true}));
  if (!version.empty() && items.size() > 1) return plain_error("--resource-version may only be used with a single resource");
  auto* objects = local ? nullptr : TRY(s.objects());
  for (auto& item : items) {
    const Json& current = json::find(item.object, {"metadata", w.field});
    if (!f.boolean("overwrite") && !local) {
      auto allowed = check_overwrite(change, current, w);
      if (!allowed) {
        s.fail(allowed.error());
        continue;
      }
    }
    Json patch_values = Json::object();
    for (auto& [key, value] : change.set) patch_values[key] = value;
    for (auto& key : change.remove) {
      if (json::find(current, {key}).is_null() && w.noun == "label") s.out << "label \"" << key << "\" not found.\n";
      patch_values[key] = nullptr;
    }
    Json patch = {{"metadata", {{std::string(w.field), patch_values}}}};
    if (!version.empty()) patch["metadata"]["resourceVersion"] = version;
    Json local_result = json::apply_merge_patch(item.object, patch);
    bool changed = json::find(local_result, {"metadata", w.field}) != current;
    std::string_view operation = w.done;
    if (!change.remove.empty()) operation = change.set.empty() ? w.removed : w.both;
    if (!changed && !w.not_done.empty()) operation = w.not_done;
    Json result = local_result;
    if (!local && dry_run != DryRun::kClient && (changed || !version.empty())) {
      auto answer = objects->patch(item.mapping, item.ns, item.name, PatchKind::kMerge, json::dump(patch), write);
      if (!answer) {
        s.fail(answer.error());
        continue;
      }
      result = std::move(*answer);
    }
    if (list) {
      if (items.size() > 1) s.out << "Listing " << w.field << " for " << item.mapping.kind << "." << item.mapping.group << "/" << item.name << ":\n";
      for (auto& [key, value] : json::object_or_empty(json::find(result, {"metadata", w.field})).items())
        s.out << (items.size() > 1 ? " " : "") << key << "=" << (value.is_string() ? value.get<std::string>() : "") << '\n';
      continue;
    }
    TRY(printer->print(item, result, operation));
  }
  return 0;
}

}  // namespace

constexpr Command kLabel{
    .use = "label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    .brief = "Update the labels on a resource",
    .text = "Set labels (key=value) and remove them (key-). A label that has another value is changed only with --overwrite.",
    .examples = "  # One pod\n  kubectl label pods web tier=front\n\n  # Another value, on all pods\n  kubectl label --overwrite pods --all tier=back\n\n"
                "  # Without the label\n  kubectl label pods web tier-\n",
    .flags = [] { return flags_of("kubectl-label"); },
    .run = [](Session& s) { return change(s, kLabelWords); },
    .complete = complete_resources,
};

constexpr Command kAnnotate{
    .use = "annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    .brief = "Update the annotations on a resource",
    .text = "Set annotations (key=value) and remove them (key-). One that exists is changed only with --overwrite.",
    .examples = "  # One pod\n  kubectl annotate pods web note='do not touch'\n\n  # Without the annotation\n  kubectl annotate pods web note-\n",
    .flags = [] { return flags_of("kubectl-annotate"); },
    .run = [](Session& s) { return change(s, kAnnotateWords); },
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
