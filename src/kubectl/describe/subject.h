// Subject: the object being described and what its describer may ask. Describers are functions of it, one per kind
// (kinds.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "json/json.h"
#include "kubectl/describe/describe.h"
#include "kubectl/describe/writer.h"
#include "kubectl/mapping.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

struct Subject {
  Objects& objects;
  const Mapping& mapping;
  const Json& object;
  const DescribeOptions& options;
  const WallTime now;

  const Json& spec() const { return json::find(object, "spec"); }
  const Json& status() const { return json::find(object, "status"); }
  std::string name() const { return json::str(object, {"metadata", "name"}); }
  std::string ns() const { return json::str(object, {"metadata", "namespace"}); }
  std::string uid() const { return json::str(object, {"metadata", "uid"}); }

  // The items of a list; `ns` empty: of all namespaces.
  Result<std::vector<Json>> list(const Mapping& what, std::string_view in_ns, std::string_view label_selector = "",
                                 std::string_view field_selector = "") const;
};

// Kinds that describers read beside their own.
Mapping pods_mapping();
Mapping services_mapping();
Mapping endpoint_slices_mapping();

}  // namespace skerry::kubectl
