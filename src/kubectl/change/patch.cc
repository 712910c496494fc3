// kubectl patch.
#include "api/strategic_merge.h"
#include "json/patch.h"
#include "json/yaml.h"
#include "kubectl/builtin_type.h"
#include "kubectl/change/commands.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/sources.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             dry_run_flag(),
             field_manager_flag("kubectl-patch"),
             {"local", 0, kBool, "false", "If true, patch will operate on the content of the file, not the server-side resource."},
             {"patch", 'p', kString, "", "The patch to be applied to the resource JSON file."},
             {"patch-file", 0, kString, "", "A file containing a patch to be applied to the resource."},
             {"subresource", 0, kString, "", "If specified, patch will operate on the subresource of the requested object."},
             {"type", 0, kString, "strategic", "The type of patch being provided; one of [json merge strategic]"},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to update") + print_flags();
}

Result<Json> apply_locally(const Item& item, PatchKind kind, const Json& patch) {
  if (kind == PatchKind::kJson) return json::apply_json_patch(item.object, patch);
  if (kind == PatchKind::kMerge) return json::apply_merge_patch(item.object, patch);
  if (const api::Type* type = builtin_type(item.mapping)) return api::apply_strategic_merge(type, item.object, patch);
  return plain_error("strategic merge patch is not supported for " + item.mapping.api_version() + ", Kind=" + item.mapping.kind + " locally, try --type merge");
}

Result<int> run(Session& s) {
  const Flags& f = s.flags;
  bool local = f.boolean("local");
  if (f.changed("patch") == f.changed("patch-file") || (f.text("patch").empty() && f.text("patch-file").empty()))
    return plain_error("must specify --patch or --patch-file containing the contents of the patch");
  DryRun dry_run = TRY(dry_run_of(s));
  if (local && dry_run == DryRun::kServer) return plain_error("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  PatchKind kind;
  std::string type = f.text("type");
  if (type == "json") kind = PatchKind::kJson;
  else if (type == "merge") kind = PatchKind::kMerge;
  else if (type == "strategic") kind = PatchKind::kStrategic;
  else return usage_error("--type must be one of [json merge strategic], not \"" + type + "\"");
  std::string text = f.text("patch");
  if (f.changed("patch-file")) text = TRY(read_text(f.text("patch-file"), s.in));
  auto patch = json::parse_yaml(text);
  if (!patch) return plain_error("unable to parse \"" + text + "\": " + patch.error().message);
  auto printer = TRY(result_printer(s, dry_run));
  WriteOptions write = TRY(write_options_of(s));
  write.subresource = f.text("subresource");
  auto items = TRY(select_items(s, {.fetch = true, .subresource = write.subresource}));
  auto* objects = local ? nullptr : TRY(s.objects());
  for (auto& item : items) {
    Json result;
    if (local || dry_run == DryRun::kClient) {
      result = TRY(apply_locally(item, kind, *patch));
    } else {
      auto answer = objects->patch(item.mapping, item.ns, item.name, kind, json::dump(*patch), write);
      if (!answer) {
        const Error& e = answer.error();
        const Mapping& m = item.mapping;
        s.fail(e.code != 415 ? e : plain_error(std::string(content_type(kind)) + " is not supported by " + m.group + "/" + m.version + ", Kind=" + m.kind + ": " + e.message));
        continue;
      }
      result = std::move(*answer);
    }
    bool changed = result != item.object;
    TRY(printer->print(item, result, changed ? "patched" : "patched (no change)"));
  }
  return 0;
}

}  // namespace

constexpr Command kPatch{
    .use = "patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    .brief = "Update fields of a resource",
    .text = "Change fields of an object with a patch in JSON or YAML: a strategic merge patch (the default; lists are merged by their keys), a merge patch "
            "(--type=merge; lists are replaced) or a list of operations (--type=json). Custom resources know no strategic merge.",
    .examples = "  # A merge\n  kubectl patch node n1 -p '{\"spec\":{\"unschedulable\":true}}'\n\n"
                "  # One container's image\n  kubectl patch deployment web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"web:2\"}]}}}}'\n\n"
                "  # Operations\n  kubectl patch deployment web --type=json -p='[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":3}]'\n\n"
                "  # The scale subresource\n  kubectl patch deployment web --subresource=scale --type=merge -p '{\"spec\":{\"replicas\":2}}'\n",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
