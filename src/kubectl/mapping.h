// Mapping: a kind of object as the server offers it: its names and its place in URLs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/gvr.h"

namespace skerry::kubectl {

struct Mapping {
  std::string group;  // empty: core
  std::string version;
  std::string resource;  // plural: "deployments"
  std::string singular;
  std::string kind;
  bool namespaced = false;
  std::vector<std::string> short_names{};
  std::vector<std::string> categories{};
  std::vector<std::string> verbs{};
  std::vector<std::string> subresources{};

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "deployments.apps"; "pods" for core.
  std::string group_resource() const { return group.empty() ? resource : resource + "." + group; }
  // "Deployment.apps"; "Pod" for core.
  std::string group_kind() const { return group.empty() ? kind : kind + "." + group; }
  // "deployment.apps", "pod": how kubectl names one object: "deployment.apps/web".
  std::string singular_name() const;
  api::Gvr gvr() const { return {group, version, resource}; }
  bool can(std::string_view verb) const;
  // "/apis/apps/v1/namespaces/x/deployments/web/scale"; the empty parts are left out. `ns` is ignored for cluster-scoped kinds.
  std::string path(std::string_view ns, std::string_view name = "", std::string_view subresource = "") const;
};

}  // namespace skerry::kubectl
