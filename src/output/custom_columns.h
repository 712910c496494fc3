// CustomColumns: `-o custom-columns=NAME:.metadata.name,...`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "output/jsonpath.h"
#include "output/tab_writer.h"

namespace skerry::output {

class CustomColumns {
 public:
  // "HEADER:path,HEADER:path". What a path says is read with the first row, so that the header is there before it is found wrong.
  static Result<CustomColumns> parse(std::string_view spec);
  // The file's form: two lines, headers and paths in columns divided by blanks.
  static Result<CustomColumns> parse_template(std::string_view text);

  void print_header(TabWriter& out) const;
  // One object's row. For a List, the caller prints its items.
  Result<void> print_row(const Json& object, TabWriter& out);

 private:
  struct Column {
    std::string header;
    std::string path;  // with braces
  };
  Result<void> add(std::string header, std::string_view spec);

  std::vector<Column> columns_;
  std::vector<JsonPath> paths_;  // of columns_; empty before the first row
};

}  // namespace skerry::output
