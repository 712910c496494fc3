// Tables of networking, RBAC, storage, certificates and the rest.
#include <set>

#include "api/pod.h"
#include "api/table.h"
#include "api/table_rows.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

constexpr Column kName = {"Name", "string", "name"};
const Json& list_of(const Json& object, std::string_view key) { return json::array_or_empty(json::find(object, key)); }

std::string some(const std::vector<std::string>& all, size_t shown) {
  if (all.size() <= shown) return or_none(join(all, ","));
  return join({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown)}, ",") + " + " + std::to_string(all.size() - shown) + " more...";
}

constexpr Column kIngress[] = {kName, {"Class"}, {"Hosts"}, {"Address"}, {"Ports"}, {"Age"}};
void ingress(const Json& o, WallTime now, Json& cells) {
  std::vector<std::string> hosts, addresses;
  for (const auto& r : list_of(json::find(o, "spec"), "rules"))
    if (std::string h = json::str(r, "host"); !h.empty()) hosts.push_back(h);
  for (const auto& i : list_of(json::find(o, {"status", "loadBalancer"}), "ingress"))
    addresses.push_back(json::str(i, "ip").empty() ? json::str(i, "hostname") : json::str(i, "ip"));
  cells = {name_of(o), or_none(json::str(o, {"spec", "ingressClassName"})), hosts.empty() ? "*" : some(hosts, 3), join(addresses, ","),
           list_of(json::find(o, "spec"), "tls").empty() ? "80" : "80, 443", age_of(o, now)};
}

constexpr Column kIngressClass[] = {kName, {"Controller"}, {"Parameters"}, {"Age"}};
void ingress_class(const Json& o, WallTime now, Json& cells) {
  const Json& p = json::find(o, {"spec", "parameters"});
  std::string text = "<none>";
  if (p.is_object()) {
    std::string group = json::str(p, "apiGroup");
    text = json::str(p, "kind") + (group.empty() ? "" : "." + group) + "/" + json::str(p, "name");
  }
  cells = {name_of(o), json::str(o, {"spec", "controller"}), text, age_of(o, now)};
}

constexpr Column kPolicy[] = {kName, {"Pod-Selector"}, {"Age"}};
void network_policy(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), selector_text(json::find(o, {"spec", "podSelector"})), age_of(o, now)};
}

constexpr Column kSlice[] = {kName, {"AddressType"}, {"Ports"}, {"Endpoints"}, {"Age"}};
void endpoint_slice(const Json& o, WallTime now, Json& cells) {
  std::vector<std::string> ports, addresses;
  for (const auto& p : list_of(o, "ports"))
    ports.push_back(json::find(p, "port").is_number() ? std::to_string(json::integer(p, "port")) : json::str(p, "name").empty() ? "*" : json::str(p, "name"));
  for (const auto& e : list_of(o, "endpoints"))
    for (const auto& a : list_of(e, "addresses"))
      if (a.is_string()) addresses.push_back(a.get<std::string>());
  auto text = [](const std::vector<std::string>& v) { return v.empty() ? std::string("<unset>") : some(v, 3); };
  cells = {name_of(o), json::str(o, "addressType"), text(ports), text(addresses), age_of(o, now)};
}

constexpr Column kBinding[] = {kName, {"Role"}, {"Age"}, {"Users", "string", "", 1}, {"Groups", "string", "", 1}, {"ServiceAccounts", "string", "", 1}};
void role_binding(const Json& o, WallTime now, Json& cells) {
  std::vector<std::string> users, groups, accounts;
  for (const auto& s : list_of(o, "subjects")) {
    std::string kind = json::str(s, "kind"), name = json::str(s, "name");
    if (kind == "User") users.push_back(name);
    else if (kind == "Group") groups.push_back(name);
    else if (kind == "ServiceAccount") accounts.push_back(json::str(s, "namespace") + "/" + name);
  }
  cells = {name_of(o), json::str(o, {"roleRef", "kind"}) + "/" + json::str(o, {"roleRef", "name"}), age_of(o, now), join(users, ", "),
           join(groups, ", "), join(accounts, ", ")};
}

constexpr Column kCreated[] = {kName, {"Created At", "dateTime"}};
void created(const Json& o, WallTime, Json& cells) { cells = {name_of(o), json::str(o, {"metadata", "creationTimestamp"})}; }

constexpr Column kRequest[] = {kName, {"Age"}, {"SignerName"}, {"Requestor"}, {"RequestedDuration"}, {"Condition"}};
void signing_request(const Json& o, WallTime now, Json& cells) {
  std::string text;
  for (const auto& c : list_of(json::find(o, "status"), "conditions")) text += (text.empty() ? "" : ",") + json::str(c, "type");
  if (text.empty()) text = "Pending";
  if (!json::str(o, {"status", "certificate"}).empty()) text += ",Issued";
  const Json& duration = json::find(o, {"spec", "expirationSeconds"});
  cells = {name_of(o), age_of(o, now), json::str(o, {"spec", "signerName"}), json::str(o, {"spec", "username"}),
           duration.is_number() ? human_duration(seconds(duration.get<int64_t>())) : "<none>", text};
}

constexpr Column kLease[] = {kName, {"Holder"}, {"Age"}};
void lease(const Json& o, WallTime now, Json& cells) { cells = {name_of(o), json::str(o, {"spec", "holderIdentity"}), age_of(o, now)}; }

constexpr Column kStorage[] = {kName, {"Provisioner"}, {"ReclaimPolicy"}, {"VolumeBindingMode"}, {"AllowVolumeExpansion", "boolean"}, {"Age"}};
void storage_class(const Json& o, WallTime now, Json& cells) {
  std::string name = name_of(o);
  if (json::str(o, {"metadata", "annotations", "storageclass.kubernetes.io/is-default-class"}) == "true") name += " (default)";
  cells = {name, json::str(o, "provisioner"), json::str(o, "reclaimPolicy", "Delete"), json::str(o, "volumeBindingMode", "Immediate"),
           json::boolean(o, "allowVolumeExpansion"), age_of(o, now)};
}

constexpr Column kPriority[] = {kName, {"Value", "integer"}, {"Global-Default", "boolean"}, {"Age"}, {"PreemptionPolicy"}};
void priority_class(const Json& o, WallTime now, Json& cells) {
  cells = {name_of(o), json::integer(o, "value"), json::boolean(o, "globalDefault"), age_of(o, now), json::str(o, "preemptionPolicy", "PreemptLowerPriority")};
}

constexpr Column kRuntime[] = {kName, {"Handler"}, {"Age"}};
void runtime_class(const Json& o, WallTime now, Json& cells) { cells = {name_of(o), json::str(o, "handler"), age_of(o, now)}; }

constexpr Column kWebhooks[] = {kName, {"Webhooks", "integer"}, {"Age"}};
void webhooks(const Json& o, WallTime now, Json& cells) { cells = {name_of(o), list_of(o, "webhooks").size(), age_of(o, now)}; }

constexpr Column kApiService[] = {kName, {"Service"}, {"Available"}, {"Age"}};
void api_service(const Json& o, WallTime now, Json& cells) {
  const Json& service = json::find(o, {"spec", "service"});
  const Json& available = find_condition(o, "Available");
  std::string text = json::str(available, "status", "Unknown");
  if (text != "True" && !json::str(available, "reason").empty()) text += " (" + json::str(available, "reason") + ")";
  cells = {name_of(o), service.is_object() ? json::str(service, "namespace") + "/" + json::str(service, "name") : "Local", text, age_of(o, now)};
}

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
constexpr TableKind kKinds[] = {
    {"networking.k8s.io", "Ingress", kIngress, ingress},
    {"networking.k8s.io", "IngressClass", kIngressClass, ingress_class},
    {"networking.k8s.io", "NetworkPolicy", kPolicy, network_policy},
    {"discovery.k8s.io", "EndpointSlice", kSlice, endpoint_slice},
    {kRbac, "RoleBinding", kBinding, role_binding},
    {kRbac, "ClusterRoleBinding", kBinding, role_binding},
    {kRbac, "Role", kCreated, created},
    {kRbac, "ClusterRole", kCreated, created},
    {"apiextensions.k8s.io", "CustomResourceDefinition", kCreated, created},
    {"certificates.k8s.io", "CertificateSigningRequest", kRequest, signing_request},
    {"coordination.k8s.io", "Lease", kLease, lease},
    {"storage.k8s.io", "StorageClass", kStorage, storage_class},
    {"scheduling.k8s.io", "PriorityClass", kPriority, priority_class},
    {"node.k8s.io", "RuntimeClass", kRuntime, runtime_class},
    {kAdmission, "ValidatingWebhookConfiguration", kWebhooks, webhooks},
    {kAdmission, "MutatingWebhookConfiguration", kWebhooks, webhooks},
    {"apiregistration.k8s.io", "APIService", kApiService, api_service},
};

}  // namespace

std::span<const TableKind> other_table_kinds() { return kKinds; }

}  // namespace skerry::api
