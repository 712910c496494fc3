#include "output/table_printer.h"

#include <algorithm>

#include "base/strings.h"
#include "output/age.h"
#include "output/go_format.h"

namespace skerry::output {
namespace {

// Padded, so that events line up even when each comes alone.
std::string event_text(std::string event) {
  if (event.size() < 8) event.resize(8, ' ');
  return event;
}

// Go upper-cases all of Unicode; column names are ASCII in practice.
std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string label_header(const std::string& label) {
  size_t slash = label.rfind('/');
  return upper(slash == std::string::npos ? label : label.substr(slash + 1));
}

std::string labels_text(const Json& labels) {
  std::string text;
  for (const auto& [key, value] : json::object_or_empty(labels).items())
    text += (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get_ref<const std::string&>() : go_text(value));
  return text.empty() ? "<none>" : text;
}

void append_labels(std::vector<std::string>& cells, const Json& metadata, const TableOptions& options) {
  const Json& labels = json::find(metadata, "labels");
  for (const auto& key : options.column_labels) {
    const Json& value = json::find(labels, key);
    cells.push_back(value.is_string() ? table_cell_text(value) : "");
  }
  if (options.show_labels) cells.push_back(table_cell_text(labels_text(labels)));
}

void write_line(TabWriter& out, const std::vector<std::string>& cells) {
  std::string line;
  for (const auto& cell : cells) {
    if (&cell != &cells.front()) line += '\t';
    line += cell;
  }
  out.write(line + "\n");
}

bool shown(const Json& column, const TableOptions& options) { return options.wide || json::integer(column, "priority") == 0; }

}  // namespace

std::string table_cell_text(const Json& cell) {
  if (cell.is_null()) return "";
  std::string text = go_text(cell);
  bool cut = false;
  if (cell.is_string()) {
    size_t end = text.find_first_of("\f\n\r");
    cut = end != std::string::npos;
    if (cut) text.resize(end);
  }
  std::string out;
  for (char c : text) {
    if (c == '\x1b') out += "^[";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  return cut ? out + "..." : out;
}

Result<void> TablePrinter::print(const Json& object, TabWriter& out, WallTime now, const std::string& event) {
  if (json::str(object, "kind") == "Table" && starts_with(json::str(object, "apiVersion"), "meta.k8s.io/")) return print_table(object, out, event);
  return print_object(object, out, now, event);
}

Result<void> TablePrinter::print_table(const Json& table, TabWriter& out, const std::string& event) {
  const Json& columns_given = json::array_or_empty(json::find(table, "columnDefinitions"));
  const Json& rows = json::array_or_empty(json::find(table, "rows"));
  // Watch events after the first leave the columns out.
  bool headers = !options_.no_headers;
  if (printed_headers_ && (columns_given.empty() || columns_given == last_columns_)) headers = false;
  if (!columns_given.empty() && columns_given != last_columns_) {
    last_columns_ = columns_given;
    printed_headers_ = false;
  }
  const Json& columns = last_columns_.is_array() ? last_columns_ : columns_given;
  if (!rows.empty()) printed_headers_ = true;
  if (rows.empty()) return {};

  bool with_event = !event.empty();
  if (headers) {
    std::vector<std::string> cells;
    if (with_event) cells.push_back("EVENT");
    if (options_.with_namespace) cells.push_back("NAMESPACE");
    for (const auto& column : columns)
      if (shown(column, options_)) cells.push_back(upper(json::str(column, "name")));
    for (const auto& label : options_.column_labels) cells.push_back(label_header(label));
    if (options_.show_labels) cells.push_back("LABELS");
    write_line(out, cells);
  }
  size_t name_column = columns.size();
  if (options_.with_kind && !options_.kind.empty())
    for (size_t i = columns.size(); i-- > 0;)
      if (json::str(columns[i], "format") == "name" && json::str(columns[i], "type") == "string") name_column = i;

  for (const auto& row : rows) {
    const Json& metadata = json::find(row, {"object", "metadata"});
    std::vector<std::string> cells;
    if (with_event) cells.push_back(event_text(event));
    if (options_.with_namespace) cells.push_back(table_cell_text(json::str(metadata, "namespace")));
    const Json& values = json::array_or_empty(json::find(row, "cells"));
    for (size_t i = 0; i < values.size() && i < columns.size(); ++i) {
      if (!shown(columns[i], options_)) continue;
      cells.push_back(i == name_column ? table_cell_text(options_.kind + "/" + go_text(values[i])) : table_cell_text(values[i]));
    }
    if (metadata.is_object()) append_labels(cells, metadata, options_);
    else cells.resize(cells.size() + options_.column_labels.size() + (options_.show_labels ? 1 : 0));
    write_line(out, cells);
  }
  return {};
}

Result<void> TablePrinter::print_object(const Json& object, TabWriter& out, WallTime now, const std::string& event) {
  bool is_status = json::str(object, "kind") == "Status" && json::str(object, "apiVersion") == "v1";
  Json shape = is_status ? "status" : "object";
  bool headers = !options_.no_headers && last_shape_ != shape;
  if (!last_shape_.is_null() && headers) out.write("\n");
  last_shape_ = shape;
  if (headers) {
    std::vector<std::string> cells;
    if (!event.empty()) cells.push_back("EVENT");
    if (options_.with_namespace) cells.push_back("NAMESPACE");
    if (is_status) cells.insert(cells.end(), {"STATUS", "REASON", "MESSAGE"});
    else cells.insert(cells.end(), {"NAME", "AGE"});
    for (const auto& label : options_.column_labels) cells.push_back(label_header(label));
    if (options_.show_labels) cells.push_back("LABELS");
    write_line(out, cells);
  }
  auto print_one = [&](const Json& item) {
    const Json& metadata = json::find(item, "metadata");
    std::vector<std::string> cells;
    if (!event.empty()) cells.push_back(event_text(event));
    if (options_.with_namespace) cells.push_back(table_cell_text(json::str(metadata, "namespace")));
    if (is_status) {
      for (const char* key : {"status", "reason", "message"}) cells.push_back(table_cell_text(json::str(item, key)));
    } else {
      std::string name = json::str(metadata, "name");
      if (options_.with_kind && !options_.kind.empty()) name = options_.kind + "/" + name;
      cells.push_back(table_cell_text(name));
      cells.push_back(age_since(json::find(metadata, "creationTimestamp"), now));
    }
    append_labels(cells, metadata, options_);
    write_line(out, cells);
  };
  if (const Json& items = json::find(object, "items"); items.is_array())
    for (const auto& item : items) print_one(item);
  else
    print_one(object);
  return {};
}

}  // namespace skerry::output
