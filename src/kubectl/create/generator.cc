#include "kubectl/create/generator.h"

#include "base/strings.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

std::vector<Flag> generator_flags() {
  return std::vector<Flag>{
             dry_run_flag(),
             field_manager_flag("kubectl-create"),
             {"save-config", 0, FlagType::kBool, "false",
              "If true, the configuration of current object will be saved in its annotation. Otherwise, the annotation will be unchanged."},
             validate_flag(),
         } +
         print_flags();
}

Result<std::string> one_name(Session& s) {
  if (s.words().size() != 1) return usage_error("exactly one NAME is required, got " + std::to_string(s.words().size()));
  return s.words()[0];
}

Status require_flags(Session& s, std::initializer_list<std::string_view> names) {
  std::vector<std::string> missing;
  for (auto name : names)
    if (!s.flags.changed(name)) missing.push_back("\"" + std::string(name) + "\"");
  if (missing.empty()) return {};
  return plain_error("required flag(s) " + join(missing, ", ") + " not set");
}

Result<int> create_generated(Session& s, const Mapping& mapping, Json object, std::string_view failure) {
  DryRun dry_run = TRY(dry_run_of(s));
  WriteOptions write = TRY(write_options_of(s));
  auto printer = TRY(result_printer(s, dry_run, true));
  Item item{.mapping = mapping, .ns = {}, .name = json::str(object, {"metadata", "name"})};
  if (mapping.namespaced) {
    auto ns = s.ns();
    if (!ns && dry_run != DryRun::kClient) return ns.error();
    item.ns = ns ? *ns : "default";
    if (s.ns_enforced()) object["metadata"]["namespace"] = item.ns;
  }
  if (s.flags.boolean("save-config")) object = with_last_applied(std::move(object), true);
  if (dry_run != DryRun::kClient) {
    auto* objects = TRY(s.objects());
    auto created = objects->create(mapping, item.ns, object, write);
    if (!created) {
      const Error& e = created.error();
      return failure.empty() || e.code == 0 ? e : plain_error(std::string(failure) + e.message);
    }
    object = std::move(*created);
  }
  TRY(printer->print(item, object, "created"));
  return 0;
}

Json number_or_text(std::string_view text) {
  if (auto n = parse_int(text)) return *n;
  return std::string(text);
}

Result<Json> key_values(const std::vector<std::string>& pairs, std::string_view what) {
  Json out = Json::object();
  for (auto& p : pairs) {
    auto eq = p.find('=');
    if (eq == std::string::npos || eq == 0) return plain_error("unexpected " + std::string(what) + ": " + p + ", expected key=value");
    out[p.substr(0, eq)] = p.substr(eq + 1);
  }
  return out;
}

}  // namespace skerry::kubectl
