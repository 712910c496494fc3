#include "controllers/endpoints_controllers.h"

#include "base/strings.h"
#include "controllers/endpoint_plan.h"
#include "controllers/object_util.h"
#include "controllers/slice_writer.h"

namespace skerry::controllers {
namespace {

constexpr const char* kServiceName = "kubernetes.io/service-name";
constexpr const char* kManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr const char* kSliceController = "endpointslice-controller.k8s.io";
constexpr const char* kMirrorController = "endpointslicemirroring-controller.k8s.io";
constexpr const char* kHeadless = "service.kubernetes.io/headless";
constexpr const char* kEndpointsManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr const char* kOverCapacity = "endpoints.kubernetes.io/over-capacity";
constexpr size_t kMostAddresses = 1000;

bool has_selector(const Json& service) { return !json::object_or_empty(json::find(service, {"spec", "selector"})).empty(); }
bool is_headless(const Json& service) { return json::str(service, {"spec", "clusterIP"}) == "None"; }

Json labels_of(const Json& object) { return json::object_or_empty(json::find(object, {"metadata", "labels"})); }

std::vector<std::string> families(const Json& service) {
  std::vector<std::string> found;
  for (auto& f : json::array_or_empty(json::find(service, {"spec", "ipFamilies"})))
    if (f.is_string()) found.push_back(f);
  if (found.empty()) found.push_back("IPv4");
  return found;
}

// By service and manager, as EndpointSlices are found.
std::vector<std::string> slice_index(const api::Object& slice) {
  const std::string* service = api::find_label(slice.meta().labels, kServiceName);
  const std::string* manager = api::find_label(slice.meta().labels, kManagedBy);
  if (!service || !manager) return {};
  return {*manager + "|" + slice.meta().ns + "/" + *service};
}

void watch_slices(client::Cache& slices, client::Controller& queue, const char* manager) {
  slices.add_index("service", slice_index);
  slices.add_handler([&queue, manager](auto& before, auto& after) {
    for (auto* slice : {&before, &after}) {
      if (!*slice) continue;
      const std::string* by = api::find_label((*slice)->meta().labels, kManagedBy);
      const std::string* service = api::find_label((*slice)->meta().labels, kServiceName);
      if (by && service && *by == manager) queue.enqueue(api::make_key((*slice)->meta().ns, *service));
    }
  });
}

std::vector<Json> decode(const std::vector<api::ObjectPtr>& objects, std::string_view family) {
  std::vector<Json> found;
  for (auto& o : objects) {
    Json value = o->json();
    if (json::str(value, "addressType") == family) found.push_back(std::move(value));
  }
  return found;
}

}  // namespace

ServicePart::ServicePart(Context& context, std::string name) : Part(context, std::move(name), 2) {
  cache(api::kServices).add_handler([this](auto& before, auto& after) {
    selectors_.on_service(before, after);
    queue_.enqueue((after ? after : before)->key());
  });
  cache(api::kPods).add_handler([this](auto& before, auto& after) { on_pod(before, after); });
}

void ServicePart::on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  const std::string& ns = (after ? after : before)->meta().ns;
  if (after)
    for (auto& key : selectors_.matching(ns, after->meta().labels)) queue_.enqueue(key);
  if (before && (!after || before->meta().labels != after->meta().labels))
    for (auto& key : selectors_.matching(ns, before->meta().labels)) queue_.enqueue(key);
}

std::vector<Json> ServicePart::pods_of(const api::ObjectPtr& service, const Json& value) {
  const auto selector = api::LabelSelector::from_map(json::find(value, {"spec", "selector"}));
  std::vector<Json> pods;
  for (auto& pod : cache(api::kPods).in_namespace(service->meta().ns))
    if (selector.matches(pod->meta().labels)) pods.push_back(pod->json());
  return pods;
}

EndpointSliceController::EndpointSliceController(Context& context) : ServicePart(context, "endpointslice-controller") {
  watch_slices(cache(api::kEndpointSlices), queue_, kSliceController);
  cache(api::kNodes);  // for zones
}

Result<Outcome> EndpointSliceController::reconcile(const Key& key) {
  api::ObjectPtr service = cache(api::kServices).get(key);
  if (!service || service->meta().deleting) return Outcome{};  // its slices go with it: they are owned
  Json value = service->json();
  if (!has_selector(value) || json::str(value, {"spec", "type"}) == "ExternalName") return Outcome{};
  const auto pods = pods_of(service, value);
  const auto slices = cache(api::kEndpointSlices).by_index("service", std::string(kSliceController) + "|" + key);

  Json labels = labels_of(value);
  labels.erase(kHeadless);
  if (is_headless(value)) labels[kHeadless] = "";
  labels[kServiceName] = service->meta().name;
  labels[kManagedBy] = kSliceController;
  Json base = {{"apiVersion", "discovery.k8s.io/v1"},
               {"kind", "EndpointSlice"},
               {"metadata",
                {{"namespace", service->meta().ns},
                 {"labels", labels},
                 {"ownerReferences", Json::array({controller_reference("v1", "Service", service->meta())})}}}};
  auto zone_of = [this](const std::string& node) -> std::string {
    api::ObjectPtr n = cache(api::kNodes).get(node);
    const std::string* zone = n ? api::find_label(n->meta().labels, "topology.kubernetes.io/zone") : nullptr;
    return zone ? *zone : "";
  };
  for (auto& family : families(value)) {
    base["addressType"] = family;
    const auto existing = decode(slices, family);
    auto plan = plan_slices(service_endpoints(value, pods, family, zone_of), existing, base);
    TRY(write_slices(client(), service->meta().ns, service->meta().name, service->meta().uid, existing, std::move(plan)));
  }
  return Outcome{};
}

EndpointsController::EndpointsController(Context& context) : ServicePart(context, "endpoints-controller") {
  // Ours that somebody changed or removed, or that were left behind.
  cache(api::kEndpoints).add_handler([this](auto& before, auto& after) {
    const api::Meta& meta = (after ? after : before)->meta();
    if (api::find_label(meta.labels, kEndpointsManagedBy)) queue_.enqueue(api::make_key(meta.ns, meta.name));
  });
}

Result<Outcome> EndpointsController::reconcile(const Key& key) {
  auto [ns, name] = api::split_key(key);
  api::ObjectPtr service = cache(api::kServices).get(key);
  api::ObjectPtr existing = cache(api::kEndpoints).get(key);
  if (!service) {
    if (existing) TRY(ignore_not_found(client().remove(api::kEndpoints, ns, name)));
    return Outcome{};
  }
  Json value = service->json();
  if (service->meta().deleting || !has_selector(value) || json::str(value, {"spec", "type"}) == "ExternalName")
    return Outcome{};
  Json subsets = endpoint_subsets(value, pods_of(service, value));
  // More than Endpoints may hold: the first thousand, and it says so.
  bool truncated = false;
  size_t room = kMostAddresses;
  for (auto field : {"addresses", "notReadyAddresses"})
    for (Json& s : subsets) {
      auto it = s.find(field);
      if (it == s.end()) continue;
      if (it->size() > room) {
        truncated = true;
        it->erase(it->begin() + static_cast<std::ptrdiff_t>(room), it->end());
      }
      room -= it->size();
    }
  Json labels = labels_of(value);
  labels.erase(kHeadless);
  if (is_headless(value)) labels[kHeadless] = "";
  labels[kEndpointsManagedBy] = "endpoint-controller";

  Json wanted = existing ? existing->json() : Json{{"apiVersion", "v1"}, {"kind", "Endpoints"},
                                                   {"metadata", {{"name", name}, {"namespace", ns}}}};
  const bool same = existing && labels_of(wanted) == labels &&
                    json::array_or_empty(json::find(wanted, "subsets")) == subsets &&
                    (annotation(wanted, kOverCapacity) == "truncated") == truncated;
  if (same) return Outcome{};
  wanted["metadata"]["labels"] = std::move(labels);
  wanted["subsets"] = std::move(subsets);
  if (truncated) wanted["metadata"]["annotations"][kOverCapacity] = "truncated";
  else if (!annotation(wanted, kOverCapacity).empty()) wanted["metadata"]["annotations"].erase(kOverCapacity);
  auto written = existing ? client().update(api::kEndpoints, ns, std::move(wanted))
                          : client().create(api::kEndpoints, ns, std::move(wanted));
  if (!written && !is_namespace_terminating(written.error())) return written.error();
  return Outcome{};
}

EndpointMirrorController::EndpointMirrorController(Context& context)
    : Part(context, "endpointslice-mirroring-controller") {
  enqueue_all_of(api::kEndpoints);
  enqueue_all_of(api::kServices);
  watch_slices(cache(api::kEndpointSlices), queue_, kMirrorController);
}

Result<Outcome> EndpointMirrorController::reconcile(const Key& key) {
  auto [ns, name] = api::split_key(key);
  api::ObjectPtr endpoints = cache(api::kEndpoints).get(key);
  api::ObjectPtr service = cache(api::kServices).get(key);
  const auto slices = cache(api::kEndpointSlices).by_index("service", std::string(kMirrorController) + "|" + key);
  Json value = endpoints ? endpoints->json() : Json();
  const bool mirrored = endpoints && service && !endpoints->meta().deleting &&
                        !api::find_label(endpoints->meta().labels, kEndpointsManagedBy) &&
                        json::str(value, {"metadata", "labels", "endpointslice.kubernetes.io/skip-mirror"}) != "true" &&
                        annotation(value, "control-plane.alpha.kubernetes.io/leader").empty() &&
                        !has_selector(service->json());
  if (!mirrored) {
    for (auto& slice : slices) TRY(ignore_not_found(client().remove(api::kEndpointSlices, ns, slice->meta().name)));
    return Outcome{};
  }
  Json labels = labels_of(value);
  labels[kServiceName] = name;
  labels[kManagedBy] = kMirrorController;
  Json base = {{"apiVersion", "discovery.k8s.io/v1"},
               {"kind", "EndpointSlice"},
               {"metadata",
                {{"namespace", ns},
                 {"labels", labels},
                 {"ownerReferences", Json::array({controller_reference("v1", "Endpoints", endpoints->meta())})}}}};
  for (std::string family : {"IPv4", "IPv6"}) {
    std::vector<ServiceEndpoint> all;
    for (auto& subset : json::array_or_empty(json::find(value, "subsets"))) {
      Json ports = Json::array();
      for (auto& p : json::array_or_empty(json::find(subset, "ports"))) {
        Json port = {{"name", json::str(p, "name")},
                     {"port", json::integer(p, "port")},
                     {"protocol", json::str(p, "protocol", "TCP")}};
        if (std::string app = json::str(p, "appProtocol"); !app.empty()) port["appProtocol"] = app;
        ports.push_back(std::move(port));
      }
      for (bool ready : {true, false})
        for (auto& a : json::array_or_empty(json::find(subset, ready ? "addresses" : "notReadyAddresses"))) {
          std::string ip = json::str(a, "ip");
          if ((ip.find(':') != std::string::npos) != (family == "IPv6") || all.size() >= kMostAddresses) continue;
          Json e = {{"addresses", Json::array({ip})}, {"conditions", {{"ready", ready}}}};
          for (auto field : {"hostname", "nodeName", "targetRef"})
            if (const Json& v = json::find(a, field); !v.is_null()) e[field] = v;
          all.push_back({std::move(e), ports, ip, json::str(a, {"targetRef", "uid"})});
        }
    }
    const auto existing = decode(slices, family);
    if (all.empty()) {
      for (auto& slice : existing)
        TRY(ignore_not_found(client().remove(api::kEndpointSlices, ns, json::str(slice, {"metadata", "name"}))));
      continue;
    }
    base["addressType"] = family;
    TRY(write_slices(client(), ns, name, endpoints->meta().uid, existing, plan_slices(all, existing, base)));
  }
  return Outcome{};
}

}  // namespace skerry::controllers
