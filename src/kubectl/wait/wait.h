// kubectl wait.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/command.h"
#include "output/jsonpath.h"

namespace skerry::kubectl {

extern const Command kWait;

// One --for: what has to be true of an object.
class Condition {
 public:
  enum class Kind { kCreate, kDelete, kCondition, kJsonPath };
  static Result<Condition> parse(const std::string& text);

  Kind kind() const { return kind_; }
  // Of kCondition and kJsonPath. Errors: the path cannot be evaluated, or finds what cannot be compared.
  Result<bool> met(const Json& object) const;

 private:
  Kind kind_ = Kind::kCreate;
  std::string name_, value_;  // condition, its status; jsonpath, what it has to be
  bool any_value_ = false;
  std::vector<output::JsonPath> path_;  // one or none
};

}  // namespace skerry::kubectl
