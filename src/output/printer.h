// Printer: what -o chooses. parse_output_format() reads the flag; make_printer() makes the printer of everything but the
// tables ("", "wide" and custom columns' sorted lists stay with the caller, which knows of watches and headings).
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "json/json.h"

namespace skerry::output {

// Printers are used by one thread at a time. An error's message has kubectl's text: put "error: " before and a newline behind it (some
// messages end with empty lines, as kubectl's do).
class Printer {
 public:
  virtual ~Printer() = default;
  virtual Result<void> print(const Json& object, std::ostream& out) = 0;
};

enum class Format {
  kTable,  // ""
  kWide,
  kJson,
  kYaml,
  kKyaml,
  kName,
  kJsonPath,
  kJsonPathAsJson,
  kGoTemplate,
  kCustomColumns,
};

struct OutputFlags {
  std::string output;        // -o
  std::string template_text; // --template
  bool show_managed_fields = false;
  bool allow_missing_template_keys = true;
  bool no_headers = false;  // custom columns
  // Objects that the command made or got as built-in types (create deployment, run, ...): json and kyaml print their fields in
  // the order of the types (typed_order.h) instead of sorted.
  bool typed = false;
  // What follows "create deployment" and the like for -o name: nothing; for the default form: "created", "configured".
  // Where it is set, an empty -o prints "deployment.apps/x created" (see name.h) instead of being kTable.
  std::string operation;
  std::string dry_run_suffix;  // "", " (dry run)", " (server dry run)"
};

// The formats a command knows; the error for others lists exactly these.
struct AllowedFormats {
  bool name = true;
  bool table = false;           // get: "wide" too
  bool custom_columns = false;  // get
};

struct OutputFormat {
  Format format = Format::kTable;
  std::string argument;  // the template, path or columns; the file's name where from_file
  bool from_file = false;
};

using FileReader = std::function<Result<std::string>(const std::string& path)>;

// `-o` and `--template` together. The error is kubectl's: `unable to match a printer suitable for the output format "x",
// allowed formats are: ...`.
Result<OutputFormat> parse_output_format(const OutputFlags& flags, const AllowedFormats& allowed);

// The printer of a parsed format: not for kTable without operation and kWide (an error). `read_file` serves the *-file forms.
Result<std::unique_ptr<Printer>> make_printer(const OutputFormat& format, const OutputFlags& flags, const FileReader& read_file);
// Both steps.
Result<std::unique_ptr<Printer>> make_printer(const OutputFlags& flags, const AllowedFormats& allowed, const FileReader& read_file);

// `object` without metadata.managedFields; in a List, without those of its items.
Json without_managed_fields(const Json& object);

}  // namespace skerry::output
