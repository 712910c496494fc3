#include "kubectl/write_flags.h"

#include "base/strings.h"
#include "kubectl/log_line.h"
#include "kubectl/printing.h"
#include "output/go_format.h"

namespace skerry::kubectl {

namespace {

class Results final : public ResultPrinter {
 public:
  Results(Session& session, DryRun dry_run, output::OutputFlags flags, output::OutputFormat format)
      : session_(session), dry_run_(dry_run), flags_(std::move(flags)), format_(std::move(format)) {}

  Status print(const Item& item, const Json& object, std::string_view operation) override {
    if (format_.format == output::Format::kTable) {
      std::string_view suffix = dry_run_ == DryRun::kClient ? output::kClientDryRun : dry_run_ == DryRun::kServer ? output::kServerDryRun : "";
      if (item.mapping.kind.empty()) session_.out << output::success_message(object, operation, suffix) << '\n';
      else session_.out << item.mapping.singular_name() << '/' << name_of(item, object) << ' ' << operation << suffix << '\n';
      return {};
    }
    if (!printer_) printer_ = TRY(output::make_printer(format_, flags_, template_reader(session_)));
    return printer_->print(object, session_.out);
  }

 private:
  static std::string name_of(const Item& item, const Json& object) {
    std::string name = json::str(object, {"metadata", "name"});
    return name.empty() ? item.name : name;
  }

  Session& session_;
  DryRun dry_run_;
  output::OutputFlags flags_;
  output::OutputFormat format_;
  std::unique_ptr<output::Printer> printer_;
};

}  // namespace

std::vector<Flag> print_flags() {
  using enum FlagType;
  return {
      {"allow-missing-template-keys", 0, kBool, "true",
       "If true, ignore any errors in templates when a field or map key is missing in the template. Only applies to golang and jsonpath output formats."},
      {"output", 'o', kString, "", "Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file)."},
      {"show-managed-fields", 0, kBool, "false", "If true, keep the managedFields when printing objects in JSON or YAML format."},
      {"template", 0, kString, "", "Template string or path to template file to use when -o=go-template, -o=go-template-file."},
  };
}

Flag dry_run_flag() {
  return {"dry-run", 0, FlagType::kString, "none",
          "Must be \"none\", \"server\", or \"client\". If client strategy, only print the object that would be sent, without sending it. If server "
          "strategy, submit server-side request without persisting the resource.",
          "unchanged"};
}
Flag field_manager_flag(std::string_view fallback) {
  return {"field-manager", 0, FlagType::kString, fallback, "Name of the manager used to track field ownership."};
}
Flag validate_flag(std::string_view fallback) {
  return {"validate", 0, FlagType::kString, fallback,
          "Must be one of: strict (or true), warn, ignore (or false). \"true\" or \"strict\" will use a schema to validate the input and fail the request if "
          "invalid. \"warn\" will warn about unknown or duplicate fields without blocking the request. \"false\" or \"ignore\" will not perform any schema "
          "validation, silently dropping any unknown or duplicate fields.",
          "strict"};
}

Flag record_flag() {
  return {"record", 0, FlagType::kBool, "false", "Record current kubectl command in the resource annotation.", "", true, "--record will be removed in the future"};
}
void record_change(Session& s, Json& object) {
  if (!s.flags.has("record") || !s.flags.boolean("record")) return;
  std::string cause = s.path;
  for (auto& word : s.words()) cause += " " + word;
  for (auto& [name, value] : s.flags.given()) cause += " --" + std::string(name) + "=" + value;
  object["metadata"]["annotations"]["kubernetes.io/change-cause"] = std::move(cause);
}

Result<DryRun> dry_run_of(Session& s) {
  if (!s.flags.has("dry-run")) return DryRun::kNone;
  std::string v = s.flags.text("dry-run");
  if (v == "client") return DryRun::kClient;
  if (v == "server") return DryRun::kServer;
  if (v == "none") return DryRun::kNone;
  if (v == "unchanged") {
    s.err << log_line('W', "helpers.go", "--dry-run is deprecated and can be replaced with --dry-run=client.") << '\n';
    return DryRun::kClient;
  }
  bool truthy = v == "1" || v == "t" || v == "T" || v == "true" || v == "TRUE" || v == "True";
  bool falsy = v == "0" || v == "f" || v == "F" || v == "false" || v == "FALSE" || v == "False";
  if (truthy || falsy) {
    s.err << log_line('W', "helpers.go", "--dry-run=" + v + " is deprecated (boolean value) and can be replaced with --dry-run=" + (truthy ? "client" : "none") + ".") << '\n';
    return truthy ? DryRun::kClient : DryRun::kNone;
  }
  return plain_error("Invalid dry-run value (" + v + "). Must be \"none\", \"server\", or \"client\".");
}

Result<WriteOptions> write_options_of(Session& s) {
  WriteOptions o;
  o.dry_run = s.flags.has("dry-run") && s.flags.text("dry-run") == "server";
  if (s.flags.has("field-manager")) o.field_manager = s.flags.text("field-manager");
  if (s.flags.has("validate")) {
    std::string v = to_lower(s.flags.text("validate"));
    if (v == "strict" || v == "true" || v == "t" || v == "1") o.field_validation = "Strict";
    else if (v == "warn") o.field_validation = "Warn";
    else if (v == "ignore" || v == "false" || v == "f" || v == "0") o.field_validation = "Ignore";
    else return plain_error("invalid - validate option " + output::go_quote(s.flags.text("validate")) + "; must be one of: strict (or true), warn, ignore (or false)");
  }
  return o;
}

Result<std::unique_ptr<ResultPrinter>> result_printer(Session& s, DryRun dry_run, bool typed) {
  auto flags = output_flags_of(s);
  flags.typed = typed;
  auto format = TRY(output::parse_output_format(flags, {}));
  return std::unique_ptr<ResultPrinter>(new Results(s, dry_run, std::move(flags), std::move(format)));
}

}  // namespace skerry::kubectl
