#include "apiserver/defaults.h"

#include <atomic>
#include <thread>
#include <vector>

#include "auth/default_roles.h"
#include "base/guarded.h"

namespace skerry::apiserver {
namespace {

constexpr int kWriters = 8;

// Creates `wanted`, or updates to what `complete(wanted, existing)` makes of what is there.
template <class Complete>
Status ensure(client::Client& client, const api::Gvr& gvr, const std::string& ns, const Json& wanted, Complete&& complete) {
  const std::string name = json::str(wanted, {"metadata", "name"});
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto existing = client.get(gvr, ns, name);
    if (!existing) {
      if (!existing.error().is(Reason::kNotFound)) return existing.error();
      auto created = client.create(gvr, ns, wanted);
      if (created) return {};
      if (!created.error().is(Reason::kAlreadyExists)) return created.error();
      continue;
    }
    std::optional<Json> better = complete(wanted, (*existing)->json());
    if (!better) return {};
    auto updated = client.update(gvr, ns, std::move(*better));
    if (updated) return {};
    if (!updated.error().is(Reason::kConflict) && !updated.error().is(Reason::kNotFound)) return updated.error();
  }
  return Error(Reason::kConflict, gvr.resource + " " + name + " changes all the time");
}

std::optional<Json> keep(const Json&, const Json&) { return std::nullopt; }

// What the endpoint of the Service "kubernetes" says follows the server's address.
std::optional<Json> take(const Json& wanted, const Json& existing) {
  Json result = existing;
  for (const char* key : {"subsets", "endpoints", "ports", "addressType", "data"})
    if (wanted.contains(key)) result[key] = wanted[key];
  if (result == existing) return std::nullopt;
  return result;
}

Status ensure_namespaces(client::Client& client) {
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    TRY(ensure(client, api::kNamespaces, "", {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}}, keep));
  return {};
}

// Some sixty objects: written by several threads at once they share the store's fsyncs, which at a first start is most
// of the time until the API is ready.
Status ensure_roles(client::Client& client) {
  struct Item { const api::Gvr& gvr; Json object; };
  std::vector<Item> items;
  for (auto& role : auth::default_cluster_roles()) items.push_back({api::kClusterRoles, std::move(role)});
  for (auto& binding : auth::default_cluster_role_bindings()) items.push_back({api::kClusterRoleBindings, std::move(binding)});
  for (auto& role : auth::default_roles()) items.push_back({api::kRoles, std::move(role)});
  for (auto& binding : auth::default_role_bindings()) items.push_back({api::kRoleBindings, std::move(binding)});
  std::atomic<size_t> next{0};
  Guarded<Status> result;
  auto work = [&] {
    for (size_t i; (i = next++) < items.size();) {
      const Item& item = items[i];
      Status done = ensure(client, item.gvr, json::str(item.object, {"metadata", "namespace"}), item.object, auth::reconcile_default);
      if (!done) *result.lock() = std::move(done);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i) threads.emplace_back(work);
  }
  return *result.lock();
}

Status ensure_priority_classes(client::Client& client) {
  struct Row { const char* name; int value; const char* description; };
  const Row rows[] = {
      {"system-cluster-critical", 2000000000, "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."},
      {"system-node-critical", 2000001000, "Used for system critical pods that must not be moved from their current node."}};
  for (const auto& row : rows)
    TRY(ensure(client, api::kPriorityClasses, "",
               {{"apiVersion", "scheduling.k8s.io/v1"}, {"kind", "PriorityClass"}, {"metadata", {{"name", row.name}}},
                {"value", row.value}, {"description", row.description}}, keep));
  return {};
}

Status ensure_service(client::Client& client, const DefaultsOptions& options) {
  if (options.service_ip.empty()) return {};
  bool v6 = options.service_ip.find(':') != std::string::npos;
  Json port = {{"name", "https"}, {"port", 443}, {"protocol", "TCP"}, {"targetPort", options.advertise_port}};
  Json labels = {{"component", "apiserver"}, {"provider", "kubernetes"}};
  TRY(ensure(client, api::kServices, "default",
             {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"name", "kubernetes"}, {"labels", labels}}},
              {"spec", {{"type", "ClusterIP"}, {"clusterIP", options.service_ip}, {"sessionAffinity", "None"},
                        {"ipFamilies", Json::array({v6 ? "IPv6" : "IPv4"})}, {"ipFamilyPolicy", "SingleStack"}, {"ports", Json::array({port})}}}},
             keep));
  if (options.advertise_address.empty()) return {};
  bool address_v6 = options.advertise_address.find(':') != std::string::npos;
  Json endpoint_port = {{"name", "https"}, {"port", options.advertise_port}, {"protocol", "TCP"}};
  Json addresses = Json::array({Json{{"ip", options.advertise_address}}});
  Json subset = {{"addresses", addresses}, {"ports", Json::array({endpoint_port})}};
  // The mirroring of Endpoints to slices must leave this one alone, as we write the slice ourselves.
  TRY(ensure(client, api::kEndpoints, "default",
             {{"apiVersion", "v1"}, {"kind", "Endpoints"},
              {"metadata", {{"name", "kubernetes"}, {"labels", {{"endpointslice.kubernetes.io/skip-mirror", "true"}}}}},
              {"subsets", Json::array({subset})}}, take));
  Json endpoint = {{"addresses", Json::array({options.advertise_address})}, {"conditions", {{"ready", true}}}};
  return ensure(client, api::kEndpointSlices, "default",
                {{"apiVersion", "discovery.k8s.io/v1"}, {"kind", "EndpointSlice"},
                 {"metadata", {{"name", "kubernetes"}, {"labels", {{"kubernetes.io/service-name", "kubernetes"}}}}},
                 {"addressType", address_v6 ? "IPv6" : "IPv4"}, {"endpoints", Json::array({endpoint})},
                 {"ports", Json::array({endpoint_port})}}, take);
}

}  // namespace

Status ensure_defaults(client::Client& client, const DefaultsOptions& options) {
  TRY(ensure_namespaces(client));
  TRY(ensure_roles(client));
  TRY(ensure_priority_classes(client));
  TRY(ensure_service(client, options));
  if (!options.client_ca_pem.empty())
    TRY(ensure(client, api::kConfigMaps, "kube-system",
               {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "extension-apiserver-authentication"}}},
                {"data", {{"client-ca-file", options.client_ca_pem}}}}, take));
  return {};
}

}  // namespace skerry::apiserver
