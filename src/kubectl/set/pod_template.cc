#include "kubectl/set/pod_template.h"

#include "api/decode.h"
#include "base/strings.h"
#include "kubectl/builtin_type.h"
#include "kubectl/change/apply_patch.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

Json* pod_spec_of(Json& object) {
  std::string kind = json::str(object, "kind");
  std::vector<const char*> path;
  if (kind == "Pod") path = {"spec"};
  else if (kind == "CronJob") path = {"spec", "jobTemplate", "spec", "template", "spec"};
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
             record_flag(),
             selector_flag(),
         } +
         file_flags() + print_flags();
}

Error no_pod_template(const Item& item) {
  return plain_error("the object is not a pod or does not have a pod template: *" + item.mapping.version + "." + item.mapping.kind);
}

Result<SetRun> begin_set(Session& s) {
  SetRun run;
  run.local = s.flags.boolean("local");
  run.dry_run = TRY(dry_run_of(s));
  run.printer = TRY(result_printer(s, run.dry_run, true));
  run.write = TRY(write_options_of(s));
  return run;
}

Status check_set_flags(Session& s, const SetRun& run) {
  if (run.local && run.dry_run == DryRun::kServer) return plain_error("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  if (s.flags.boolean("all") && !s.flags.text("selector").empty()) return plain_error("cannot set --all and --selector at the same time");
  return {};
}

Result<bool> find_objects(Session& s, SetRun& run, const std::vector<std::string>& resources) {
  Selection q = selection_of(s);
  q.words = resources;
  if (!q.label_selector.empty() || resources.size() > 1) q.all = false;  // check_set_flags() tells of the one; names say more
  if (run.local && !resources.empty())
    return plain_error("you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'");
  auto selected = TRY(select(s, q, {.fetch = true}));
  if (!selected.errors.empty()) {
    s.fail(selected.errors);
    return false;
  }
  run.items = std::move(selected.items);
  for (auto& item : run.items) {
    const api::Type* type = run.local ? builtin_type(item.mapping) : nullptr;
    if (!type) continue;
    std::vector<std::string> warnings;
    TRY(api::decode(type, item.mapping.version, item.mapping.kind, item.object, api::FieldValidation::kIgnore, warnings));
  }
  return true;
}

namespace {

// How kubectl names an object in errors: "deployments/web", of a file "deployment.apps/web".
std::string object_name(const Item& item, bool local) {
  return (local ? to_lower(item.mapping.kind) + (item.mapping.group.empty() ? "" : "." + item.mapping.group) : item.mapping.resource) + "/" + item.name;
}

}  // namespace

Result<int> change_objects(Session& s, SetRun& run, const SetTexts& texts, const std::function<Result<bool>(const Item&, Json& object)>& change,
                           std::vector<Error>* more) {
  auto* objects = run.local ? nullptr : TRY(s.objects());
  struct Changed {
    const Item* item;
    Json object;
  };
  std::vector<Changed> all;
  std::vector<Error> errors;
  for (auto& item : run.items) {
    Json object = item.object;
    auto changed = change(item, object);
    if (!changed && texts.names_object) errors.push_back(plain_error("error: " + object_name(item, run.local) + " " + changed.error().message));
    else if (!changed) errors.push_back(changed.error());
    else if (*changed) {
      record_change(s, object);
      all.push_back({&item, std::move(object)});
    }
  }
  const size_t named = texts.names_object ? errors.size() : 0, unnamed = more ? more->size() : 0;
  if (more) errors.insert(errors.begin(), more->begin(), more->end());
  for (auto& [item, object] : all) {
    // Only what differs goes to the server: other clients' changes in between stay.
    auto patch = make_patch(item->mapping, item->object, object, item->object);
    if (patch.body == "{}" && !texts.sends_nothing) continue;
    if (!run.local && run.dry_run != DryRun::kClient) {
      auto answer = objects->patch(item->mapping, item->ns, item->name, patch.kind, patch.body, run.write);
      if (!answer) {
        const Error& e = answer.error();
        errors.push_back(texts.failure.empty() ? e : plain_error(std::string(texts.failure) + e.message));
        continue;
      }
      object = std::move(*answer);
    }
    TRY(run.printer->print(*item, object, texts.done));
  }
  // Among others each that names its object has an empty line behind it.
  if (errors.size() > 1)
    for (size_t i = unnamed; i < unnamed + named; ++i) errors[i].message += "\n";
  s.fail(errors);
  return 0;
}

bool matches_name(std::string_view pattern, std::string_view name) {
  if (pattern == "*") return true;
  if (pattern.find('*') == std::string_view::npos) return pattern == name;
  auto parts = split(pattern, '*');
  size_t at = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    bool first = i == 0, last = i + 1 == parts.size();
    if (last) return name.size() >= at + parts[i].size() && ends_with(name, parts[i]);
    size_t found = name.find(parts[i], at);
    if (found == std::string_view::npos || (first && found != 0)) return false;
    at = found + parts[i].size();
  }
  return true;
}

}  // namespace skerry::kubectl
