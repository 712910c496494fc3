// kubectl auth reconcile.
#include "base/strings.h"
#include "kubectl/objects.h"
#include "kubectl/read/auth.h"
#include "kubectl/read/reconcile_plan.h"
#include "kubectl/read/typed_json.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

using Operation = ReconcilePlan::Operation;

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"remove-extra-permissions", 0, kBool, "false", "If true, removes extra permissions added to roles"},
             {"remove-extra-subjects", 0, kBool, "false", "If true, removes extra subjects added to rolebindings"},
             dry_run_flag(),
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to reconcile.") + print_flags();
}

std::string in_brackets(const Json& rule, const char* key) {
  std::string out = "[";
  for (auto& v : json::array_or_empty(json::find(rule, key))) out += (out.size() > 1 ? " " : "") + (v.is_string() ? v.get<std::string>() : v.dump());
  return out + "]";
}

void show_rules(std::ostream& out, std::string_view caption, const std::vector<Json>& rules) {
  if (rules.empty()) return;
  out << '\t' << caption << ":\n";
  for (auto& r : rules)
    out << "\t\t{Verbs:" << in_brackets(r, "verbs") << " APIGroups:" << in_brackets(r, "apiGroups") << " Resources:" << in_brackets(r, "resources")
        << " ResourceNames:" << in_brackets(r, "resourceNames") << " NonResourceURLs:" << in_brackets(r, "nonResourceURLs") << "}\n";
}

void show_subjects(std::ostream& out, std::string_view caption, const std::vector<Json>& subjects) {
  if (subjects.empty()) return;
  out << '\t' << caption << ":\n";
  for (auto& s : subjects)
    out << "\t\t{Kind:" << json::str(s, "kind") << " APIGroup:" << json::str(s, "apiGroup") << " Name:" << json::str(s, "name")
        << " Namespace:" << json::str(s, "namespace") << "}\n";
}

void show(std::ostream& out, const ReconcilePlan& plan) {
  static constexpr std::string_view kWords[] = {"", "create", "update", "recreate"};
  if (plan.operation == Operation::kNone) return;
  out << "\treconciliation required " << kWords[static_cast<size_t>(plan.operation)];
  if (plan.opted_out) out << ", but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)";
  out << '\n';
  show_rules(out, "missing rules added", plan.missing_rules);
  show_rules(out, "extra rules removed", plan.extra_rules);
  show_subjects(out, "missing subjects added", plan.missing_subjects);
  show_subjects(out, "extra subjects removed", plan.extra_subjects);
}

Status ensure_namespace(Objects& objects, const std::string& ns) {
  if (ns.empty()) return {};
  Mapping mapping = mapping_of("v1", "namespaces", "Namespace", false);
  auto found = objects.get(mapping, "", ns);
  if (found || found.error().code != 404) return {};
  Json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}};
  auto created = objects.create(mapping, "", object);
  if (!created && !created.error().is(Reason::kAlreadyExists)) return created.error();
  return {};
}

Result<Json> carry_out(Objects& objects, const Item& item, const ReconcilePlan& plan) {
  switch (plan.operation) {
    case Operation::kNone: break;
    case Operation::kCreate: {
      TRY(ensure_namespace(objects, item.ns));
      return objects.create(item.mapping, item.ns, plan.object);
    }
    case Operation::kUpdate: return objects.replace(item.mapping, item.ns, item.name, plan.object);
    case Operation::kRecreate: {
      TRY(objects.remove(item.mapping, item.ns, item.name));
      return objects.create(item.mapping, item.ns, plan.object);
    }
  }
  return plan.object;
}

Result<int> run(Session& s) {
  if (s.flags.list("filename").empty() && s.flags.text("kustomize").empty()) return plain_error("must specify one of -f and -k");
  if (!s.words().empty()) return plain_error("no arguments are allowed");
  auto dry_run = TRY(dry_run_of(s));
  if (dry_run == DryRun::kServer) return plain_error("--dry-run=server for command reconcile is not supported yet");
  auto printer = TRY(result_printer(s, dry_run));
  auto items = TRY(select_items(s));
  auto* objects = TRY(s.objects());
  for (auto& item : items) {
    if (item.mapping.group != "rbac.authorization.k8s.io" || item.mapping.version != "v1") {
      // Other kinds in the file are none of our business.
      continue;
    }
    auto found = objects->get(item.mapping, item.ns, item.name);
    if (!found && found.error().code != 404) return found.error();
    Json existing = found ? *found : Json();
    auto plan = plan_reconcile(item.object, existing, s.flags.boolean("remove-extra-permissions"), s.flags.boolean("remove-extra-subjects"));
    Json object = plan.object;
    if (dry_run == DryRun::kNone && !plan.opted_out) object = TRY(carry_out(*objects, item, plan));
    TRY(printer->print(item, object, "reconciled"));
    s.out << std::flush;
    show(s.err, plan);
  }
  return 0;
}

}  // namespace

constexpr Command kReconcile{
    .use = "reconcile -f FILENAME",
    .brief = "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
    .text = "Bring roles and bindings to what files say, by meaning rather than by text. Missing objects, and the namespaces they are in, are created. "
            "Existing roles get the permissions they lack, existing bindings the subjects they lack; what is there besides stays, unless "
            "--remove-extra-permissions or --remove-extra-subjects are given. Bindings to another role are made anew.",
    .examples = "  # Roles and bindings of a file\n  kubectl auth reconcile -f rbac.yaml\n\n"
                "  # What would be done, with nothing left that the file does not have\n"
                "  kubectl auth reconcile -f rbac.yaml --remove-extra-permissions --remove-extra-subjects --dry-run=client\n",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
