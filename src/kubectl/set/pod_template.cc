#include "kubectl/set/pod_template.h"

#include "base/strings.h"
#include "kubectl/change/apply_patch.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

Json* pod_spec_of(Json& object) {
  std::string kind = json::str(object, "kind");
  std::vector<const char*> path;
  if (kind == "Pod") path = {"spec"};
  else if (kind == "CronJob") path = {"spec", "jobTemplate", "spec", "template", "spec"};
  else if (kind == "PodTemplate") path = {"template", "spec"};
  else path = {"spec", "template", "spec"};
  Json* at = &object;
  for (auto* key : path) {
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &(*at)[key];
  }
  return at->is_object() && at->contains("containers") ? at : nullptr;
}

std::vector<Flag> set_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"all", 0, kBool, "false", "Select all resources, in the namespace of the specified resource types"},
             dry_run_flag(),
             field_manager_flag("kubectl-set"),
             {"local", 0, kBool, "false", "If true, the command will NOT contact the api-server but run locally."},
             selector_flag(),
         } +
         file_flags() + print_flags();
}

Result<SetWords> split_set_words(Session& s, std::string_view what, bool with_removals) {
  SetWords out;
  for (auto& word : s.words()) {
    bool change = word.find('=') != std::string::npos || (with_removals && word.size() > 1 && ends_with(word, "-"));
    if (change) out.changes.push_back(word);
    else if (!out.changes.empty()) return plain_error("all resources must be specified before " + std::string(what) + " changes: " + word);
    else out.resources.push_back(word);
  }
  return out;
}

namespace {

// Only what differs goes to the server: other clients' changes in between stay.
Result<Json> send(Objects& objects, const Item& item, const Json& changed, const WriteOptions& write) {
  auto patch = make_patch(item.mapping, item.object, changed, item.object);
  if (patch.body == "{}") return item.object;
  return objects.patch(item.mapping, item.ns, item.name, patch.kind, patch.body, write);
}

}  // namespace

Result<int> change_objects(Session& s, const std::vector<std::string>& resources, std::string_view what, std::string_view done,
                           const std::function<Result<bool>(const Item&, Json& object)>& change) {
  bool local = s.flags.boolean("local");
  DryRun dry_run = TRY(dry_run_of(s));
  if (local && dry_run == DryRun::kServer) return plain_error("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  auto printer = TRY(result_printer(s, dry_run, true));
  WriteOptions write = TRY(write_options_of(s));
  Selection q = selection_of(s);
  q.words = resources;
  if (local && q.filenames.empty() && q.kustomize.empty())
    return plain_error("you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'");
  auto items = TRY(select_items(s, q, {.fetch = true}));
  auto* objects = local ? nullptr : TRY(s.objects());
  for (auto& item : items) {
    Json object = item.object;
    auto changed = change(item, object);
    if (!changed) {
      s.fail(changed.error());
      continue;
    }
    if (!*changed) continue;
    if (!local && dry_run != DryRun::kClient) {
      auto answer = send(*objects, item, object, write);
      if (!answer) {
        Error e = answer.error();
        s.fail(plain_error("failed to patch " + std::string(what) + " update to pod template: " + e.message));
        continue;
      }
      object = std::move(*answer);
    }
    TRY(printer->print(item, object, done));
  }
  return 0;
}

bool matches_name(std::string_view pattern, std::string_view name) {
  if (pattern == "*") return true;
  auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return name.size() >= before.size() + after.size() && starts_with(name, before) && ends_with(name, after);
}

}  // namespace skerry::kubectl
