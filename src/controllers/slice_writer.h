// Carries out a SlicePlan.
#pragma once

#include <string>

#include "client/client.h"
#include "controllers/endpoint_plan.h"

namespace skerry::controllers {

// New slices are named "<prefix>-<five letters>" after their owner's uid and a number, the first that is free: a
// repeated create then meets AlreadyExists instead of making a twin.
Status write_slices(client::Client& client, const std::string& ns, const std::string& prefix,
                    const std::string& owner_uid, const std::vector<Json>& existing, SlicePlan plan);

}  // namespace skerry::controllers
