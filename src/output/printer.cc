#include "output/printer.h"

#include <algorithm>
#include <ostream>

#include "base/strings.h"
#include "json/yaml.h"
#include "output/custom_columns.h"
#include "output/go_format.h"
#include "output/go_template.h"
#include "output/json_text.h"
#include "output/jsonpath.h"
#include "output/kyaml.h"
#include "output/name.h"
#include "output/typed_order.h"

namespace skerry::output {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

bool has_managed_fields(const Json& object) { return !json::find(object, {"metadata", "managedFields"}).is_null(); }

void remove_managed_fields(Json& object) {
  if (has_managed_fields(object)) object["metadata"].erase("managedFields");
}

// json, yaml and kyaml: they alone leave out managed fields.
class ObjectPrinter final : public Printer {
 public:
  ObjectPrinter(Format format, const OutputFlags& flags) : format_(format), show_managed_fields_(flags.show_managed_fields), typed_(flags.typed) {}

  Result<void> print(const Json& object, std::ostream& out) override {
    if (json::str(object, "apiVersion").empty() && json::str(object, "kind").empty())
      return bad("missing apiVersion or kind; try GetObjectKind().SetGroupVersionKind() if you know the type");
    Json without;
    const Json* shown = &object;
    if (!show_managed_fields_) {
      const Json& items = json::array_or_empty(json::find(object, "items"));
      if (has_managed_fields(object) || std::any_of(items.begin(), items.end(), has_managed_fields)) {
        without = without_managed_fields(object);
        shown = &without;
      }
    }
    if (format_ == Format::kJson) {
      out << (typed_ ? dump_json(typed_order(*shown)) : dump_json(*shown)) << '\n';
    } else if (format_ == Format::kKyaml) {
      out << (typed_ ? dump_kyaml(typed_order(*shown)) : dump_kyaml(*shown));
    } else {
      if (printed_) out << "---\n";
      out << json::dump_yaml(*shown);
    }
    printed_ = true;
    return {};
  }

 private:
  Format format_;
  bool show_managed_fields_;
  bool typed_;
  bool printed_ = false;
};

// "deployment.apps/web", and with an operation "deployment.apps/web created".
class NamePrinter final : public Printer {
 public:
  NamePrinter(std::string operation, std::string suffix) : operation_(std::move(operation)), suffix_(std::move(suffix)) {}

  Result<void> print(const Json& object, std::ostream& out) override {
    if (const Json& items = json::find(object, "items"); items.is_array()) {
      for (const auto& item : items) TRY(print(item, out));
      return {};
    }
    if (json::str(object, "kind").empty()) {
      std::string name = json::str(object, {"metadata", "name"});
      return bad("missing kind for resource with name " + (name.empty() ? "<unknown>" : name));
    }
    out << success_message(object, operation_, suffix_) << '\n';
    return {};
  }

 private:
  std::string operation_, suffix_;
};

class PathPrinter final : public Printer {
 public:
  PathPrinter(std::string text, JsonPath path, bool as_json) : text_(std::move(text)), path_(std::move(path)), as_json_(as_json) {}

  Result<void> print(const Json& object, std::ostream& out) override {
    auto text = as_json_ ? path_.print_json(object) : path_.print(object);
    if (!text)
      return bad("error executing jsonpath " + go_quote(text_) + ": Error executing template: " + text.error().message +
                 ". Printing more information for debugging the template:\n\ttemplate was:\n\t\t" + text_ +
                 "\n\tobject given to jsonpath engine was:\n\t\t" + go_syntax(object) + "\n\n");
    out << *text;
    return {};
  }

 private:
  std::string text_;
  JsonPath path_;
  bool as_json_;
};

class GoTemplatePrinter final : public Printer {
 public:
  GoTemplatePrinter(std::string text, GoTemplate parsed, bool allow_missing) : text_(std::move(text)), template_(std::move(parsed)), allow_missing_(allow_missing) {}

  Result<void> print(const Json& object, std::ostream& out) override {
    std::string text;
    auto done = template_.execute(object, text, allow_missing_);
    out << text;
    if (done) return {};
    // On standard output, as kubectl has it: there it is seen best.
    out << "Error executing template: " << done.error().message << ". Printing more information for debugging the template:\n\ttemplate was:\n\t\t" << text_
        << "\n\traw data was:\n\t\t" << dump_json(object, -1) << "\n\tobject given to template engine was:\n\t\t" << go_text(object) << "\n\n";
    return bad("error executing template " + go_quote(text_) + ": " + done.error().message);
  }

 private:
  std::string text_;
  GoTemplate template_;
  bool allow_missing_;
};

class ColumnsPrinter final : public Printer {
 public:
  ColumnsPrinter(CustomColumns columns, bool headers) : columns_(std::move(columns)), headers_(headers) {}

  Result<void> print(const Json& object, std::ostream& out) override {
    TabWriter writer = TabWriter::for_tables();
    if (std::exchange(headers_, false)) columns_.print_header(writer);
    auto done = print_rows(object, writer);
    out << writer.flush();  // also the header before an error
    return done;
  }

 private:
  Result<void> print_rows(const Json& object, TabWriter& writer) {
    const Json& items = json::find(object, "items");
    if (!items.is_array()) return columns_.print_row(object, writer);
    for (const auto& item : items) TRY(columns_.print_row(item, writer));
    return {};
  }

  CustomColumns columns_;
  bool headers_;
};

struct Form {
  std::string_view name;
  Format format;
  bool from_file;
};

// Formats that take an argument: "name=argument", or --template.
constexpr Form kForms[] = {
    {"go-template", Format::kGoTemplate, false},       {"go-template-file", Format::kGoTemplate, true},
    {"template", Format::kGoTemplate, false},          {"templatefile", Format::kGoTemplate, true},
    {"jsonpath", Format::kJsonPath, false},            {"jsonpath-file", Format::kJsonPath, true},
    {"jsonpath-as-json", Format::kJsonPathAsJson, false},
    {"custom-columns", Format::kCustomColumns, false}, {"custom-columns-file", Format::kCustomColumns, true},
};

}  // namespace

Json without_managed_fields(const Json& object) {
  Json copy = object;
  remove_managed_fields(copy);
  if (auto items = copy.find("items"); items != copy.end() && items->is_array())
    for (auto& item : *items) remove_managed_fields(item);
  return copy;
}

Result<OutputFormat> parse_output_format(const OutputFlags& flags, const AllowedFormats& allowed) {
  OutputFormat out;
  std::string text = flags.output;
  if (text.empty() && !flags.template_text.empty()) text = "go-template";
  if (text.empty()) return out;

  std::string lower = to_lower(text);
  if (lower == "json") out.format = Format::kJson;
  else if (lower == "yaml") out.format = Format::kYaml;
  else if (lower == "kyaml") out.format = Format::kKyaml;
  else if (lower == "name" && allowed.name) out.format = Format::kName;
  else if (text == "wide" && allowed.table) out.format = Format::kWide;
  if (out.format != Format::kTable) return out;

  size_t equals = text.find('=');
  for (const auto& form : kForms) {
    bool custom = form.format == Format::kCustomColumns;
    if (custom && !allowed.custom_columns) continue;
    if (text.substr(0, equals) != form.name) continue;
    if (!flags.template_text.empty()) {
      if (equals != std::string::npos) continue;
      out.argument = flags.template_text;
    } else if (equals != std::string::npos) {
      out.argument = text.substr(equals + 1);
    }
    if (out.argument.empty()) return bad(custom ? "custom-columns format specified but no custom columns given" : "template format specified but no template given");
    out.format = form.format;
    out.from_file = form.from_file;
    return out;
  }

  std::vector<std::string> names = {"json", "yaml", "kyaml"};
  if (allowed.name) names.push_back("name");
  if (allowed.table) names.push_back("wide");
  for (const auto& form : kForms)
    if (form.format != Format::kCustomColumns || allowed.custom_columns) names.emplace_back(form.name);
  std::sort(names.begin(), names.end());
  return bad("unable to match a printer suitable for the output format " + go_quote(text) + ", allowed formats are: " + join(names, ","));
}

Result<std::unique_ptr<Printer>> make_printer(const OutputFormat& format, const OutputFlags& flags, const FileReader& read_file) {
  using Made = std::unique_ptr<Printer>;
  bool custom = format.format == Format::kCustomColumns;
  std::string text = format.argument;
  if (format.from_file) {
    auto read = read_file(format.argument);
    if (!read) return bad(std::string("error reading ") + (custom ? "template " : "--template ") + format.argument + ", " + read.error().message);
    text = *read;
  }
  switch (format.format) {
    case Format::kJson:
    case Format::kYaml:
    case Format::kKyaml: return Made(new ObjectPrinter(format.format, flags));
    case Format::kName: return Made(new NamePrinter("", ""));
    case Format::kJsonPath:
    case Format::kJsonPathAsJson: {
      auto path = JsonPath::parse(text, flags.allow_missing_template_keys);
      if (!path) return bad("error parsing jsonpath " + text + ", " + path.error().message);
      return Made(new PathPrinter(text, *path, format.format == Format::kJsonPathAsJson));
    }
    case Format::kGoTemplate: {
      auto parsed = GoTemplate::parse(text);
      if (!parsed) return bad("error parsing template " + text + ", " + parsed.error().message);
      return Made(new GoTemplatePrinter(text, *parsed, flags.allow_missing_template_keys));
    }
    case Format::kCustomColumns: {
      CustomColumns columns = TRY(format.from_file ? CustomColumns::parse_template(text) : CustomColumns::parse(text));
      return Made(new ColumnsPrinter(std::move(columns), !flags.no_headers));
    }
    case Format::kTable:
      if (!flags.operation.empty()) return Made(new NamePrinter(flags.operation, flags.dry_run_suffix));
      break;
    case Format::kWide: break;
  }
  return bad("tables are printed by the command itself");
}

Result<std::unique_ptr<Printer>> make_printer(const OutputFlags& flags, const AllowedFormats& allowed, const FileReader& read_file) {
  OutputFormat format = TRY(parse_output_format(flags, allowed));
  return make_printer(format, flags, read_file);
}

}  // namespace skerry::output
