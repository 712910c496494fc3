// Catalog: all resources the server knows, built-in and added at run time. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"

namespace skerry::api {

class Catalog {
 public:
  Catalog() = default;  // knows the built-in rows

  // Null if there is none.
  ResourcePtr find(std::string_view group, std::string_view version, std::string_view plural) const;
  ResourcePtr find(const Gvr& gvr) const { return find(gvr.group, gvr.version, gvr.resource); }
  ResourcePtr find_kind(std::string_view group, std::string_view version, std::string_view kind) const;
  // "apps/v1", "Deployment".
  ResourcePtr find_kind(std::string_view api_version, std::string_view kind) const;
  // The preferred version of a group's resource; for owner references and scale targets.
  ResourcePtr find_any_version(std::string_view group, std::string_view plural) const;

  // Every row; built-in ones first, in Kubernetes' order.
  std::vector<ResourcePtr> all() const;
  std::vector<ResourcePtr> of(std::string_view group, std::string_view version) const;
  // Groups in the order of /apis ("" for core is not among them), and a group's versions, preferred one first.
  std::vector<std::string> groups() const;
  std::vector<std::string> versions(std::string_view group) const;

  // Rows at run time. add() replaces a row with the same group, version and plural; false if it would hide a
  // built-in one. Every change counts up revision(), so that derived documents can be cached.
  bool add(ResourcePtr row);
  void remove(const Gvr& gvr);
  uint64_t revision() const;

  // The built-in rows themselves.
  static std::span<const Resource> builtin();

 private:
  mutable std::shared_mutex mutex_;  // guards all below
  std::map<Gvr, ResourcePtr> custom_;
  uint64_t revision_ = 0;
};

// "apps/v1" -> {"apps", "v1"}; "v1" -> {"", "v1"}.
std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version);

}  // namespace skerry::api
