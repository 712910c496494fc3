// kubectl label and kubectl annotate.
#include "base/strings.h"
#include "json/patch.h"
#include "kubectl/change/commands.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/values.h"
#include "kubectl/write_flags.h"
#include "output/go_format.h"

namespace skerry::kubectl {

namespace {

// What differs between the two commands.
struct Words {
  std::string_view field;    // of metadata
  std::string_view noun;     // "label"
  std::string_view example;  // "pod": the file of the example in errors
};
constexpr Words kLabelWords{"labels", "label", "pod"};
constexpr Words kAnnotateWords{"annotations", "annotation", "rsrc"};
constexpr std::string_view kChangeCause = "kubernetes.io/change-cause";

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
             record_flag(),
             selector_flag(),
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to update") + print_flags();
}

bool is_label(const Words& w) { return w.noun == "label"; }

Result<Pairs> parse_labels(const std::vector<std::string>& words) {
  std::vector<std::string> pairs;
  for (auto& word : words) {
    auto eq = word.find('=');
    if (eq == std::string::npos) continue;
    if (word.find('=', eq + 1) != std::string::npos) return plain_error("invalid label spec: " + word);
    std::string value = word.substr(eq + 1);
    if (!is_label_value(value))
      return plain_error("invalid label value: " + output::go_quote(word) + ": " +
                         (value.size() > 63 ? "must be no more than 63 bytes"
                                            : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                                              "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
                                              "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"));
  }
  auto out = TRY(parse_pairs(words, "label", true));
  for (auto& key : out.remove)
    for (auto& [set, value] : out.set)
      if (set == key) return plain_error("can not both modify and remove a label in the same command");
  return out;
}

Status check_removals(const Pairs& change) {
  std::vector<std::string> both;
  for (auto& key : change.remove)
    for (auto& [set, value] : change.set)
      if (set == key) both.push_back(key);
  if (both.empty()) return {};
  return plain_error("can not both modify and remove the following annotation(s) in the same command: " + join(both, ", "));
}

Status check_usage(Session& s, const Words& w, const WordsAndPairs& words, const Pairs& change, DryRun dry_run) {
  const Flags& f = s.flags;
  bool no_files = f.list("filename").empty() && f.text("kustomize").empty();
  if (f.boolean("all") && !f.text("selector").empty()) return plain_error("cannot set --all and --selector at the same time");
  if (f.boolean("all") && !f.text("field-selector").empty()) return plain_error("cannot set --all and --field-selector at the same time");
  std::string files = "-f " + std::string(w.example) + ".yaml or --filename=" + std::string(w.example) + ".json";
  if (f.boolean("local")) {
    if (dry_run == DryRun::kServer) return plain_error("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
    if (!words.resources.empty()) return plain_error("can only use local files by " + files + " when --local=true is set");
    if (no_files) return plain_error("one or more files must be specified as " + files);
  } else if (words.resources.empty() && no_files) {
    return plain_error("one or more resources must be specified as <resource> <name> or <resource>/<name>");
  }
  if (change.set.empty() && change.remove.empty() && !f.boolean("list")) return plain_error("at least one " + std::string(w.noun) + " update is required");
  return is_label(w) ? Status{} : check_removals(change);
}

// What stands against overwriting, as kubectl groups it: a message for each label, one for all annotations.
std::vector<Error> overwrites(const Pairs& change, const Json& current, const Words& w) {
  std::vector<std::string> existing;
  for (auto& [key, value] : change.set) {
    const Json& old = json::find(current, {key});
    if (!old.is_string() || old == value || (!is_label(w) && key == kChangeCause)) continue;
    existing.push_back("'" + key + "' already has a value (" + old.get<std::string>() + ")");
  }
  std::vector<Error> out;
  if (is_label(w)) {
    for (auto& e : existing) out.push_back(plain_error(e + ", and --overwrite is false"));
  } else if (!existing.empty()) {
    out.push_back(plain_error("--overwrite is false but found the following declared annotation(s): " + join(existing, "; ")));
  }
  return out;
}

// The failures of one object as one where there are several such objects.
Error joined(const std::vector<Error>& errors) {
  if (errors.size() == 1) return errors[0];
  std::vector<std::string> texts;
  for (auto& e : errors) texts.push_back(e.message);
  return plain_error("[" + join(texts, ", ") + "]");
}

class Change {
 public:
  Change(Session& s, const Words& w, Pairs change, DryRun dry_run) : s_(s), w_(w), change_(std::move(change)), dry_run_(dry_run) {}

  Result<int> run(const std::vector<std::string>& resources, ResultPrinter& printer) {
    Selection q = selection_of(s_);
    q.words = resources;
    if (resources.size() > 1) q.all = false;  // names say more
    auto selected = TRY(select(s_, q, {.fetch = true}));
    if (!s_.flags.text("resource-version").empty() && !selected.single) return plain_error("--resource-version may only be used with a single resource");
    std::vector<std::vector<Error>> failures;
    for (auto& e : selected.errors) failures.push_back({e});
    for (auto& item : selected.items) {
      auto errors = change(item, selected.single, printer);
      if (!errors.empty()) failures.push_back(std::move(errors));
    }
    if (failures.size() == 1) {
      s_.fail(failures[0]);
    } else {
      std::vector<Error> all;
      for (auto& f : failures) all.push_back(joined(f));
      s_.fail(all);
    }
    return 0;
  }

 private:
  std::vector<Error> change(Item& item, bool single, ResultPrinter& printer) {
    const Flags& f = s_.flags;
    bool here = f.boolean("local") || f.boolean("list") || dry_run_ == DryRun::kClient;
    const Json current = json::find(item.object, {"metadata", w_.field});
    std::string version = f.text("resource-version");
    if (!here && is_label(w_))
      for (auto& key : change_.remove)
        if (json::find(current, {key}).is_null()) s_.out << "label " << output::go_quote(key) << " not found.\n";
    if (!f.boolean("overwrite"))
      if (auto errors = overwrites(change_, current, w_); !errors.empty()) return errors;
    Json values = Json::object();
    for (auto& [key, value] : change_.set) values[key] = value;
    for (auto& key : change_.remove) values[key] = nullptr;
    Json patch = {{"metadata", {{std::string(w_.field), values}}}};
    if (!version.empty()) patch["metadata"]["resourceVersion"] = version;
    if (!version.empty()) item.object["metadata"].erase("resourceVersion");
    if (!here && s_.flags.boolean("record")) {
      Json recorded = Json::object();
      record_change(s_, recorded);
      // Where it is annotations that are set, those of the command line win.
      Json& annotations = patch["metadata"]["annotations"];
      annotations = json::apply_merge_patch(recorded["metadata"]["annotations"], annotations.is_null() ? Json::object() : annotations);
      for (auto& key : change_.remove)
        if (!is_label(w_)) patch["metadata"]["annotations"][key] = nullptr;
    }
    Json changed = json::apply_merge_patch(item.object, patch);
    std::string_view operation = done(item.object, changed);
    if (!here && changed != item.object) {
      auto answer = objects_patch(item, patch);
      if (!answer) return {answer.error()};
      changed = std::move(*answer);
    }
    if (f.boolean("list")) {
      list(item, changed, single);
      return {};
    }
    auto printed = printer.print(item, changed, operation);
    if (!printed) return {printed.error()};
    return {};
  }

  Result<Json> objects_patch(const Item& item, const Json& patch) {
    auto* objects = TRY(s_.objects());
    auto write = TRY(write_options_of(s_));
    return objects->patch(item.mapping, item.ns, item.name, PatchKind::kMerge, json::dump(patch), write);
  }

  // kubectl compares no more than the lengths.
  std::string_view done(const Json& before, const Json& after) const {
    if (!is_label(w_)) return "annotated";
    if (before == after) return "not labeled";
    return json::dump(after).size() < json::dump(before).size() ? "unlabeled" : "labeled";
  }

  void list(const Item& item, const Json& object, bool single) {
    if (!single) s_.out << "Listing " << w_.field << " for " << item.mapping.kind << "." << item.mapping.group << "/" << item.name << ":\n";
    for (auto& [key, value] : json::object_or_empty(json::find(object, {"metadata", w_.field})).items())
      s_.out << (single ? "" : " ") << key << "=" << (value.is_string() ? value.get<std::string>() : "") << '\n';
  }

  Session& s_;
  const Words& w_;
  const Pairs change_;
  const DryRun dry_run_;
};

Result<int> change(Session& s, const Words& w) {
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run));
  auto check_list = [&]() -> Status {
    if (s.flags.boolean("list") && !s.flags.text("output").empty()) return plain_error("--list and --output may not be specified together");
    return {};
  };
  if (!is_label(w)) TRY(check_list());
  auto words = TRY(split_pairs(s.words(), w.noun));
  auto pairs = TRY(is_label(w) ? parse_labels(words.pairs) : parse_pairs(words.pairs, w.noun, true));
  TRY(check_list());
  TRY(check_usage(s, w, words, pairs, dry_run));
  return Change(s, w, std::move(pairs), dry_run).run(words.resources, *printer);
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
