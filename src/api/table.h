// Tables: meta.k8s.io/v1 Table documents, what `kubectl get` prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "base/clock.h"

namespace skerry::api {

enum class IncludeObject { kNone, kMetadata, kObject };
// The includeObject parameter: "" and "Metadata" are kMetadata. BadRequest for unknown values.
Result<IncludeObject> parse_include_object(std::string_view text);

struct TableOptions {
  IncludeObject include = IncludeObject::kMetadata;
  bool headers = true;              // false: no columnDefinitions (watch events after the first)
  std::string_view version = "v1";  // meta.k8s.io version asked for: "v1" or "v1beta1"
};

// A Table of one object, or of a list's items.
Json table_of(const Resource& resource, const Object& object, WallTime now, const TableOptions& options = {});
Json table_of_list(const Resource& resource, const List& list, WallTime now, const TableOptions& options = {});

// PartialObjectMetadata of an object, for `as=PartialObjectMetadata`.
Json partial_metadata(const Json& object, std::string_view version = "v1");

// "5s", "3m20s", "4h", "2d3h", "1y20d": as kubectl prints ages.
std::string human_duration(std::chrono::nanoseconds duration);

}  // namespace skerry::api
