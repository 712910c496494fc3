#include "auth/node_authorizer.h"

#include <mutex>

#include "auth/default_roles.h"
#include "auth/rbac.h"
#include "base/strings.h"

namespace skerry::auth {
namespace {

using Refs = std::set<std::tuple<std::string, std::string, std::string>>;

Refs references(const Json& pod, const std::string& ns) {
  Refs refs;
  auto add = [&](const char* resource, const Json& where, const char* key) {
    std::string name = json::str(where, key);
    if (!name.empty()) refs.emplace(resource, ns, name);
  };
  const Json& spec = json::find(pod, "spec");
  add("serviceaccounts", spec, "serviceAccountName");
  for (const auto& s : json::array_or_empty(json::find(spec, "imagePullSecrets"))) add("secrets", s, "name");
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    for (const auto& c : json::array_or_empty(json::find(spec, list))) {
      for (const auto& e : json::array_or_empty(json::find(c, "env"))) {
        add("secrets", json::find(e, {"valueFrom", "secretKeyRef"}), "name");
        add("configmaps", json::find(e, {"valueFrom", "configMapKeyRef"}), "name");
      }
      for (const auto& e : json::array_or_empty(json::find(c, "envFrom"))) {
        add("secrets", json::find(e, "secretRef"), "name");
        add("configmaps", json::find(e, "configMapRef"), "name");
      }
    }
  }
  for (const auto& v : json::array_or_empty(json::find(spec, "volumes"))) {
    add("secrets", json::find(v, "secret"), "secretName");
    add("configmaps", json::find(v, "configMap"), "name");
    add("persistentvolumeclaims", json::find(v, "persistentVolumeClaim"), "claimName");
    for (const auto& s : json::array_or_empty(json::find(v, {"projected", "sources"}))) {
      add("secrets", json::find(s, "secret"), "name");
      add("configmaps", json::find(s, "configMap"), "name");
    }
    for (const char* type : {"csi", "flexVolume", "rbd", "cephfs", "iscsi", "scaleIO", "storageos"}) {
      add("secrets", json::find(v, {type, "secretRef"}), "name");
      add("secrets", json::find(v, {type, "nodePublishSecretRef"}), "name");
    }
  }
  return refs;
}

Decision no(const std::string& reason) { return {Decision::Kind::kNoOpinion, reason}; }
const Decision kYes{Decision::Kind::kAllow, ""};

// What every node may do whatever runs on it: the default cluster role system:node.
const std::vector<PolicyRule>& static_rules() {
  static const std::vector<PolicyRule> rules = [] {
    for (const auto& role : default_cluster_roles())
      if (json::str(role, {"metadata", "name"}) == "system:node") return parse_rules(role);
    return std::vector<PolicyRule>();
  }();
  return rules;
}

bool is_read(const std::string& verb) { return verb == "get" || verb == "list" || verb == "watch"; }

}  // namespace

std::string node_of(const api::UserInfo& user) {
  constexpr std::string_view prefix = "system:node:";
  if (!in_group(user, "system:nodes") || !starts_with(user.name, prefix)) return "";
  return user.name.substr(prefix.size());
}

void NodeAuthorizer::drop(const std::string& key) {
  auto it = pods_.find(key);
  if (it == pods_.end()) return;
  for (const auto& ref : it->second.refs) {
    auto nodes = referrers_.find(ref);
    if (nodes == referrers_.end()) continue;
    auto count = nodes->second.find(it->second.node);
    if (count != nodes->second.end() && --count->second == 0) nodes->second.erase(count);
    if (nodes->second.empty()) referrers_.erase(nodes);
  }
  pods_.erase(it);
}

void NodeAuthorizer::set_pod(const api::ObjectPtr& object) {
  const Json pod = object->json();
  Pod entry{json::str(pod, {"spec", "nodeName"}), {}};
  if (!entry.node.empty()) entry.refs = references(pod, object->meta().ns);
  std::unique_lock lock(mutex_);
  auto it = pods_.find(object->key());
  if (it != pods_.end() && it->second.node == entry.node && it->second.refs == entry.refs) return;
  drop(object->key());
  if (entry.node.empty()) return;
  for (const auto& ref : entry.refs) ++referrers_[ref][entry.node];
  pods_[object->key()] = std::move(entry);
}

void NodeAuthorizer::erase_pod(const std::string& key) {
  std::unique_lock lock(mutex_);
  drop(key);
}

bool NodeAuthorizer::runs_on(const std::string& key, const std::string& node) const {
  std::shared_lock lock(mutex_);
  auto it = pods_.find(key);
  return it != pods_.end() && it->second.node == node;
}

Decision NodeAuthorizer::authorize(const Attributes& a) const {
  const std::string node = node_of(a.user);
  if (node.empty() || !a.is_resource()) return {};
  const std::string& r = a.resource;
  auto referred = [&] {
    std::shared_lock lock(mutex_);
    auto it = referrers_.find({r, a.ns, a.name});
    return it != referrers_.end() && it->second.count(node) != 0;
  };
  const std::string no_path = "no relationship found between node '" + node + "' and this object";

  if (a.group.empty()) {
    if (r == "secrets" || r == "configmaps" || r == "persistentvolumeclaims") {
      if (r == "persistentvolumeclaims" && a.subresource == "status" && (a.verb == "update" || a.verb == "patch"))
        return referred() ? kYes : no(no_path);
      if (!a.subresource.empty()) return no("cannot access subresources of " + r);
      // list and watch only of a single, named object (metadata.name= field selector arrives as a name).
      if (a.name.empty()) return no("No Object name found");
      if (!is_read(a.verb)) return no("can only read resources of this type");
      return referred() ? kYes : no(no_path);
    }
    if (r == "serviceaccounts") {
      if (a.subresource == "token") {
        if (a.verb != "create") return no("can only create tokens for individual service accounts");
        return referred() ? kYes : no(no_path);
      }
      if (!a.name.empty() && is_read(a.verb) && a.subresource.empty()) return referred() ? kYes : no(no_path);
      return no("can only read service accounts of its own pods");
    }
    if (r == "pods" && a.subresource.empty() && is_read(a.verb)) {
      if (a.verb == "get") return runs_on(a.ns + "/" + a.name, node) ? kYes : no(no_path);
      for (auto part : split(a.field_selector, ','))
        if (part == "spec.nodeName=" + node || part == "spec.nodeName==" + node) return kYes;
      return no("can only list/watch pods with spec.nodeName field selector");
    }
    if (r == "nodes") {
      bool changes = a.verb == "update" || a.verb == "patch";
      if (a.name == node && (changes || is_read(a.verb))) return kYes;  // NodeRestriction looks at what changes
      if (a.verb == "create" && a.subresource.empty()) return kYes;
      if (is_read(a.verb) && a.subresource.empty()) return kYes;  // routes and node addresses of the others
      return no("node '" + node + "' cannot " + a.verb + " nodes but its own");
    }
  }
  if (a.group == "coordination.k8s.io" && r == "leases") {
    if (a.ns != "kube-node-lease") return no("can only access leases in the \"kube-node-lease\" system namespace");
    if (a.verb == "create" || a.name == node) return kYes;
    return no("can only access node lease with the same name as the requesting node");
  }
  for (const auto& rule : static_rules())
    if (rule_allows(rule, a)) return kYes;
  return {};
}

}  // namespace skerry::auth
