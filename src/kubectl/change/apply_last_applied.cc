#include "kubectl/change/apply_last_applied.h"

#include "json/yaml.h"
#include "kubectl/change/apply_patch.h"
#include "kubectl/change/edit_loop.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"
#include "output/json_text.h"

namespace skerry::kubectl {

namespace {

// Sets the annotation and nothing else.
Result<Json> write_annotation(Objects& objects, const Item& item, const std::string& text, const WriteOptions& options) {
  Json patch = {{"metadata", {{"annotations", {{std::string(kLastApplied), text}}}}}};
  return objects.patch(item.mapping, item.ns, item.name, PatchKind::kMerge, json::dump(patch), options);
}

// ---- view ----

std::vector<Flag> view_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"all", 0, kBool, "false", "Select all resources in the namespace of the specified resource types"},
             {"output", 'o', kString, "yaml", "Output format. Must be one of (yaml, json)"},
             selector_flag(),
         } +
         file_flags("Filename, directory, or URL to files that contains the last-applied-configuration annotations");
}

Result<int> run_view(Session& s) {
  std::string format = s.flags.text("output");
  if (format != "yaml" && format != "json") return usage_error("Unexpected -o output mode: " + format + ", the flag 'output' must be one of yaml|json");
  const auto items = TRY(select_items(s, {.fetch = true}));
  for (auto& item : items) {
    Json last = last_applied_of(item.object);
    if (last.is_null()) return 0;  // kubectl stops here, and says nothing
    if (format == "yaml") s.out << json::dump_yaml(last);
    else s.out << output::dump_json(last, 2) << '\n';
  }
  return 0;
}

// ---- set ----

std::vector<Flag> set_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"create-annotation", 0, kBool, "false", "Will create 'last-applied-configuration' annotations if current objects doesn't have one"},
             dry_run_flag(),
         } +
         file_flags("Filename, directory, or URL to files that contains the last-applied-configuration annotations") + print_flags();
}

Result<int> run_set(Session& s) {
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run));
  if (s.flags.list("filename").empty() && s.flags.text("kustomize").empty()) return plain_error("must specify one of -f and -k");
  auto* objects = TRY(s.objects());
  for (auto& item : TRY(select_items(s))) {
    auto current = objects->get(item.mapping, item.ns, item.name);
    if (!current) return with_source(current.error(), "retrieving current configuration of", item.source);
    if (!has_last_applied(*current) && !s.flags.boolean("create-annotation"))
      return plain_error("no last-applied-configuration annotation found on resource: " + item.name + ", to create the annotation, run the command with --create-annotation");
    if (last_applied_of(*current) == item.object) {
      s.out << "set-last-applied " << item.name << ": no changes required.\n";
      continue;
    }
    Json result = *current;
    if (dry_run != DryRun::kClient)
      result = TRY(write_annotation(*objects, item, output::dump_json(item.object, -1) + "\n", {.dry_run = dry_run == DryRun::kServer}));
    TRY(printer->print(item, result, "configured"));
  }
  return 0;
}

// ---- edit ----

std::vector<Flag> edit_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             field_manager_flag("kubectl-client-side-apply"),
             {"windows-line-endings", 0, kBool, "false", "Give the lines of the file the endings of Windows."},
         } +
         file_flags("Filename, directory, or URL to files to use to edit the resource") + print_flags();
}

Result<int> run_edit(Session& s) {
  auto printer = TRY(result_printer(s));
  auto selected = TRY(select(s, selection_of(s), {.fetch = true, .bare_types = BareTypes::kEach}));
  WriteOptions write = TRY(write_options_of(s));
  s.fail(selected.errors);
  if (s.failed()) return 1;
  auto* objects = TRY(s.objects());
  std::vector<Item> items;
  for (auto& item : selected.items) {
    item.object = last_applied_of(item.object);
    if (!item.object.is_null()) items.push_back(std::move(item));
  }
  if (items.empty())
    return plain_error("no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`");
  EditLoop loop{.head = kEditLastAppliedHead};
  loop.save = [&](const Item&, const Item& edited) -> Status {
    TRY(write_annotation(*objects, edited, output::dump_json(edited.object, -1) + "\n", write));
    return printer->print(edited, edited.object, "edited");
  };
  loop.skipped = [&](const Item& before) { return printer->print(before, before.object, "skipped"); };
  return edit_loop(s, items, loop);
}

}  // namespace

constexpr Command kApplyViewLastApplied{
    .use = "view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    .brief = "View the latest last-applied-configuration annotations of a resource/object",
    .text = "Show what was applied last, as apply remembers it in the object.",
    .examples = "  # By kind and name\n  kubectl apply view-last-applied deployment/web\n\n  # By file, as JSON\n  kubectl apply view-last-applied -f web.yaml -o json\n",
    .flags = view_flags,
    .run = run_view,
    .complete = complete_resources,
};

constexpr Command kApplySetLastApplied{
    .use = "set-last-applied -f FILENAME",
    .brief = "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    .text = "Make the server believe that a file was what was applied last, without changing anything else of the object.",
    .examples = "  # From now on apply compares with this file\n  kubectl apply set-last-applied -f web.yaml\n\n"
                "  # Also where the object was never applied\n  kubectl apply set-last-applied --create-annotation=true -f web.yaml\n",
    .flags = set_flags,
    .run = run_set,
};

constexpr Command kApplyEditLastApplied{
    .use = "edit-last-applied (RESOURCE/NAME | -f FILENAME)",
    .brief = "Edit latest last-applied-configuration annotations of a resource/object",
    .text = "Open the configuration that was applied last in an editor and store it back into the annotation.",
    .examples = "  # By kind and name\n  kubectl apply edit-last-applied deployment/web\n",
    .flags = edit_flags,
    .run = run_edit,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
