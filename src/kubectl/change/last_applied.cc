#include "kubectl/change/last_applied.h"

#include "output/json_text.h"
#include "output/typed_order.h"

namespace skerry::kubectl {

std::string last_applied_text(Json object) {
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  if (!metadata.contains("annotations") || !metadata["annotations"].is_object()) metadata["annotations"] = Json::object();
  metadata["annotations"].erase(std::string(kLastApplied));
  return output::dump_json(object, -1) + "\n";
}

Json with_last_applied(Json object, bool typed) {
  std::string text = typed ? output::dump_json(output::typed_order(object), -1) + "\n" : last_applied_text(object);
  Json& annotations = object["metadata"]["annotations"];
  if (!annotations.is_object()) annotations = Json::object();
  annotations[std::string(kLastApplied)] = std::move(text);
  return object;
}

bool has_last_applied(const Json& object) { return json::find(object, {"metadata", "annotations", kLastApplied}).is_string(); }

Json last_applied_of(const Json& object) {
  auto parsed = json::parse_json(json::str(object, {"metadata", "annotations", kLastApplied}));
  if (!parsed || !parsed->is_object()) return nullptr;
  return *parsed;
}

}  // namespace skerry::kubectl
