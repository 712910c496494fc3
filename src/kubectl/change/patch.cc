// kubectl patch.
#include <unistd.h>

#include "api/strategic_merge.h"
#include "base/strings.h"
#include "json/patch.h"
#include "json/yaml.h"
#include "kubectl/builtin_type.h"
#include "kubectl/change/commands.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/sources.h"
#include "kubectl/write_flags.h"
#include "kubectl/yaml_error.h"

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

Result<PatchKind> kind_of(const std::string& type) {
  std::string lower = to_lower(type);
  if (lower == "json") return PatchKind::kJson;
  if (lower == "merge") return PatchKind::kMerge;
  if (lower == "strategic" || lower.empty()) return PatchKind::kStrategic;
  return plain_error("--type must be one of [json merge strategic], not \"" + type + "\"");
}

struct PatchText {
  std::string body{};  // as it is sent
  Json value{};        // null where the server shall say what is wrong with it
};

Result<PatchText> read_patch(Session& s) {
  std::string text = s.flags.text("patch"), file = s.flags.text("patch-file");
  if (!file.empty()) {
    auto read = read_text(file, s.in);
    if (!read && ::access(file.c_str(), F_OK) != 0) return plain_error("unable to read patch file: open " + file + ": no such file or directory");
    if (!read) return plain_error("unable to read patch file: " + read.error().message);
    text = std::move(*read);
  }
  auto value = json::parse_yaml(text);
  // JSON goes out as it stands.
  if (starts_with(trim(text), "{")) return PatchText{text, value ? std::move(*value) : Json()};
  if (!value) return plain_error("unable to parse " + json::dump(Json(s.flags.text("patch"))) + ": " + yaml_error(value.error().message, text));
  std::string body = json::dump(*value);
  return PatchText{std::move(body), std::move(*value)};
}

Result<int> run(Session& s) {
  const Flags& f = s.flags;
  bool local = f.boolean("local");
  DryRun dry_run = TRY(dry_run_of(s));
  if (!f.text("patch").empty() && !f.text("patch-file").empty()) return plain_error("cannot specify --patch and --patch-file together");
  if (f.text("patch").empty() && f.text("patch-file").empty()) return plain_error("must specify --patch or --patch-file containing the contents of the patch");
  if (local && !s.words().empty()) return plain_error("cannot specify --local and server resources");
  if (local && dry_run == DryRun::kServer) return plain_error("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  PatchKind kind = TRY(kind_of(f.text("type")));
  PatchText patch = TRY(read_patch(s));
  // The stock client's message never says that it was a dry run.
  auto printer = TRY(result_printer(s));
  WriteOptions write = TRY(write_options_of(s));
  write.subresource = f.text("subresource");
  auto selected = TRY(select(s, selection_of(s), {.fetch = true, .subresource = write.subresource, .fetch_files = false}));
  auto errors = std::move(selected.errors);
  auto* objects = local ? nullptr : TRY(s.objects());
  for (auto& item : selected.items) {
    Json result;
    if (local || dry_run == DryRun::kClient) {
      if (patch.value.is_null()) return plain_error("invalid JSON document");
      auto applied = apply_locally(item, kind, patch.value);
      if (applied) {
        result = std::move(*applied);
      } else {
        errors.push_back(applied.error());
        continue;
      }
    } else {
      auto answer = objects->patch(item.mapping, item.ns, item.name, kind, patch.body, write);
      if (!answer) {
        const Error& e = answer.error();
        const Mapping& m = item.mapping;
        errors.push_back(e.code != 415 ? e : plain_error(std::string(content_type(kind)) + " is not supported by " + m.group + "/" + m.version + ", Kind=" + m.kind + ": " + e.message));
        continue;
      }
      result = std::move(*answer);
    }
    bool changed = result != item.object;
    Item shown = item;
    if (!write.subresource.empty()) shown.mapping.kind.clear();  // named as what came back: a Scale
    TRY(printer->print(shown, result, changed ? "patched" : "patched (no change)"));
  }
  s.fail(errors);
  if (selected.items.empty() && errors.empty()) return plain_error("no objects passed to patch");
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
