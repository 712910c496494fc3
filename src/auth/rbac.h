// Rbac: decisions over roles and bindings, from an index kept current by whoever watches them.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "api/object.h"
#include "auth/authorizer.h"

namespace skerry::auth {

// rbac.authorization.k8s.io/v1 PolicyRule.
struct PolicyRule {
  std::vector<std::string> verbs, api_groups, resources, resource_names, non_resource_urls;
  bool operator==(const PolicyRule&) const = default;
};
PolicyRule parse_rule(const Json& rule);
std::vector<PolicyRule> parse_rules(const Json& role);  // role.rules
Json rule_json(const PolicyRule& rule);
bool rule_allows(const PolicyRule& rule, const Attributes& attributes);
// Those of `wanted` that `held` does not cover, broken down to single verbs and resources.
std::vector<PolicyRule> uncovered(const std::vector<PolicyRule>& held, const std::vector<PolicyRule>& wanted);

class Rbac final : public Authorizer {
 public:
  // Feeds: an object of roles, rolebindings, clusterroles or clusterrolebindings was written or removed. Any thread.
  void set(const api::Gvr& gvr, const api::ObjectPtr& object);
  void erase(const api::Gvr& gvr, const std::string& key);

  Decision authorize(const Attributes& attributes) const override;

  // Everything `user` may do in `ns` (empty: cluster-wide only). For SelfSubjectRulesReview and escalation checks.
  std::vector<PolicyRule> rules_for(const api::UserInfo& user, const std::string& ns) const;
  // The rules of a role a binding refers to; NotFound if it is missing.
  Result<std::vector<PolicyRule>> rules_of(const std::string& ref_kind, const std::string& ref_name, const std::string& ns) const;

  // Kubernetes' escalation rules: nobody hands out more than they hold, unless they may `escalate` (roles) or `bind`
  // (bindings). Called before such an object is written; Forbidden with Kubernetes' message.
  Status check_write(const api::Request& request, const Json& object, const Json& existing, const Authorizer& authorizer) const;

 private:
  struct Subject { std::string kind, name, ns; };
  struct Binding { std::string name, role_kind, role_name; std::vector<Subject> subjects; };
  using Rules = std::shared_ptr<const std::vector<PolicyRule>>;

  template <class F>
  void visit(const api::UserInfo& user, const std::string& ns, F&& f) const;

  mutable std::shared_mutex mutex_;  // guards all below
  std::map<std::string, Rules> roles_;          // "ns/name"
  std::map<std::string, Rules> cluster_roles_;  // "name"
  std::map<std::string, std::map<std::string, Binding>> bindings_;  // ns -> name
  std::map<std::string, Binding> cluster_bindings_;
};

}  // namespace skerry::auth
