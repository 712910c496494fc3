// Discovery: what the server offers, kept in ~/.kube/cache/discovery as kubectl keeps it, and how words of the command line
// ("po", "deploy.v1.apps", "StatefulSet") and kinds in files find their Mapping.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/mapping.h"
#include "kubectl/rest.h"

namespace skerry::kubectl {

class Discovery {
 public:
  // `cache_dir`: "~/.kube/cache" expanded; empty: nothing is kept.
  Discovery(RestClient& rest, std::string cache_dir);
  ~Discovery();

  // Groups in the server's order of preference, core first: {"name","versions":[...],"preferredVersion"}.
  Result<const std::vector<Json>*> groups();
  // All resources of all versions. Versions whose discovery failed are left out and named in failures().
  Result<const std::vector<Mapping>*> resources();
  // Of each group's preferred version (others where only they have a resource).
  Result<std::vector<Mapping>> preferred_resources();
  const std::vector<Error>& failures() const;

  // "pods", "po", "Pod", "deployments.apps", "deploy.v1.apps". Error: `the server doesn't have a resource type "x"`, x without group.
  Result<Mapping> by_resource(std::string_view word);
  // Error: `no matches for kind "X" in version "y"` (is_no_match()).
  Result<Mapping> by_kind(std::string_view api_version, std::string_view kind);
  // The resources of a category ("all"), empty if there is no such category.
  Result<std::vector<Mapping>> category(std::string_view name);

  // Forget what is cached (once per run): the next question asks the server. Used when something is not found.
  void invalidate();
  // OpenAPI v3 of a group version, as the server gives it. Cached for this run.
  Result<const Json*> openapi_v3(std::string_view api_version);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Error no_match_error(std::string_view api_version, std::string_view kind);
bool is_no_match(const Error& error);

}  // namespace skerry::kubectl
