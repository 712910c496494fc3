// Origin: where a resource came from, for buildMetadata's annotations.
#pragma once

#include <optional>
#include <string>

#include "kustomize/resource.h"

namespace skerry::kustomize {

inline constexpr const char* kOriginAnnotation = "config.kubernetes.io/origin";
inline constexpr const char* kTransformationsAnnotation = "alpha.config.kubernetes.io/transformations";

struct Origin {
  std::string path;           // of the file, seen from where the build began
  std::string configured_in;  // of what generators and transformers made: the file that configures them
  std::string api_version, kind, name, ns;

  Origin below(const std::string& more) const;  // "../base" + "a.yaml" is "../base/a.yaml"
  std::string yaml() const;
};

// Sets the origin where there is none yet.
void add_origin(ResMap& resources, const std::optional<Origin>& origin);
// A transformer ran: noted in every resource, or as the origin of those it made.
void add_transformation(ResMap& resources, const std::optional<Origin>& origin);

}  // namespace skerry::kustomize
