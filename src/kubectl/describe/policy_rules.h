// The rules of roles, one for each resource, as `describe` and `auth can-i --list` show them.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"

namespace skerry::kubectl {

// A rule for one resource (or URL), with all verbs for it.
struct PolicyRule {
  std::string group, resource, name, url;
  std::vector<std::string> verbs;

  // What rules are sorted by: their text in Kubernetes' own notation, verbs first.
  std::string order() const;
  // "deployments.apps/scale"
  std::string full_resource() const;
  // "deployments.apps\t[]\t[name]\t[get list]"
  std::string row() const;
};

// Takes rules of many resources apart; verbs for the same resource come together, those for URLs stay alone. Sorted.
std::vector<PolicyRule> compact_rules(const Json& rules);

}  // namespace skerry::kubectl
