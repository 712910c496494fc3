// GoTemplate: `-o go-template=`: Go's text/template over JSON values, with kubectl's functions `exists` and `base64decode`.
//
// A parsed template is immutable. Work and output of one execution are bounded (see kMax... in the .cc).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "json/json.h"

namespace skerry::output {

class GoTemplate {
 public:
  // Error texts are Go's: `template: output:1: unexpected "}" in operand`.
  static Result<GoTemplate> parse(std::string_view text, std::string_view name = "output");
  // Writes to `out`; on an error, what was written before it stays there. allow_missing is kubectl's
  // --allow-missing-template-keys: missing keys print "<no value>"; without it they are errors.
  Result<void> execute(const Json& data, std::string& out, bool allow_missing = true) const;

  struct Parsed;

 private:
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace skerry::output
