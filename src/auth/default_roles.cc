#include "auth/default_roles.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "api/selector.h"
#include "auth/rbac.h"
#include "base/strings.h"

namespace skerry::auth {
namespace {

// A rule in one line: "groups | resources | verbs [| resource names]", or "url | paths | verbs". Lists are separated
// by commas; core is the empty group, READ and WRITE are the usual verbs.
struct RoleRow {
  std::string_view name;
  std::string_view aggregate_to;   // label rbac.authorization.k8s.io/aggregate-to-<this>
  std::string_view aggregates;     // aggregationRule over that label
  std::vector<std::string_view> rules;
};

constexpr std::string_view kApi = "rbac.authorization.k8s.io/v1";
constexpr std::string_view kAutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";
constexpr std::string_view kAggregatePrefix = "rbac.authorization.k8s.io/aggregate-to-";

const std::vector<RoleRow>& role_rows() {
  static const std::vector<RoleRow> rows = {
      {"cluster-admin", "", "", {"*|*|*", "url|*|*"}},
      {"system:discovery", "", "",
       {"url|/api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/|get"}},
      {"system:public-info-viewer", "", "", {"url|/healthz,/livez,/readyz,/version,/version/|get"}},
      {"system:monitoring", "", "",
       {"url|/healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*|get"}},
      {"system:basic-user", "", "",
       {"authorization.k8s.io|selfsubjectaccessreviews,selfsubjectrulesreviews|create",
        "authentication.k8s.io|selfsubjectreviews|create"}},
      {"admin", "", "admin", {}},
      {"edit", "admin", "edit", {}},
      {"view", "edit", "view", {}},
      {"system:aggregate-to-admin", "admin", "",
       {"authorization.k8s.io|localsubjectaccessreviews|create", "rbac.authorization.k8s.io|roles,rolebindings|READ,WRITE"}},
      {"system:aggregate-to-edit", "edit", "",
       {"|pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy|READ",
        "|serviceaccounts|impersonate",
        "|pods,pods/attach,pods/exec,pods/portforward,pods/proxy|WRITE",
        "|pods/eviction|create",
        "|configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,"
        "serviceaccounts,services,services/proxy|WRITE",
        "|serviceaccounts/token|create",
        "apps|daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,"
        "statefulsets/scale|WRITE",
        "autoscaling|horizontalpodautoscalers|WRITE",
        "batch|cronjobs,jobs|WRITE",
        "extensions|daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,"
        "replicasets/scale,replicationcontrollers/scale|WRITE",
        "policy|poddisruptionbudgets|WRITE",
        "networking.k8s.io|ingresses,networkpolicies|WRITE",
        "coordination.k8s.io|leases|READ,WRITE"}},
      {"system:aggregate-to-view", "view", "",
       {"|configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,"
        "replicationcontrollers/scale,serviceaccounts,services,services/status|READ",
        "|bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,"
        "resourcequotas/status|READ",
        "|namespaces|READ",
        "discovery.k8s.io|endpointslices|READ",
        "apps|controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,"
        "replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status|READ",
        "autoscaling|horizontalpodautoscalers,horizontalpodautoscalers/status|READ",
        "batch|cronjobs,cronjobs/status,jobs,jobs/status|READ",
        "extensions|daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,"
        "networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale|READ",
        "policy|poddisruptionbudgets,poddisruptionbudgets/status|READ",
        "networking.k8s.io|ingresses,ingresses/status,networkpolicies|READ"}},
      {"system:auth-delegator", "", "",
       {"authentication.k8s.io|tokenreviews|create", "authorization.k8s.io|subjectaccessreviews|create"}},
      {"system:kubelet-api-admin", "", "",
       {"|nodes|get,list,watch,proxy",
        "|nodes/configz,nodes/healthz,nodes/log,nodes/metrics,nodes/pods,nodes/proxy,nodes/spec,nodes/stats|*"}},
      {"system:node-bootstrapper", "", "", {"certificates.k8s.io|certificatesigningrequests|create,get,list,watch"}},
      {"system:node-problem-detector", "", "",
       {"|nodes|get", "|nodes/status|patch", "|events|create,patch,update", "events.k8s.io|events|create,patch,update"}},
      {"system:node-proxier", "", "",
       {"|services,endpoints|list,watch", "|nodes|get,list,watch", "|events|create,patch,update",
        "events.k8s.io|events|create,patch,update", "discovery.k8s.io|endpointslices|list,watch",
        "networking.k8s.io|servicecidrs|list,watch"}},
      {"system:kube-dns", "", "", {"|endpoints,services|list,watch"}},
      {"system:service-account-issuer-discovery", "", "",
       {"url|/.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/|get"}},
      {"system:persistent-volume-provisioner", "", "",
       {"|persistentvolumes|create,delete,get,list,watch", "|persistentvolumeclaims|get,list,update,watch",
        "storage.k8s.io|storageclasses|READ", "|events|create,list,patch,update,watch"}},
      {"system:volume-scheduler", "", "",
       {"|persistentvolumes|get,list,patch,update,watch", "storage.k8s.io|storageclasses|READ",
        "|persistentvolumeclaims|get,list,patch,update,watch"}},
      {"system:kube-scheduler", "", "",
       {"events.k8s.io,|events|create,patch,update",
        "coordination.k8s.io|leases|create,list,watch", "coordination.k8s.io|leases|get,update|kube-scheduler",
        "|nodes|READ", "|pods|delete,get,list,watch", "|bindings,pods/binding|create", "|pods/status|patch,update",
        "|replicationcontrollers,services|READ", "apps,extensions|replicasets|READ", "apps|statefulsets|READ",
        "policy|poddisruptionbudgets|READ", "|persistentvolumeclaims,persistentvolumes|READ",
        "authentication.k8s.io|tokenreviews|create", "authorization.k8s.io|subjectaccessreviews|create",
        "storage.k8s.io|csinodes,csidrivers,csistoragecapacities,volumeattachments|READ", "|namespaces|READ"}},
      {"system:kube-controller-manager", "", "",
       {"events.k8s.io,|events|create,patch,update",
        "coordination.k8s.io|leases|create,list,watch", "coordination.k8s.io|leases|get,update|kube-controller-manager",
        "|secrets,serviceaccounts|create", "|secrets|delete", "|configmaps,namespaces,secrets,serviceaccounts|get",
        "|secrets,serviceaccounts|update", "authentication.k8s.io|tokenreviews|create",
        "authorization.k8s.io|subjectaccessreviews|create", "*|*|list,watch", "|serviceaccounts/token|create"}},
      // Granted to nodes by the node authoriser; nobody is bound to it.
      {"system:node", "", "",
       {"authentication.k8s.io|tokenreviews|create", "authorization.k8s.io|localsubjectaccessreviews,subjectaccessreviews|create",
        "|services|READ", "|nodes|create,get,list,watch", "|nodes/status|patch,update", "|nodes|patch,update",
        "|events|create,patch,update", "events.k8s.io|events|create,patch,update", "|pods|READ", "|pods|create,delete",
        "|pods/status|patch,update", "|pods/eviction|create", "|configmaps,secrets|READ",
        "|persistentvolumeclaims,persistentvolumes|get", "|endpoints|READ",
        "certificates.k8s.io|certificatesigningrequests|create,get,list,watch",
        "coordination.k8s.io|leases|create,delete,get,patch,update", "storage.k8s.io|volumeattachments|get",
        "|serviceaccounts/token|create", "|serviceaccounts|get", "|persistentvolumeclaims/status|get,patch,update",
        "storage.k8s.io|csidrivers|READ", "storage.k8s.io|csinodes|create,delete,get,patch,update",
        "node.k8s.io|runtimeclasses|READ",
        // An agent is kubelet, service proxy, DNS server and network policy engine in one.
        "discovery.k8s.io|endpointslices|READ", "|namespaces|READ", "networking.k8s.io|networkpolicies|READ"}},
      {"system:certificates.k8s.io:certificatesigningrequests:nodeclient", "", "",
       {"certificates.k8s.io|certificatesigningrequests/nodeclient|create"}},
      {"system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", "", "",
       {"certificates.k8s.io|certificatesigningrequests/selfnodeclient|create"}},
      {"system:certificates.k8s.io:kube-apiserver-client-approver", "", "",
       {"certificates.k8s.io|signers|approve|kubernetes.io/kube-apiserver-client"}},
      {"system:certificates.k8s.io:kube-apiserver-client-kubelet-approver", "", "",
       {"certificates.k8s.io|signers|approve|kubernetes.io/kube-apiserver-client-kubelet"}},
      {"system:certificates.k8s.io:kubelet-serving-approver", "", "",
       {"certificates.k8s.io|signers|approve|kubernetes.io/kubelet-serving"}},
      {"system:certificates.k8s.io:legacy-unknown-approver", "", "",
       {"certificates.k8s.io|signers|approve|kubernetes.io/legacy-unknown"}},
  };
  return rows;
}

struct BindingRow {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string_view>> subjects;  // kind, name (accounts: "ns/name")
  std::string_view role = "";  // empty: of the same name
};

const std::vector<BindingRow>& binding_rows() {
  static const std::vector<BindingRow> rows = {
      {"cluster-admin", {{"Group", "system:masters"}}},
      {"system:monitoring", {{"Group", "system:monitoring"}}},
      {"system:discovery", {{"Group", "system:authenticated"}}},
      {"system:basic-user", {{"Group", "system:authenticated"}}},
      {"system:public-info-viewer", {{"Group", "system:authenticated"}, {"Group", "system:unauthenticated"}}},
      {"system:node-proxier", {{"User", "system:kube-proxy"}}},
      {"system:kube-controller-manager", {{"User", "system:kube-controller-manager"}}},
      {"system:kube-dns", {{"ServiceAccount", "kube-system/kube-dns"}}},
      {"system:kube-scheduler", {{"User", "system:kube-scheduler"}}},
      {"system:volume-scheduler", {{"User", "system:kube-scheduler"}}},
      {"system:node", {}},
      {"system:service-account-issuer-discovery", {{"Group", "system:serviceaccounts"}}},
  };
  return rows;
}

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> out;
  for (auto part : split(text, ',')) {
    if (part == "READ") out.insert(out.end(), {"get", "list", "watch"});
    else if (part == "WRITE") out.insert(out.end(), {"create", "delete", "deletecollection", "patch", "update"});
    else out.emplace_back(part);
  }
  return out;
}

Json rule_of(std::string_view line) {
  auto parts = split(line, '|');
  PolicyRule rule;
  (parts[0] == "url" ? rule.non_resource_urls : rule.resources) = list_of(parts[1]);
  if (parts[0] != "url") rule.api_groups = list_of(parts[0]);
  rule.verbs = list_of(parts[2]);
  std::sort(rule.verbs.begin(), rule.verbs.end());
  if (parts.size() > 3) rule.resource_names = list_of(parts[3]);
  return rule_json(rule);
}

Json metadata(std::string_view name, std::string_view ns = "") {
  Json meta = {{"name", name},
               {"labels", {{"kubernetes.io/bootstrapping", "rbac-defaults"}}},
               {"annotations", {{std::string(kAutoUpdate), "true"}}}};
  if (!ns.empty()) meta["namespace"] = ns;
  return meta;
}

bool contains(const Json& list, const Json& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::vector<Json> default_cluster_roles() {
  std::vector<Json> out;
  for (const auto& row : role_rows()) {
    Json role = {{"apiVersion", kApi}, {"kind", "ClusterRole"}, {"metadata", metadata(row.name)}};
    if (!row.aggregate_to.empty())
      role["metadata"]["labels"][std::string(kAggregatePrefix) + std::string(row.aggregate_to)] = "true";
    if (!row.aggregates.empty()) {
      Json selector = {{"matchLabels", {{std::string(kAggregatePrefix) + std::string(row.aggregates), "true"}}}};
      role["aggregationRule"] = {{"clusterRoleSelectors", Json::array({selector})}};
    }
    Json rules = Json::array();
    for (auto line : row.rules) rules.push_back(rule_of(line));
    if (row.aggregates.empty()) role["rules"] = rules;
    out.push_back(std::move(role));
  }
  return out;
}

std::vector<Json> default_cluster_role_bindings() {
  std::vector<Json> out;
  for (const auto& row : binding_rows()) {
    Json subjects = Json::array();
    for (const auto& [kind, name] : row.subjects) {
      Json subject = {{"kind", kind}};
      if (kind == "ServiceAccount") {
        auto [ns, account] = api::split_key(name);
        subject["namespace"] = ns;
        subject["name"] = account;
      } else {
        subject["apiGroup"] = "rbac.authorization.k8s.io";
        subject["name"] = name;
      }
      subjects.push_back(std::move(subject));
    }
    Json binding = {{"apiVersion", kApi},
                    {"kind", "ClusterRoleBinding"},
                    {"metadata", metadata(row.name)},
                    {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"},
                                 {"name", row.role.empty() ? row.name : row.role}}}};
    if (!subjects.empty()) binding["subjects"] = subjects;
    out.push_back(std::move(binding));
  }
  return out;
}

std::vector<Json> default_roles() {
  return {{{"apiVersion", kApi},
           {"kind", "Role"},
           {"metadata", metadata("extension-apiserver-authentication-reader", "kube-system")},
           {"rules", Json::array({rule_of("|configmaps|get,list,watch|extension-apiserver-authentication")})}}};
}

std::vector<Json> default_role_bindings() {
  Json subjects = Json::array();
  for (const char* user : {"system:kube-controller-manager", "system:kube-scheduler"})
    subjects.push_back({{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", user}});
  return {{{"apiVersion", kApi},
           {"kind", "RoleBinding"},
           {"metadata", metadata("system::extension-apiserver-authentication-reader", "kube-system")},
           {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", "extension-apiserver-authentication-reader"}}},
           {"subjects", subjects}}};
}

std::optional<Json> reconcile_default(const Json& wanted, const Json& existing) {
  if (existing.is_null()) return wanted;
  const std::string automatic(kAutoUpdate);
  if (json::str(existing, {"metadata", "annotations", automatic}) == "false") return std::nullopt;
  Json result = existing;
  for (const char* map : {"labels", "annotations"})
    for (const auto& [key, value] : json::object_or_empty(json::find(wanted, {"metadata", map})).items())
      result["metadata"][map][key] = value;
  const Json& wanted_aggregation = json::find(wanted, "aggregationRule");
  if (wanted_aggregation.is_object()) {
    Json& selectors = result["aggregationRule"]["clusterRoleSelectors"];
    for (const auto& s : wanted_aggregation["clusterRoleSelectors"])
      if (!selectors.is_array() || !contains(selectors, s)) selectors.push_back(s);
  } else if (wanted.contains("rules")) {
    std::vector<PolicyRule> missing;
    for (const auto& rule : wanted["rules"])
      if (PolicyRule parsed = parse_rule(rule); !uncovered(parse_rules(existing), {parsed}).empty()) missing.push_back(parsed);
    for (const auto& rule : missing) result["rules"].push_back(rule_json(rule));
  }
  for (const auto& subject : json::array_or_empty(json::find(wanted, "subjects")))
    if (!contains(json::array_or_empty(json::find(existing, "subjects")), subject)) result["subjects"].push_back(subject);
  // The role of a binding cannot be changed in place; one that was replaced by hand stays so.
  if (result == existing) return std::nullopt;
  return result;
}

std::optional<Json> aggregate(const Json& role, const std::vector<api::ObjectPtr>& all) {
  const Json& selectors = json::array_or_empty(json::find(role, {"aggregationRule", "clusterRoleSelectors"}));
  if (!json::find(role, "aggregationRule").is_object()) return std::nullopt;
  const std::string own = json::str(role, {"metadata", "name"});
  Json rules = Json::array();
  std::vector<api::ObjectPtr> sorted = all;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a->meta().name < b->meta().name; });
  for (const auto& selector_json : selectors) {
    auto selector = api::LabelSelector::from_json(selector_json);
    if (!selector) continue;
    for (const auto& object : sorted) {
      if (object->meta().name == own || !selector->matches(object->meta().labels)) continue;
      const Json value = object->json();
      for (const auto& rule : json::array_or_empty(json::find(value, "rules")))
        if (!contains(rules, rule)) rules.push_back(rule);
    }
  }
  if (json::array_or_empty(json::find(role, "rules")) == rules) return std::nullopt;
  return rules;
}

}  // namespace skerry::auth
