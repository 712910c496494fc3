// YAML to and from JSON values (yaml-cpp inside), with the YAML 1.1 scalars Kubernetes' clients accept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace skerry::json {

// A key that stands twice in a mapping: an error, or, as kubectl reads manifests, the last one wins.
enum class DuplicateKeys { kError, kLastWins };

// One document. BadRequest with line and column on bad text; aliases are resolved, with a bound on the result's size.
Result<Json> parse_yaml(std::string_view text, DuplicateKeys duplicates = DuplicateKeys::kError);
// All documents of a stream, empty ones left out.
Result<std::vector<Json>> parse_yaml_stream(std::string_view text, DuplicateKeys duplicates = DuplicateKeys::kError);

// One document, byte for byte as `kubectl -o yaml` (sigs.k8s.io/yaml on go-yaml v2) writes it: keys in natural order,
// lists not indented below their key, long lines folded at 80 columns. Ends with a newline; no "---".
std::string dump_yaml(const Json& value);

}  // namespace skerry::json
