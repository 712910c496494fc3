// kubectl edit: objects in a text editor, again and again until the server takes them or the user gives up.
#include <unistd.h>

#include "base/strings.h"
#include "json/patch.h"
#include "json/yaml.h"
#include "kubectl/change/apply_patch.h"
#include "kubectl/change/commands.h"
#include "kubectl/change/edit_loop.h"
#include "kubectl/change/editor.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"
#include "output/json_text.h"
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
             {"windows-line-endings", 0, kBool, "false", "Accepted for compatibility: line endings of the file are those of this system."},
         } +
         file_flags("Filename, directory, or URL to files to use to edit the resource") + print_flags();
}

Result<int> run(Session& s) {
  const std::string subresource = s.flags.text("subresource");
  auto items = TRY(select_items(s, {.fetch = true, .subresource = subresource}));
  if (items.empty()) return s.failed() ? Result<int>(1) : plain_error("edit cancelled, no objects found");
  auto printer = TRY(result_printer(s));
  WriteOptions write = TRY(write_options_of(s));
  write.subresource = subresource;
  auto* objects = TRY(s.objects());
  auto save = [&](const Item& item, const Json& edited) -> Result<std::string> {
    auto& before = item.object;
    for (std::string_view key : {"apiVersion", "kind"})
      if (json::str(edited, key) != json::str(before, key)) return plain_error("At least one of apiVersion, kind and name was changed");
    if (json::str(edited, {"metadata", "name"}) != item.name) return plain_error("At least one of apiVersion, kind and name was changed");
    if (output::without_managed_fields(before) == edited) return std::string("skipped");
    Json object = edited;
    if (s.flags.boolean("save-config") || has_last_applied(object)) object = with_last_applied(std::move(object));
    Json patch = json::make_merge_patch(output::without_managed_fields(before), object);
    if (s.flags.boolean("output-patch")) s.out << "Patch: " << output::dump_json(patch, -1) << '\n';
    Json answer = TRY(objects->patch(item.mapping, item.ns, item.name, PatchKind::kMerge, json::dump(patch), write));
    TRY(printer->print(item, answer, "edited"));
    return std::string("edited");
  };
  return edit_loop(s, items, "kubectl-edit-", save);
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
