// Values of flags and words that several commands read in the same way.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubectl {

// "cpu=1,memory=1Gi" as a ResourceList, the amounts in their canonical form; {} for "". Errors have kubectl's text.
Result<Json> resource_list(std::string_view text);

// metav1.LabelSelector {matchLabels, matchExpressions} of "a=b,c in (d,e),!f"; the lists that would be empty are left out.
Result<Json> label_selector(const std::string& text);

// Why this is no name of an environment variable, in Kubernetes' words; empty: it is one.
std::string env_name_trouble(std::string_view name);

// The labels of `--labels a=b,c=d`. Error: "unexpected label spec: x".
Result<Json> label_map(std::string_view text);

// A port as Go's strconv.ParseUint(text, 10, 16) reads it, with its errors.
Result<int64_t> parse_port(std::string_view text);

// Words of `label`, `annotate` and `set image`: resources, and behind them the changes ("a=b", "a-").
struct WordsAndPairs {
  std::vector<std::string> resources{}, pairs{};
};
// Error: "all resources must be specified before image changes: x", `what` being "image".
Result<WordsAndPairs> split_pairs(const std::vector<std::string>& words, std::string_view what);

// "key=value" and, with `removals`, "key-". Error: "invalid annotation format: x, y".
struct Pairs {
  std::vector<std::pair<std::string, std::string>> set{};  // sorted by key, the last of equal ones
  std::vector<std::string> remove{};
};
Result<Pairs> parse_pairs(const std::vector<std::string>& pairs, std::string_view what, bool removals);

}  // namespace skerry::kubectl
