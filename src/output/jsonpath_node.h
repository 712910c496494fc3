// What a JSONPath template is parsed into. Internal to jsonpath*.cc.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace skerry::output::jsonpath_detail {

struct Bound {
  bool known = false;
  bool derived = false;  // [3] is [3:4], also for [-1]
  int64_t value = 0;
};

struct Node {
  enum class Type { kList, kText, kField, kIdentifier, kArray, kFilter, kLiteral, kWildcard, kRecursive, kUnion };
  Type type = Type::kList;
  std::string text;            // kText, kField, kIdentifier; kFilter: the operator, "exists" for none
  Json literal;                // kLiteral: a number or boolean; kText: the text once more
  std::array<Bound, 3> bounds; // kArray
  std::vector<Node> nodes;     // kList, kUnion; kFilter: left and right
};

Result<Node> parse(std::string_view text);

}  // namespace skerry::output::jsonpath_detail
