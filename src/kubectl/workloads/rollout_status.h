// How far a rollout is, in kubectl's words.
#pragma once

#include <string>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubectl {

struct RolloutState {
  std::string message;
  bool done = false;
};
// `revision` 0: whichever is current. Error: the rollout failed, or the kind has none.
Result<RolloutState> rollout_state(const Json& object, int64_t revision);

}  // namespace skerry::kubectl
