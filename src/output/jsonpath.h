// JsonPath: the templates of `-o jsonpath=`, of --sort-by, custom columns and `wait --for=jsonpath`, with the rules and
// error texts of Kubernetes' own.
//
//   {.items[*].metadata.name}   {range .items[?(@.spec.x=="y")]}{.a}{"\t"}{end}   {..name}   {.a[-1:]}   {['a','b']}
//
// A parsed path is immutable; print and find may be called from several threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace skerry::output {

namespace jsonpath_detail {
struct Node;
}

class JsonPath {
 public:
  // allow_missing: a field that is not there gives nothing instead of the error "x is not found".
  static Result<JsonPath> parse(std::string_view text, bool allow_missing = false);

  // What `-o jsonpath` prints: the results of one expression separated by blanks; no newline at the end.
  Result<std::string> print(const Json& root) const;
  // The values found, one list for each top-level node of the template (text nodes give strings).
  Result<std::vector<std::vector<Json>>> find(const Json& root) const;
  // The same, all in one list.
  Result<std::vector<Json>> find_all(const Json& root) const;
  // `-o jsonpath-as-json`: the values as a JSON array, with the newline at the end.
  Result<std::string> print_json(const Json& root) const;

 private:
  std::shared_ptr<const jsonpath_detail::Node> root_;
  bool allow_missing_ = false;
};

// What kubectl accepts for custom columns, --sort-by and `wait --for=jsonpath`: "x.y", ".x.y", "{x.y}" and "{.x.y}" all
// become "{.x.y}". The error names what is wrong with the form.
Result<std::string> relaxed_jsonpath(std::string_view text);

// One value as a JsonPath template prints it: strings bare, objects and arrays as compact JSON, null as "null".
std::string jsonpath_text(const Json& value);

}  // namespace skerry::output
