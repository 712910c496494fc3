#include "auth/rbac.h"

#include <algorithm>
#include <mutex>

#include "base/strings.h"

namespace skerry::auth {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

bool applies(const std::string& kind, const std::string& name, const std::string& ns, const api::UserInfo& user) {
  if (kind == "User") return name == user.name;
  if (kind == "Group") return in_group(user, name);
  if (kind == "ServiceAccount") return user.name == "system:serviceaccount:" + ns + ":" + name;
  return false;
}

// "{APIGroups:["apps"], Resources:["deployments"], Verbs:["get"]}", as Kubernetes prints a rule in messages.
std::string describe(const PolicyRule& rule) {
  std::string out = "{";
  auto part = [&](const char* label, const std::vector<std::string>& values) {
    if (values.empty()) return;
    if (out.size() > 1) out += ", ";
    out += std::string(label) + ":[";
    for (size_t i = 0; i < values.size(); ++i) out += (i ? " \"" : "\"") + values[i] + "\"";
    out += "]";
  };
  part("APIGroups", rule.api_groups);
  part("Resources", rule.resources);
  part("ResourceNames", rule.resource_names);
  part("NonResourceURLs", rule.non_resource_urls);
  part("Verbs", rule.verbs);
  return out + "}";
}

std::string describe(const api::UserInfo& user) {
  std::string groups;
  for (const auto& group : user.groups) groups += (groups.empty() ? "\"" : " \"") + group + "\"";
  return "user \"" + user.name + "\" (groups=[" + groups + "])";
}

// Verbs of the same group, resource and name in one rule again, so that the message stays short.
std::vector<PolicyRule> compact(const std::vector<PolicyRule>& rules) {
  std::vector<PolicyRule> out;
  for (const auto& rule : rules) {
    auto same = std::find_if(out.begin(), out.end(), [&](const PolicyRule& r) {
      return r.api_groups == rule.api_groups && r.resources == rule.resources && r.resource_names == rule.resource_names &&
             r.non_resource_urls == rule.non_resource_urls;
    });
    if (same == out.end()) out.push_back(rule);
    else same->verbs.insert(same->verbs.end(), rule.verbs.begin(), rule.verbs.end());
  }
  return out;
}

}  // namespace

void Rbac::set(const api::Gvr& gvr, const api::ObjectPtr& object) {
  if (gvr.group != kGroup) return;
  const Json value = object->json();
  const auto& meta = object->meta();
  if (gvr.resource == "roles" || gvr.resource == "clusterroles") {
    auto rules = std::make_shared<const std::vector<PolicyRule>>(parse_rules(value));
    std::unique_lock lock(mutex_);
    (gvr.resource == "roles" ? roles_ : cluster_roles_)[object->key()] = std::move(rules);
    return;
  }
  if (gvr.resource != "rolebindings" && gvr.resource != "clusterrolebindings") return;
  Binding binding{meta.name, json::str(value, {"roleRef", "kind"}), json::str(value, {"roleRef", "name"}), {}};
  for (const auto& s : json::array_or_empty(json::find(value, "subjects")))
    binding.subjects.push_back({json::str(s, "kind"), json::str(s, "name"), json::str(s, "namespace", meta.ns)});
  std::unique_lock lock(mutex_);
  (gvr.resource == "rolebindings" ? bindings_[meta.ns] : cluster_bindings_)[meta.name] = std::move(binding);
}

void Rbac::erase(const api::Gvr& gvr, const std::string& key) {
  if (gvr.group != kGroup) return;
  std::unique_lock lock(mutex_);
  if (gvr.resource == "roles") roles_.erase(key);
  else if (gvr.resource == "clusterroles") cluster_roles_.erase(key);
  else if (gvr.resource == "clusterrolebindings") cluster_bindings_.erase(key);
  else if (gvr.resource == "rolebindings") {
    auto [ns, name] = api::split_key(key);
    auto it = bindings_.find(ns);
    if (it == bindings_.end()) return;
    it->second.erase(name);
    if (it->second.empty()) bindings_.erase(it);
  }
}

// f(rules, binding description) for every binding that applies, until it returns false. Holds the lock.
template <class F>
void Rbac::visit(const api::UserInfo& user, const std::string& ns, F&& f) const {
  auto find_rules = [&](const Binding& binding, const std::string& in) -> Rules {
    const auto& roles = binding.role_kind == "ClusterRole" ? cluster_roles_ : roles_;
    auto it = roles.find(binding.role_kind == "ClusterRole" ? binding.role_name : in + "/" + binding.role_name);
    return it == roles.end() ? nullptr : it->second;
  };
  auto subject_of = [&](const Binding& binding) {
    return std::any_of(binding.subjects.begin(), binding.subjects.end(),
                       [&](const Subject& s) { return applies(s.kind, s.name, s.ns, user); });
  };
  for (const auto& [name, binding] : cluster_bindings_) {
    if (!subject_of(binding)) continue;
    if (Rules rules = find_rules(binding, ""); rules && !f(*rules, "ClusterRoleBinding \"" + name + "\" of " + binding.role_kind + " \"" + binding.role_name + "\"")) return;
  }
  auto it = ns.empty() ? bindings_.end() : bindings_.find(ns);
  if (it == bindings_.end()) return;
  for (const auto& [name, binding] : it->second) {
    if (!subject_of(binding)) continue;
    if (Rules rules = find_rules(binding, ns); rules && !f(*rules, "RoleBinding \"" + name + "/" + ns + "\" of " + binding.role_kind + " \"" + binding.role_name + "\"")) return;
  }
}

Decision Rbac::authorize(const Attributes& a) const {
  std::shared_lock lock(mutex_);
  Decision decision;
  visit(a.user, a.is_resource() ? a.ns : "", [&](const std::vector<PolicyRule>& rules, const std::string& binding) {
    for (const auto& rule : rules) {
      if (!rule_allows(rule, a)) continue;
      decision = {Decision::Kind::kAllow, "RBAC: allowed by " + binding + " to " + describe(a.user)};
      return false;
    }
    return true;
  });
  return decision;
}

std::vector<PolicyRule> Rbac::rules_for(const api::UserInfo& user, const std::string& ns) const {
  std::shared_lock lock(mutex_);
  std::vector<PolicyRule> all;
  visit(user, ns, [&](const std::vector<PolicyRule>& rules, const std::string&) {
    all.insert(all.end(), rules.begin(), rules.end());
    return true;
  });
  return all;
}

Result<std::vector<PolicyRule>> Rbac::rules_of(const std::string& kind, const std::string& name, const std::string& ns) const {
  std::shared_lock lock(mutex_);
  bool cluster = kind == "ClusterRole";
  const auto& roles = cluster ? cluster_roles_ : roles_;
  auto it = roles.find(cluster ? name : ns + "/" + name);
  if (it == roles.end())
    return Error(Reason::kNotFound, std::string(cluster ? "clusterroles" : "roles") + "." + std::string(kGroup) + " \"" + name + "\" not found");
  return *it->second;
}

Status Rbac::check_write(const api::Request& request, const Json& object, const Json& existing,
                         const Authorizer& authorizer) const {
  if (request.gvr.group != kGroup || in_group(request.user, "system:masters")) return {};
  const std::string& resource = request.gvr.resource;
  bool is_role = resource == "roles" || resource == "clusterroles";
  bool is_binding = resource == "rolebindings" || resource == "clusterrolebindings";
  if (!is_role && !is_binding) return {};
  const char* relevant = is_role ? "rules" : "subjects";
  if (!existing.is_null() && json::find(object, relevant) == json::find(existing, relevant) &&
      json::find(object, "aggregationRule") == json::find(existing, "aggregationRule") &&
      json::find(object, "roleRef") == json::find(existing, "roleRef"))
    return {};

  Attributes asked = attributes_of(request);
  std::vector<PolicyRule> wanted;
  if (is_role) {
    asked.verb = "escalate";
    asked.name = json::str(object, {"metadata", "name"});
    if (authorizer.authorize(asked).allowed()) return {};
    wanted = parse_rules(object);
    // Who decides which roles are aggregated decides everything.
    if (json::find(object, "aggregationRule").is_object() &&
        json::find(object, "aggregationRule") != json::find(existing, "aggregationRule")) {
      wanted.push_back({{"*"}, {"*"}, {"*"}, {}, {}});
      wanted.push_back({{"*"}, {}, {}, {}, {"*"}});
    }
  } else {
    const std::string kind = json::str(object, {"roleRef", "kind"}), name = json::str(object, {"roleRef", "name"});
    asked.verb = "bind";
    asked.resource = kind == "ClusterRole" ? "clusterroles" : "roles";
    asked.name = name;
    if (authorizer.authorize(asked).allowed()) return {};
    wanted = TRY(rules_of(kind, name, request.ns));
  }
  std::vector<PolicyRule> missing = uncovered(rules_for(request.user, request.ns), wanted);
  if (missing.empty()) return {};

  std::string message = request.gvr.group_resource() + " \"" + json::str(object, {"metadata", "name"}) + "\" is forbidden: " +
                        describe(request.user) + " is attempting to grant RBAC permissions not currently held:";
  for (const auto& rule : compact(missing)) message += "\n" + describe(rule);
  Error error(Reason::kForbidden, message);
  auto details = std::make_shared<ErrorDetails>();
  details->name = json::str(object, {"metadata", "name"});
  details->group = request.gvr.group;
  details->kind = resource;
  error.details = std::move(details);
  return error;
}

}  // namespace skerry::auth
