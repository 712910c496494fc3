#include "controllers/namespace_defaults.h"

#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr const char* kRootCa = "kube-root-ca.crt";
constexpr const char* kAccount = "default";

}  // namespace

NamespaceDefaults::NamespaceDefaults(Context& context, std::string root_ca_pem)
    : Part(context, "namespace-defaults"), root_ca_pem_(std::move(root_ca_pem)) {
  enqueue_all_of(api::kNamespaces, false);
  cache(api::kServiceAccounts).add_handler([this](auto& before, auto& after) {
    if (!after && before->meta().name == kAccount) queue_.enqueue(before->meta().ns);
  });
  cache(api::kConfigMaps).add_handler([this](auto& before, auto& after) {
    const api::Meta& meta = (after ? after : before)->meta();
    if (meta.name == kRootCa) queue_.enqueue(meta.ns);
  });
}

Result<Outcome> NamespaceDefaults::reconcile(const Key& name) {
  api::ObjectPtr ns = cache(api::kNamespaces).get(name);
  if (!ns || ns->meta().deleting) return Outcome{};
  auto create = [&](const api::Gvr& gvr, Json object) -> Status {
    auto created = client().create(gvr, name, std::move(object));
    if (created || created.error().is(Reason::kAlreadyExists) || created.error().is(Reason::kNotFound) ||
        is_namespace_terminating(created.error()))
      return {};
    return created.error();
  };
  if (!cache(api::kServiceAccounts).get(api::make_key(name, kAccount)))
    TRY(create(api::kServiceAccounts,
               {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", kAccount}, {"namespace", name}}}}));
  if (root_ca_pem_.empty()) return Outcome{};
  api::ObjectPtr map = cache(api::kConfigMaps).get(api::make_key(name, kRootCa));
  const Json data = {{"ca.crt", root_ca_pem_}};
  if (!map) {
    TRY(create(api::kConfigMaps,
               {{"apiVersion", "v1"},
                {"kind", "ConfigMap"},
                {"metadata",
                 {{"name", kRootCa},
                  {"namespace", name},
                  {"annotations", {{"kubernetes.io/description", "The CA certificates by which pods of this cluster verify its API server."}}}}},
                {"data", data}}));
  } else if (Json value = map->json(); json::find(value, "data") != data) {
    value["data"] = data;
    auto updated = client().update(api::kConfigMaps, name, std::move(value));
    if (!updated) return updated.error();
  }
  return Outcome{};
}

}  // namespace skerry::controllers
