// Claiming: which objects a controller with a selector owns, adopts or lets go, by their controller reference.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "api/gvr.h"
#include "api/selector.h"
#include "client/client.h"

namespace skerry::controllers {

enum class Claim { kIgnore, kKeep, kAdopt, kRelease };

// Pure: what `owner` should do about `child` of its namespace.
Claim decide_claim(const api::Meta& owner, const api::LabelSelector& selector, const api::Meta& child);

struct Claimant {
  api::Gvr gvr;
  std::string_view kind;
  const api::Object& object;
  const api::LabelSelector& selector;
};

// Adopts and releases among the candidates; returns those it owns now (an adopted one as it was before). Before the
// first adoption it asks the server whether the owner still lives: a cache may be behind a deletion.
Result<std::vector<api::ObjectPtr>> claim(client::Client& client, const Claimant& claimant, const api::Gvr& child_gvr,
                                          const std::vector<api::ObjectPtr>& candidates);

}  // namespace skerry::controllers
