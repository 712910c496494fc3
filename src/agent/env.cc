#include "agent/env.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::agent {
namespace {

void set(Environment& environment, std::string name, std::string value) {
  for (auto& [n, v] : environment)
    if (n == name) {
      v = std::move(value);
      return;
    }
  environment.emplace_back(std::move(name), std::move(value));
}

// `data` (and for ConfigMaps `binaryData`) of an object as text.
std::optional<std::string> value_of(const Json& object, bool secret, const std::string& key) {
  const Json& v = json::find(object, {"data", key});
  if (v.is_string()) return secret ? base64_decode(v.get_ref<const std::string&>()) : v.get<std::string>();
  return std::nullopt;
}

Result<std::optional<api::ObjectPtr>> look_up(const Lookup& lookup, const Reference& reference, bool optional) {
  auto object = lookup(reference);
  if (object) return std::optional(*object);
  if (optional && object.error().is(Reason::kNotFound)) return std::optional<api::ObjectPtr>();
  return object.error();
}

Result<std::optional<std::string>> from_key(const Json& pod, const Json& ref, bool secret, const Lookup& lookup) {
  const std::string ns = json::str(pod, {"metadata", "namespace"}), name = json::str(ref, "name"), key = json::str(ref, "key");
  const bool optional = json::boolean(ref, "optional");
  auto object = TRY(look_up(lookup, {secret ? api::kSecrets : api::kConfigMaps, ns, name}, optional));
  if (!object) return std::optional<std::string>();
  auto value = value_of((*object)->json(), secret, key);
  if (!value && !optional)
    return Error(Reason::kNotFound, "couldn't find key " + key + " in " + (secret ? "Secret " : "ConfigMap ") + ns + "/" + name);
  return value;
}

Status add_env_from(const Json& pod, const Json& source, const Lookup& lookup, Environment& out) {
  const std::string ns = json::str(pod, {"metadata", "namespace"}), prefix = json::str(source, "prefix");
  for (bool secret : {false, true}) {
    const Json& ref = json::find(source, secret ? "secretRef" : "configMapRef");
    if (!ref.is_object()) continue;
    auto object = TRY(look_up(lookup, {secret ? api::kSecrets : api::kConfigMaps, ns, json::str(ref, "name")},
                              json::boolean(ref, "optional")));
    if (!object) continue;
    Json value = (*object)->json();
    for (auto& [key, text] : json::object_or_empty(json::find(value, "data")).items())
      if (auto v = value_of(value, secret, key)) set(out, prefix + key, std::move(*v));
  }
  return {};
}

// Refs in one container's variables.
void container_references(const std::string& ns, const Json& container, std::set<Reference>& out) {
  auto add = [&](const api::Gvr& gvr, const Json& ref) {
    if (auto name = json::str(ref, "name"); !name.empty()) out.insert({gvr, ns, name});
  };
  for (auto& e : json::array_or_empty(json::find(container, "env"))) {
    add(api::kConfigMaps, json::find(e, {"valueFrom", "configMapKeyRef"}));
    add(api::kSecrets, json::find(e, {"valueFrom", "secretKeyRef"}));
  }
  for (auto& e : json::array_or_empty(json::find(container, "envFrom"))) {
    add(api::kConfigMaps, json::find(e, "configMapRef"));
    add(api::kSecrets, json::find(e, "secretRef"));
  }
}

}  // namespace

const std::string* find_variable(const Environment& environment, std::string_view name) {
  for (auto& [n, v] : environment)
    if (n == name) return &v;
  return nullptr;
}

std::string expand(std::string_view text, const std::function<const std::string*(std::string_view)>& lookup) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    char next = text[++i];
    if (next == '$') {
      out += '$';
    } else if (next == '(') {
      auto end = text.find(')', i);
      if (end == std::string_view::npos) {
        out += "$(";
        continue;
      }
      std::string_view name = text.substr(i + 1, end - i - 1);
      if (auto value = lookup(name)) out += *value;
      else out.append("$(").append(name).append(")");
      i = end;
    } else {
      out += '$';
      out += next;
    }
  }
  return out;
}

void add_service_variables(const Json& service, Environment& out) {
  const std::string ip = json::str(service, {"spec", "clusterIP"});
  const Json& ports = json::array_or_empty(json::find(service, {"spec", "ports"}));
  if (ip.empty() || ip == "None" || ports.empty()) return;
  std::string base = json::str(service, {"metadata", "name"});
  auto upper = [](std::string s) {
    for (auto& c : s) c = c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return s;
  };
  base = upper(base);
  const std::string host = ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
  auto port_of = [](const Json& p) { return std::to_string(json::integer(p, "port")); };
  set(out, base + "_SERVICE_HOST", ip);
  set(out, base + "_SERVICE_PORT", port_of(ports[0]));
  for (auto& p : ports)
    if (auto name = json::str(p, "name"); !name.empty()) set(out, base + "_SERVICE_PORT_" + upper(name), port_of(p));
  bool first = true;
  for (auto& p : ports) {
    const std::string protocol = json::str(p, "protocol", "TCP"), lower = to_lower(protocol);
    const std::string url = lower + "://" + host + ":" + port_of(p);
    if (first) set(out, base + "_PORT", url);
    first = false;
    const std::string prefix = base + "_PORT_" + port_of(p) + "_" + protocol;
    set(out, prefix, url);
    set(out, prefix + "_PROTO", lower);
    set(out, prefix + "_PORT", port_of(p));
    set(out, prefix + "_ADDR", ip);
  }
}

Result<Environment> make_environment(const Json& pod, const Json& container, const PodFacts& facts, const Lookup& lookup,
                                     const std::vector<Json>& services) {
  Environment of_services, mine;
  for (auto& s : services) add_service_variables(s, of_services);
  for (auto& source : json::array_or_empty(json::find(container, "envFrom"))) TRY(add_env_from(pod, source, lookup, mine));
  auto known = [&](std::string_view name) {
    auto v = find_variable(mine, name);
    return v ? v : find_variable(of_services, name);
  };
  for (auto& e : json::array_or_empty(json::find(container, "env"))) {
    const std::string name = json::str(e, "name");
    const Json& from = json::find(e, "valueFrom");
    if (!from.is_object()) {
      set(mine, name, expand(json::str(e, "value"), known));
    } else if (const Json& field = json::find(from, "fieldRef"); field.is_object()) {
      set(mine, name, TRY(downward_field(pod, json::str(field, "fieldPath"), facts)));
    } else if (const Json& resource = json::find(from, "resourceFieldRef"); resource.is_object()) {
      set(mine, name, TRY(downward_resource(pod, resource, json::str(container, "name"), facts)));
    } else if (const Json& cm = json::find(from, "configMapKeyRef"); cm.is_object()) {
      if (auto v = TRY(from_key(pod, cm, false, lookup))) set(mine, name, std::move(*v));
    } else if (const Json& secret = json::find(from, "secretKeyRef"); secret.is_object()) {
      if (auto v = TRY(from_key(pod, secret, true, lookup))) set(mine, name, std::move(*v));
    } else {
      return Error(Reason::kNotImplemented, "variable " + name + ": this kind of valueFrom is not supported yet");
    }
  }
  for (auto& [name, value] : of_services)
    if (!find_variable(mine, name)) mine.emplace_back(std::move(name), std::move(value));
  return mine;
}

std::set<Reference> references_of(const Json& pod) {
  std::set<Reference> out;
  const std::string ns = json::str(pod, {"metadata", "namespace"});
  const Json& spec = json::find(pod, "spec");
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
    for (auto& c : json::array_or_empty(json::find(spec, list))) container_references(ns, c, out);
  auto add = [&](const api::Gvr& gvr, const std::string& name) {
    if (!name.empty()) out.insert({gvr, ns, name});
  };
  for (auto& v : json::array_or_empty(json::find(spec, "volumes"))) {
    add(api::kConfigMaps, json::str(v, {"configMap", "name"}));
    add(api::kSecrets, json::str(v, {"secret", "secretName"}));
    for (auto& s : json::array_or_empty(json::find(v, {"projected", "sources"}))) {
      add(api::kConfigMaps, json::str(s, {"configMap", "name"}));
      add(api::kSecrets, json::str(s, {"secret", "name"}));
    }
  }
  for (auto& s : json::array_or_empty(json::find(spec, "imagePullSecrets"))) add(api::kSecrets, json::str(s, "name"));
  return out;
}

}  // namespace skerry::agent
