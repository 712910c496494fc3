// kubectl edit: objects in a text editor, again and again until the server takes them or the user gives up.
#include "kubectl/change/apply_patch.h"
#include "kubectl/change/commands.h"
#include "kubectl/change/edit_loop.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"
#include "output/printer.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             field_manager_flag("kubectl-edit"),
             {"output-patch", 0, kBool, "false", "Output the patch if the resource is edited."},
             {"save-config", 0, kBool, "false", "If true, the configuration of current object will be saved in its annotation."},
             {"subresource", 0, kString, "", "If specified, edit will operate on the subresource of the requested object."},
             validate_flag(),
             {"windows-line-endings", 0, kBool, "false", "Give the lines of the file the endings of Windows."},
         } +
         file_flags("Filename, directory, or URL to files to use to edit the resource") + print_flags();
}

// What turns `before` into `edited`, as the stock client computes it.
Result<ApplyPatch> patch_of(const Item& before, const Item& edited) {
  for (std::string_view key : {"apiVersion", "kind"})
    if (json::str(edited.object, key) != json::str(before.object, key)) return plain_error("At least one of apiVersion, kind and name was changed");
  if (edited.name != before.name) return plain_error("At least one of apiVersion, kind and name was changed");
  Json object = output::without_managed_fields(before.object);
  return make_patch(before.mapping, object, edited.object, object);
}

Result<int> run(Session& s) {
  auto printer = TRY(result_printer(s));
  WriteOptions write = TRY(write_options_of(s));
  write.subresource = s.flags.text("subresource");
  auto selected = TRY(select(s, selection_of(s), {.fetch = true, .subresource = write.subresource, .bare_types = BareTypes::kEach}));
  s.fail(selected.errors);
  if (s.failed()) return 1;
  if (selected.items.empty()) return plain_error("edit cancelled, no objects found");
  auto* objects = TRY(s.objects());
  EditLoop loop{.ask_again = true};
  loop.save = [&](const Item& before, const Item& changed) -> Status {
    Item edited = changed;
    edited.object = output::without_managed_fields(edited.object);
    if (s.flags.boolean("save-config")) edited.object = with_last_applied(std::move(edited.object));
    ApplyPatch patch = TRY(patch_of(before, edited));
    if (s.flags.boolean("output-patch")) s.out << "Patch: " << patch.body << '\n';
    Json answer = TRY(objects->patch(before.mapping, before.ns, before.name, patch.kind, patch.body, write));
    return printer->print(before, answer, "edited");
  };
  loop.skipped = [&](const Item& before) { return printer->print(before, before.object, "skipped"); };
  return edit_loop(s, selected.items, loop);
}

}  // namespace

constexpr Command kEdit{
    .use = "edit (RESOURCE/NAME | -f FILENAME)",
    .brief = "Edit a resource on the server",
    .text = "Open objects in the editor that KUBE_EDITOR or EDITOR names (else vi), as YAML or, with -o json, as JSON, and send what was changed to the server. Where "
            "the server refuses, the editor opens again with the reason at the top; leaving it without a change gives up and keeps the text in a file.",
    .examples = "  # A service\n  kubectl edit svc/web\n\n  # With another editor\n  KUBE_EDITOR=nano kubectl edit deployment web\n\n"
                "  # As JSON\n  kubectl edit job.v1.batch/backup -o json\n",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
