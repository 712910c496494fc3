#include "registry/convert.h"

#include <array>
#include <utility>

namespace skerry::registry {
namespace {

// events.k8s.io/v1 beside core v1.
constexpr std::array<std::pair<const char*, const char*>, 7> kEventFields = {{
    {"note", "message"},
    {"regarding", "involvedObject"},
    {"reportingController", "reportingComponent"},
    {"deprecatedSource", "source"},
    {"deprecatedFirstTimestamp", "firstTimestamp"},
    {"deprecatedLastTimestamp", "lastTimestamp"},
    {"deprecatedCount", "count"},
}};

void rename(Json& object, const char* from, const char* to) {
  auto it = object.find(from);
  if (it == object.end()) return;
  Json value = std::move(*it);
  object.erase(it);
  object[to] = std::move(value);
}

// reportingInstance has the same name in both.
void event_to_core(Json& event) {
  for (auto [newer, core] : kEventFields) rename(event, newer, core);
  for (const char* key : {"involvedObject", "source"})
    if (!event.contains(key)) event[key] = Json::object();
}

void event_from_core(Json& event) {
  for (auto [newer, core] : kEventFields) rename(event, core, newer);
}

// autoscaling/v1 knows one metric, CPU utilization.
bool is_cpu_metric(const Json& metric) {
  return json::str(metric, "type") == "Resource" && json::str(metric, {"resource", "name"}) == "cpu" &&
         json::str(metric, {"resource", "target", "type"}) == "Utilization";
}

void autoscaler_to_v2(Json& hpa) {
  Json& spec = hpa["spec"];
  if (!spec.is_object()) return;
  if (auto it = spec.find("targetCPUUtilizationPercentage"); it != spec.end()) {
    Json percent = *it;
    spec.erase(it);
    spec["metrics"] = Json::array({{{"type", "Resource"},
                                    {"resource", {{"name", "cpu"}, {"target", {{"type", "Utilization"}, {"averageUtilization", percent}}}}}}});
  }
  if (hpa.contains("status") && hpa["status"].is_object()) {
    Json& status = hpa["status"];
    status.erase("currentCPUUtilizationPercentage");
    if (!status.contains("currentMetrics")) status["currentMetrics"] = nullptr;
  }
}

void autoscaler_to_v1(Json& hpa) {
  Json& spec = hpa["spec"];
  if (spec.is_object()) {
    for (const Json& metric : json::array_or_empty(json::find(spec, "metrics")))
      if (is_cpu_metric(metric))
        spec["targetCPUUtilizationPercentage"] = json::integer(metric, {"resource", "target", "averageUtilization"});
    spec.erase("metrics");
    spec.erase("behavior");
  }
  if (hpa.contains("status") && hpa["status"].is_object()) {
    Json& status = hpa["status"];
    for (const Json& metric : json::array_or_empty(json::find(status, "currentMetrics")))
      if (json::str(metric, {"resource", "name"}) == "cpu" && json::find(metric, {"resource", "current"}).contains("averageUtilization"))
        status["currentCPUUtilizationPercentage"] = metric["resource"]["current"]["averageUtilization"];
    status.erase("currentMetrics");
    status.erase("conditions");
  }
}

std::string storage_api_version(const api::Resource& row) {
  const api::Resource& stored = stored_row(row);
  std::string version(stored.storage_version.empty() ? stored.version : stored.storage_version);
  return stored.group.empty() ? version : std::string(stored.group) + "/" + version;
}

}  // namespace

void to_stored(const api::Resource& row, Json& object) {
  if (row.is("events.k8s.io", "Event")) event_to_core(object);
  if (row.stored_as && row.is("autoscaling", "HorizontalPodAutoscaler") && row.version == "v1") autoscaler_to_v2(object);
  if (row.stored_as || row.custom) object["apiVersion"] = storage_api_version(row);
}

void from_stored(const api::Resource& row, Json& object) {
  if (row.is("events.k8s.io", "Event")) event_from_core(object);
  if (row.stored_as && row.is("autoscaling", "HorizontalPodAutoscaler") && row.version == "v1") autoscaler_to_v1(object);
  if (row.stored_as || row.custom) object["apiVersion"] = row.api_version();
}

api::ObjectPtr view_as(const api::Resource& row, const api::ObjectPtr& stored) {
  if (!stored || (!row.stored_as && !row.custom)) return stored;
  // Keys are sorted, so a custom object of the asked version begins with it.
  if (!row.stored_as && stored->bytes()->starts_with("{\"apiVersion\":\"" + row.api_version() + "\"")) return stored;
  Json object = stored->json();
  from_stored(row, object);
  return api::Object::from_json(object);
}

}  // namespace skerry::registry
