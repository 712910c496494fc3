// The text of `kubectl explain`, from an OpenAPI v3 document. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/mapping.h"

namespace skerry::kubectl {

struct ExplainRequest {
  std::string group, version, kind;
  std::vector<std::string> path{};  // fields below the object
  bool recursive = false;
};

// `text` is what goes to standard output, also where a field does not exist (the heading is printed first).
struct Explained {
  std::string text;
  Status status{};
};

// The layout of -o plaintext, and that of -o plaintext-openapiv2.
Explained explain(const Json& document, const ExplainRequest& request);
Explained explain_old(const Json& document, const ExplainRequest& request);

// The names of the fields at the path.
std::vector<std::string> field_names(const Json& document, const ExplainRequest& request);

// Which kind "deployments.apps.spec.template" is about, and the fields behind it. `mappings`: those whose names match the
// first part, best first.
std::vector<std::string> fields_behind(std::string_view word, const std::vector<Mapping>& mappings, const Mapping** chosen);

// Lines of at most `width` characters, broken at blanks; longer words stay whole.
std::string wrap_words(std::string_view text, size_t width);

}  // namespace skerry::kubectl
