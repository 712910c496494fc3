// ConfigMaps, Secrets, namespaces, nodes, quotas, storage and other small kinds.
#include <set>

#include "api/quantity.h"
#include "api/validate_names.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

constexpr size_t kMaxData = 1024 * 1024;

const Json& list_of(const Json& object, std::string_view key) { return json::array_or_empty(json::find(object, key)); }

size_t text_size(const Json& value) { return value.is_string() ? value.get_ref<const std::string&>().size() : 0; }

// An immutable ConfigMap or Secret keeps its data and stays immutable.
void validate_frozen_data(FieldErrors& errors, const Json& object, const Json& old, std::initializer_list<const char*> keys) {
  if (!json::boolean(old, "immutable")) return;
  if (!json::boolean(object, "immutable")) errors.forbidden("immutable", "field is immutable when `immutable` is set");
  for (const char* key : keys)
    if (json::find(object, key) != json::find(old, key)) errors.forbidden(key, "field is immutable when `immutable` is set");
}

void require_key(FieldErrors& errors, const Json& secret, const char* key) {
  if (!json::object_or_empty(json::find(secret, "data")).contains(key)) errors.required(keyed("data", key));
}

void validate_json_key(FieldErrors& errors, const Json& secret, const char* key) {
  const Json& value = json::find(secret, {"data", key});
  if (!value.is_string()) return errors.required(keyed("data", key));
  auto text = base64_decode(value.get_ref<const std::string&>());
  if (!text || !json::parse_json(*text)) errors.invalid(keyed("data", key), "<secret contents redacted>", "invalid JSON");
}

}  // namespace

void validate_config_map(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& data = json::object_or_empty(json::find(object, "data"));
  const Json& binary = json::object_or_empty(json::find(object, "binaryData"));
  size_t size = 0;
  for (const auto& [key, value] : data.items()) {
    check(errors, keyed("data", key), key, config_key_problem(key));
    if (binary.contains(key)) errors.invalid(keyed("data", key), key, "duplicate of key present in binaryData");
    size += text_size(value);
  }
  for (const auto& [key, value] : binary.items()) {
    check(errors, keyed("binaryData", key), key, config_key_problem(key));
    size += text_size(value) / 4 * 3;
  }
  if (size > kMaxData) errors.too_long("", kMaxData);
  if (old != nullptr) validate_frozen_data(errors, object, *old, {"data", "binaryData"});
}

void validate_secret(FieldErrors& errors, const Json& object, const Json* old) {
  size_t size = 0;
  for (const auto& [key, value] : json::object_or_empty(json::find(object, "data")).items()) {
    check(errors, keyed("data", key), key, config_key_problem(key));
    size += text_size(value) / 4 * 3;
  }
  if (size > kMaxData) errors.too_long("data", kMaxData);
  std::string type = json::str(object, "type");
  if (type == "kubernetes.io/service-account-token") {
    if (json::str(object, {"metadata", "annotations", "kubernetes.io/service-account.name"}).empty())
      errors.required("metadata.annotations[kubernetes.io/service-account.name]");
  } else if (type == "kubernetes.io/dockercfg") {
    validate_json_key(errors, object, ".dockercfg");
  } else if (type == "kubernetes.io/dockerconfigjson") {
    validate_json_key(errors, object, ".dockerconfigjson");
  } else if (type == "kubernetes.io/basic-auth") {
    const Json& data = json::object_or_empty(json::find(object, "data"));
    if (!data.contains("username") && !data.contains("password")) {
      require_key(errors, object, "username");
      require_key(errors, object, "password");
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    require_key(errors, object, "ssh-privatekey");
  } else if (type == "kubernetes.io/tls") {
    require_key(errors, object, "tls.crt");
    require_key(errors, object, "tls.key");
  }
  if (old == nullptr) return;
  validate_immutable(errors, "type", json::find(object, "type"), json::find(*old, "type"));
  validate_frozen_data(errors, object, *old, {"data"});
}

void validate_namespace(FieldErrors& errors, const Json& object, const Json*) {
  const Json& finalizers = list_of(json::find(object, "spec"), "finalizers");
  for (size_t i = 0; i < finalizers.size(); ++i) {
    if (!finalizers[i].is_string()) continue;
    const std::string& name = finalizers[i].get_ref<const std::string&>();
    if (name != "kubernetes" && name.find('/') == std::string::npos)
      errors.invalid(index("spec.finalizers", i), name, "name is neither a standard finalizer name nor is it fully qualified");
  }
}

void validate_node(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  const Json& taints = list_of(spec, "taints");
  std::set<std::string> seen;
  for (size_t i = 0; i < taints.size(); ++i) {
    std::string at = index("spec.taints", i), key = json::str(taints[i], "key"), value = json::str(taints[i], "value"), effect = json::str(taints[i], "effect");
    check(errors, child(at, "key"), key, qualified_name_problem(key));
    check(errors, child(at, "value"), value, label_value_problem(value));
    validate_choice(errors, child(at, "effect"), json::find(taints[i], "effect"), {"NoExecute", "NoSchedule", "PreferNoSchedule"}, true);
    if (!seen.insert(key + ":" + effect).second) errors.duplicate(at, taints[i]);
  }
  for (const char* map : {"capacity", "allocatable"})
    for (const auto& [name, amount] : json::object_or_empty(json::find(object, {"status", map})).items())
      if (Quantity::from_json(amount).negative()) errors.invalid(keyed(child("status", map), name), amount, "must be greater than or equal to 0");
  if (old == nullptr) return;
  std::string before = json::str(*old, {"spec", "podCIDR"}), now = json::str(spec, "podCIDR");
  if (!before.empty() && before != now) errors.forbidden("spec.podCIDR", "node updates may not change podCIDR except from \"\" to valid");
  before = json::str(*old, {"spec", "providerID"}), now = json::str(spec, "providerID");
  if (!before.empty() && before != now) errors.forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
}

void validate_lease(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  if (const Json& d = json::find(spec, "leaseDurationSeconds"); d.is_number() && d <= 0) errors.invalid("spec.leaseDurationSeconds", d, "must be greater than 0");
  if (const Json& t = json::find(spec, "leaseTransitions"); t.is_number() && t < 0) errors.invalid("spec.leaseTransitions", t, "must be greater than or equal to 0");
}

void validate_resource_quota(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  for (const auto& [name, amount] : json::object_or_empty(json::find(spec, "hard")).items()) {
    check(errors, keyed("spec.hard", name), name, qualified_name_problem(name));
    if (Quantity::from_json(amount).negative()) errors.invalid(keyed("spec.hard", name), amount, "must be greater than or equal to 0");
  }
  if (old != nullptr) validate_immutable(errors, "spec.scopes", json::find(spec, "scopes"), json::find(*old, {"spec", "scopes"}));
}

void validate_limit_range(FieldErrors& errors, const Json& object, const Json*) {
  const Json& limits = list_of(json::find(object, "spec"), "limits");
  std::set<std::string> types;
  for (size_t i = 0; i < limits.size(); ++i) {
    std::string at = index("spec.limits", i), type = json::str(limits[i], "type");
    if (type.empty()) errors.required(child(at, "type"));
    else if (!types.insert(type).second) errors.duplicate(child(at, "type"), type);
    auto amount = [&](const char* map, const std::string& name) -> const Json& { return json::find(limits[i], {map, name}); };
    std::set<std::string> names;
    for (const char* map : {"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"})
      for (const auto& [name, value] : json::object_or_empty(json::find(limits[i], map)).items()) names.insert(name);
    if (type == "Pod")
      for (const char* map : {"default", "defaultRequest"})
        if (!json::object_or_empty(json::find(limits[i], map)).empty()) errors.forbidden(child(at, map), "may not be specified when `type` is 'Pod'");
    for (const auto& name : names) {
      auto not_above = [&](const char* low, const char* high) {
        const Json& l = amount(low, name);
        const Json& h = amount(high, name);
        if (!l.is_null() && !h.is_null() && Quantity::from_json(l) > Quantity::from_json(h))
          errors.invalid(keyed(child(at, low), name), l, std::string(low) + " value " + Quantity::from_json(l).to_string() + " is greater than " + high + " value " + Quantity::from_json(h).to_string());
      };
      not_above("min", "max");
      not_above("min", "defaultRequest");
      not_above("defaultRequest", "max");
      not_above("defaultRequest", "default");
      not_above("default", "max");
    }
  }
}

void validate_priority_class(FieldErrors& errors, const Json& object, const Json* old) {
  std::string name = json::str(object, {"metadata", "name"});
  int64_t value = json::integer(object, "value");
  if (name.starts_with("system-")) {
    bool known = (name == "system-node-critical" && value == 2000001000) || (name == "system-cluster-critical" && value == 2000000000);
    if (!known) errors.forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only. error: " + name + " is not a known system priority class");
  } else if (value > 1000000000) {
    errors.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
  }
  validate_choice(errors, "preemptionPolicy", json::find(object, "preemptionPolicy"), {"Never", "PreemptLowerPriority"}, false);
  if (old == nullptr) return;
  if (json::integer(*old, "value") != value) errors.forbidden("value", "may not be changed in an update.");
  validate_immutable(errors, "preemptionPolicy", json::find(object, "preemptionPolicy"), json::find(*old, "preemptionPolicy"));
}

void validate_storage_class(FieldErrors& errors, const Json& object, const Json* old) {
  if (json::str(object, "provisioner").empty()) errors.required("provisioner");
  validate_choice(errors, "reclaimPolicy", json::find(object, "reclaimPolicy"), {"Delete", "Retain"}, false);
  validate_choice(errors, "volumeBindingMode", json::find(object, "volumeBindingMode"), {"Immediate", "WaitForFirstConsumer"}, true);
  if (old == nullptr) return;
  for (const char* key : {"parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"})
    if (json::find(object, key) != json::find(*old, key)) errors.forbidden(key, "updates to " + std::string(key) + " are forbidden.");
}

namespace {
const std::vector<std::string_view> kAccessModes = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"};
}

void validate_claim(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  const Json& modes = list_of(spec, "accessModes");
  if (modes.empty()) errors.required("spec.accessModes", "at least 1 access mode is required");
  for (const auto& mode : modes) validate_choice(errors, "spec.accessModes", mode, kAccessModes, true);
  const Json& storage = json::find(spec, {"resources", "requests", "storage"});
  if (storage.is_null()) errors.required("spec.resources[storage]");
  else if (Quantity::from_json(storage) <= Quantity()) errors.invalid("spec.resources[storage]", storage, "must be greater than zero");
  validate_label_selector(errors, "spec.selector", json::find(spec, "selector"));
  if (old == nullptr) return;
  Json now = spec, before = json::find(*old, "spec");
  auto thaw = [](Json& s) {
    if (!s.is_object()) return;
    for (const char* key : {"volumeName", "volumeAttributesClassName", "storageClassName"}) s.erase(key);
    if (auto r = s.find("resources"); r != s.end() && r->is_object()) r->erase("requests");
  };
  thaw(now);
  thaw(before);
  std::string class_before = json::str(*old, {"spec", "storageClassName"});
  if (now != before || (!class_before.empty() && class_before != json::str(spec, "storageClassName")))
    errors.forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
}

void validate_persistent_volume(FieldErrors& errors, const Json& object, const Json*) {
  const Json& spec = json::find(object, "spec");
  if (list_of(spec, "accessModes").empty()) errors.required("spec.accessModes");
  for (const auto& mode : list_of(spec, "accessModes")) validate_choice(errors, "spec.accessModes", mode, kAccessModes, true);
  if (json::find(spec, {"capacity", "storage"}).is_null()) errors.not_supported("spec.capacity", json::object_or_empty(json::find(spec, "capacity")), {"storage"});
  validate_choice(errors, "spec.persistentVolumeReclaimPolicy", json::find(spec, "persistentVolumeReclaimPolicy"), {"Delete", "Recycle", "Retain"}, false);
}

void validate_signing_request(FieldErrors& errors, const Json& object, const Json* old) {
  const Json& spec = json::find(object, "spec");
  std::string request = base64_decode(json::str(spec, "request")).value_or("");
  if (request.find("-----BEGIN CERTIFICATE REQUEST-----") == std::string::npos)
    errors.invalid("spec.request", json::find(spec, "request"), "PEM block type must be CERTIFICATE REQUEST");
  std::string signer = json::str(spec, "signerName");
  if (signer.empty()) errors.required("spec.signerName");
  else if (signer.find('/') == std::string::npos) errors.invalid("spec.signerName", signer, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
  if (list_of(spec, "usages").empty()) errors.required("spec.usages", "usages must be specified");
  if (const Json& e = json::find(spec, "expirationSeconds"); e.is_number() && e < 600) errors.invalid("spec.expirationSeconds", e, "may not specify a duration less than 600 seconds (10 minutes)");
  if (old != nullptr) validate_immutable(errors, "spec", spec, json::find(*old, "spec"));
}

void validate_event(FieldErrors& errors, const Json& object, const Json*) {
  std::string ns = json::str(object, {"metadata", "namespace"}), about = json::str(object, {"involvedObject", "namespace"});
  if (about.empty() ? ns != "default" && ns != "kube-system" && !ns.empty() && json::find(object, "eventTime").is_string() : about != ns)
    errors.invalid("involvedObject.namespace", about, "does not match event.namespace");
}

void validate_runtime_class(FieldErrors& errors, const Json& object, const Json* old) {
  check(errors, "handler", json::str(object, "handler"), dns_label_problem(json::str(object, "handler")));
  if (old != nullptr) validate_immutable(errors, "handler", json::find(object, "handler"), json::find(*old, "handler"));
}

void validate_binding(FieldErrors& errors, const Json& object, const Json*) {
  std::string kind = json::str(object, {"target", "kind"});
  if (!kind.empty() && kind != "Node") errors.not_supported("target.kind", kind, {"Node", "<empty>"});
  if (json::str(object, {"target", "name"}).empty()) errors.required("target.name");
}

void validate_token_request(FieldErrors& errors, const Json& object, const Json*) {
  const Json& seconds = json::find(object, {"spec", "expirationSeconds"});
  if (seconds.is_number() && seconds < 600) errors.invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes");
  if (seconds.is_number() && seconds > int64_t{1} << 32) errors.invalid("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds");
}

}  // namespace skerry::api
