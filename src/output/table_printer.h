// TablePrinter: server-side Tables (meta.k8s.io/v1) as `kubectl get` prints them.
//
// One printer serves a whole command: it remembers what was printed before, so that headings are repeated exactly where
// kubectl repeats them. Objects that are no Table are printed with NAME and AGE columns. Used by one thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/clock.h"
#include "json/json.h"
#include "output/tab_writer.h"

namespace skerry::output {

struct TableOptions {
  bool no_headers = false;
  bool wide = false;
  bool with_namespace = false;
  bool show_labels = false;
  std::vector<std::string> column_labels;  // -L
  bool with_kind = false;                  // "pod/x" in the NAME column; `kind` names it
  std::string kind;                        // "pod", "deployment.apps"
  bool event_column = false;               // --output-watch-events
};

// Rows of one resource. Watching prints many Tables; headings come once per column definition.
class TablePrinter {
 public:
  explicit TablePrinter(TableOptions options) : options_(std::move(options)) {}

  // Appends to `out`, unaligned: cells separated by tabs, for a TabWriter. `event` is the watch event's type.
  Result<void> print(const Json& object, TabWriter& out, WallTime now, const std::string& event = "");

  TableOptions& options() { return options_; }

 private:
  Result<void> print_table(const Json& table, TabWriter& out, const std::string& event);
  Result<void> print_object(const Json& object, TabWriter& out, WallTime now, const std::string& event);

  TableOptions options_;
  Json last_columns_;
  bool printed_headers_ = false;
  Json last_shape_;  // what print_object() printed last
};

// Control characters and newlines of a cell made harmless, as kubectl does.
std::string table_cell_text(const Json& cell);

}  // namespace skerry::output
