// What `kubectl auth reconcile` does to one role or binding. Pure.
#pragma once

#include <vector>

#include "json/json.h"

namespace skerry::kubectl {

struct ReconcilePlan {
  enum class Operation { kNone, kCreate, kUpdate, kRecreate };
  Operation operation = Operation::kNone;
  bool opted_out = false;  // the object on the server says that it is not to be touched
  Json object;             // as it will be
  std::vector<Json> missing_rules{}, extra_rules{}, missing_subjects{}, extra_subjects{};
};

// `existing` is null where the server has no such object.
ReconcilePlan plan_reconcile(const Json& expected, const Json& existing, bool remove_extra_permissions, bool remove_extra_subjects);

// The parts of `rules`, each of one verb and one resource or URL, that `owner`'s rules do not allow.
std::vector<Json> uncovered_rules(const Json& owner, const Json& rules);

}  // namespace skerry::kubectl
