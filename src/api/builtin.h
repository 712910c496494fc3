// The generated constant data behind the catalog and find_type(). For src/api's own use.
#pragma once

#include <cstddef>

#include "api/resource.h"

namespace skerry::api {

// A served group and version, and the package its types stand in ("core", "apps", ...).
struct GroupVersion {
  std::string_view group;
  std::string_view version;
  std::string_view package;
};

extern const Type kTypes[];
extern const size_t kTypeCount;
extern const Resource kResources[];
extern const size_t kResourceCount;
extern const GroupVersion kGroupVersions[];  // in the order of /apis; a group's preferred version first
extern const size_t kGroupVersionCount;

}  // namespace skerry::api
