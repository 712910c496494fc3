// NodeAuthorizer: a node may read what its pods refer to, and write only about itself and its pods.
#pragma once

#include <map>
#include <set>
#include <shared_mutex>
#include <string>
#include <tuple>

#include "auth/authorizer.h"

namespace skerry::auth {

// "system:node:<name>" in system:nodes: the name; otherwise empty.
std::string node_of(const api::UserInfo& user);

class NodeAuthorizer final : public Authorizer {
 public:
  // Feed: a pod was written or removed. Any thread.
  void set_pod(const api::ObjectPtr& pod);
  void erase_pod(const std::string& key);

  // An opinion only on what nodes ask for: their pods' secrets and the like, then the rules of the role system:node.
  Decision authorize(const Attributes& attributes) const override;

 private:
  using Ref = std::tuple<std::string, std::string, std::string>;  // resource, namespace, name
  bool runs_on(const std::string& key, const std::string& node) const;
  struct Pod { std::string node; std::set<Ref> refs; };
  void drop(const std::string& key);

  mutable std::shared_mutex mutex_;  // guards all below
  std::map<std::string, Pod> pods_;
  std::map<Ref, std::map<std::string, int>> referrers_;  // -> node -> how many pods
};

}  // namespace skerry::auth
