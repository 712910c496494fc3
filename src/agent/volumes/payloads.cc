#include "agent/volumes/payloads.h"

#include "base/strings.h"

namespace skerry::agent {
namespace {

mode_t mode_of(const Json& item, mode_t fallback) {
  const Json& m = json::find(item, "mode");
  return m.is_number_integer() ? static_cast<mode_t>(m.get<int64_t>() & 0777) : fallback;
}

}  // namespace

Status add_object_files(const std::string& ns, const Json& source, bool secret, mode_t default_mode, const Lookup& lookup,
                        Payload& out) {
  std::string name = json::str(source, secret ? "secretName" : "name");
  if (secret && name.empty()) name = json::str(source, "name");
  const bool optional = json::boolean(source, "optional");
  auto object = lookup({secret ? api::kSecrets : api::kConfigMaps, ns, name});
  if (!object) {
    if (optional && object.error().is(Reason::kNotFound)) return {};
    return object.error();
  }
  Json value = (*object)->json();
  auto content = [&](const std::string& key) -> std::optional<std::string> {
    const Json& text = json::find(value, {"data", key});
    if (text.is_string()) return secret ? base64_decode(text.get_ref<const std::string&>()) : text.get<std::string>();
    const Json& binary = json::find(value, {"binaryData", key});
    if (!secret && binary.is_string()) return base64_decode(binary.get_ref<const std::string&>());
    return std::nullopt;
  };
  const Json& items = json::array_or_empty(json::find(source, "items"));
  if (items.empty()) {
    for (const char* map : {"data", "binaryData"})
      for (auto& [key, ignored] : json::object_or_empty(json::find(value, map)).items())
        if (auto c = content(key)) out[key] = FilePayload{std::move(*c), default_mode, {}};
    return {};
  }
  for (auto& item : items) {
    const std::string key = json::str(item, "key"), path = json::str(item, "path");
    auto c = content(key);
    if (!c) {
      if (optional) continue;
      return Error(Reason::kNotFound, secret ? "references non-existent secret key: " + key : "configmap references non-existent config key: " + key);
    }
    out[path] = FilePayload{std::move(*c), mode_of(item, default_mode), {}};
  }
  return {};
}

Status add_downward_files(const Json& pod, const Json& source, mode_t default_mode, const PodFacts& facts, Payload& out) {
  for (auto& item : json::array_or_empty(json::find(source, "items"))) {
    std::string text;
    if (const Json& field = json::find(item, "fieldRef"); field.is_object())
      text = TRY(downward_field(pod, json::str(field, "fieldPath"), facts));
    else
      text = TRY(downward_resource(pod, json::find(item, "resourceFieldRef"), "", facts));
    out[json::str(item, "path")] = FilePayload{std::move(text), mode_of(item, default_mode), {}};
  }
  return {};
}

}  // namespace skerry::agent
