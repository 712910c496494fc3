// What `kubectl describe` prints for one object: its fields in words, what belongs to it, its events.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "kubectl/command.h"
#include "kubectl/select.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

struct DescribeOptions {
  bool show_events = true;
  int64_t chunk = 500;  // ?limit= of the lists it reads; 0: all at once
};

// The text for `item`, whose object is filled. Kinds without a describer of their own are shown field by field.
// Reads from the server what belongs to the object (events, pods, replica sets, leases, ...).
Result<std::string> describe(Session& session, const Item& item, const DescribeOptions& options = {});

extern const Command kDescribe;

}  // namespace skerry::kubectl
