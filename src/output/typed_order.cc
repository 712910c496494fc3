#include "output/typed_order.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/protobuf.h"

namespace skerry::output {
namespace {

// Protobuf numbers follow the fields of the Go types but for fields that were added later in the middle: these stand before another.
struct Moved {
  std::string_view type, field, before;
};
constexpr Moved kMoved[] = {
    {"Container", "envFrom", "env"},
    {"Container", "resizePolicy", "volumeMounts"},
    {"Container", "restartPolicy", "volumeMounts"},
    {"Container", "volumeDevices", "livenessProbe"},
    {"Container", "startupProbe", "lifecycle"},
    {"Container", "terminationMessagePolicy", "imagePullPolicy"},
    {"PodSpec", "initContainers", "containers"},
    {"PodSpec", "ephemeralContainers", "restartPolicy"},
    {"PodSpec", "automountServiceAccountToken", "nodeName"},
    {"PodSpec", "shareProcessNamespace", "securityContext"},
    {"ConfigMap", "immutable", "data"},
    {"Secret", "immutable", "data"},
    {"Secret", "stringData", "type"},
    {"ServiceSpec", "clusterIPs", "type"},
    {"ServicePort", "appProtocol", "port"},
    {"JobSpec", "podFailurePolicy", "selector"},
    {"JobSpec", "successPolicy", "selector"},
    {"JobSpec", "backoffLimit", "selector"},
    {"JobSpec", "backoffLimitPerIndex", "selector"},
    {"JobSpec", "maxFailedIndexes", "selector"},
    {"CronJobSpec", "timeZone", "startingDeadlineSeconds"},
    {"IngressSpec", "ingressClassName", "defaultBackend"},
    {"HTTPIngressPath", "pathType", "backend"},
    {"IngressBackend", "service", "resource"},
    {"TokenRequestSpec", "expirationSeconds", "boundObjectRef"},
};

// The fields of a type in order, those of inlined structs in their place.
void collect(const api::Type& type, std::vector<std::pair<const api::Field*, std::string_view>>& out) {
  std::vector<const api::Field*> fields;
  for (const auto& field : type.fields) fields.push_back(&field);
  for (const auto& moved : kMoved) {
    if (moved.type != type.short_name()) continue;
    auto named = [&](std::string_view name) { return std::find_if(fields.begin(), fields.end(), [&](const api::Field* f) { return f->name == name; }); };
    auto from = named(moved.field);
    if (from == fields.end()) continue;
    const api::Field* field = *from;
    fields.erase(from);
    fields.insert(named(moved.before), field);
  }
  for (const auto* field : fields) {
    if (field->inlined && field->type != nullptr) collect(*field->type, out);
    else out.emplace_back(field, field->name);
  }
}

OrderedJson untyped(const Json& value);
OrderedJson typed(const Json& value, const api::Type& type);

OrderedJson field_value(const Json& value, const api::Field& field) {
  if (field.type == nullptr) return untyped(value);
  if (field.shape == api::Shape::kOne) return typed(value, *field.type);
  if (!value.is_structured()) return untyped(value);
  OrderedJson out = value.is_array() ? OrderedJson::array() : OrderedJson::object();
  for (auto it = value.begin(); it != value.end(); ++it) {
    if (value.is_array()) out.push_back(typed(*it, *field.type));
    else out[it.key()] = typed(*it, *field.type);
  }
  return out;
}

OrderedJson untyped(const Json& value) {
  if (value.is_object()) {
    OrderedJson out = OrderedJson::object();
    for (const auto& [key, item] : value.items()) out[key] = untyped(item);
    return out;
  }
  if (value.is_array()) {
    OrderedJson out = OrderedJson::array();
    for (const auto& item : value) out.push_back(untyped(item));
    return out;
  }
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_float()) return value.get<double>();
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (value.is_number_integer()) return value.get<int64_t>();
  return nullptr;
}

OrderedJson typed(const Json& value, const api::Type& type) {
  if (!value.is_object()) return untyped(value);
  OrderedJson out = OrderedJson::object();
  for (const char* key : {"kind", "apiVersion"})
    if (value.contains(key) && type.find(key) == nullptr) out[key] = untyped(value[key]);
  std::vector<std::pair<const api::Field*, std::string_view>> fields;
  collect(type, fields);
  for (const auto& [field, name] : fields)
    if (auto it = value.find(name); it != value.end()) out[std::string(name)] = field_value(*it, *field);
  for (const auto& [key, item] : value.items())
    if (!out.contains(key)) out[key] = untyped(item);
  return out;
}

}  // namespace

OrderedJson typed_order(const Json& object) {
  if (const api::Type* type = api::type_of_kind(json::str(object, "apiVersion"), json::str(object, "kind"))) return typed(object, *type);
  return untyped(object);
}

}  // namespace skerry::output
