#include "controllers/api_endpoints.h"

#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr const char* kNamespace = "default";
constexpr const char* kName = "kubernetes";

}  // namespace

ApiEndpoints::ApiEndpoints(Context& context, std::vector<std::string> addresses, uint16_t port)
    : Part(context, "api-endpoints"), addresses_(std::move(addresses)), port_(port) {
  const Key key = api::make_key(kNamespace, kName);
  for (auto& gvr : {api::kServices, api::kEndpoints, api::kEndpointSlices})
    cache(gvr).add_handler([this, key](auto& before, auto& after) {
      if ((after ? after : before)->key() == key) queue_.enqueue(key);
    });
  queue_.enqueue(key);
}

Result<Outcome> ApiEndpoints::reconcile(const Key& key) {
  if (addresses_.empty() || !cache(api::kServices).get(key)) return Outcome{};
  Json listed = Json::array(), endpoints = Json::array();
  bool six = false;
  for (auto& a : addresses_) {
    listed.push_back({{"ip", a}});
    endpoints.push_back({{"addresses", Json::array({a})}, {"conditions", {{"ready", true}}}});
    six = a.find(':') != std::string::npos;
  }
  Json port = {{"name", "https"}, {"port", port_}, {"protocol", "TCP"}};
  TRY(write(api::kEndpoints,
            {{"apiVersion", "v1"},
             {"kind", "Endpoints"},
             {"metadata",
              {{"name", kName}, {"namespace", kNamespace},
               {"labels", {{"endpointslice.kubernetes.io/skip-mirror", "true"}}}}},
             {"subsets", Json::array({{{"addresses", listed}, {"ports", Json::array({port})}}})}},
            {"subsets"}));
  TRY(write(api::kEndpointSlices,
            {{"apiVersion", "discovery.k8s.io/v1"},
             {"kind", "EndpointSlice"},
             {"metadata",
              {{"name", kName}, {"namespace", kNamespace}, {"labels", {{"kubernetes.io/service-name", kName}}}}},
             {"addressType", six ? "IPv6" : "IPv4"},
             {"endpoints", endpoints},
             {"ports", Json::array({port})}},
            {"addressType", "endpoints", "ports"}));
  return Outcome{};
}

Status ApiEndpoints::write(const api::Gvr& gvr, const Json& wanted, std::initializer_list<const char*> fields) {
  api::ObjectPtr existing = cache(gvr).get(api::make_key(kNamespace, kName));
  if (!existing) {
    auto created = client().create(gvr, kNamespace, wanted);
    if (!created) return created.error();
    return {};
  }
  Json value = existing->json();
  bool changed = false;
  for (auto field : fields)
    if (json::find(value, field) != wanted[field]) {
      value[field] = wanted[field];
      changed = true;
    }
  for (auto& [label, text] : wanted["metadata"]["labels"].items())
    if (json::find(value, {"metadata", "labels", label}) != text) {
      value["metadata"]["labels"][label] = text;
      changed = true;
    }
  if (!changed) return {};
  auto updated = client().update(gvr, kNamespace, std::move(value));
  if (!updated) return updated.error();
  return {};
}

}  // namespace skerry::controllers
