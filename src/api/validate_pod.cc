#include <algorithm>
#include <map>
#include <set>

#include "api/pod.h"
#include "api/validate_names.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

using Names = std::set<std::string>;

const Json& list_of(const Json& object, std::string_view key) { return json::array_or_empty(json::find(object, key)); }

// "cpu", "memory", "example.com/gpu", "hugepages-2Mi", ...
bool is_resource_name(std::string_view name) {
  static const std::set<std::string_view> kPlain = {"cpu", "memory", "ephemeral-storage", "storage"};
  return kPlain.contains(name) || name.starts_with("hugepages-") ||
         (name.find('/') != std::string_view::npos && is_qualified_name(name));
}

void validate_port_reference(FieldErrors& errors, std::string_view path, const Json& port) {
  if (port.is_number()) check(errors, path, port, port_number_problem(port.get<int64_t>()));
  else if (port.is_string()) check(errors, path, port, port_name_problem(port.get_ref<const std::string&>()));
  else errors.required(path);
}

// exec, httpGet, tcpSocket, grpc (probes) or sleep (lifecycle): exactly one.
void validate_handler(FieldErrors& errors, std::string_view path, const Json& handler) {
  int count = 0;
  auto one = [&](const char* key) {
    if (!json::find(handler, key).is_object()) return false;
    if (count++ > 0) errors.forbidden(child(path, key), "may not specify more than 1 handler type");
    return true;
  };
  if (one("exec") && list_of(json::find(handler, "exec"), "command").empty()) errors.required(child(path, "exec.command"));
  if (one("httpGet")) {
    const Json& get = json::find(handler, "httpGet");
    if (json::str(get, "path").empty()) errors.required(child(path, "httpGet.path"));
    validate_port_reference(errors, child(path, "httpGet.port"), json::find(get, "port"));
    validate_choice(errors, child(path, "httpGet.scheme"), json::find(get, "scheme"), {"HTTP", "HTTPS"}, false);
  }
  if (one("tcpSocket")) validate_port_reference(errors, child(path, "tcpSocket.port"), json::find(handler, {"tcpSocket", "port"}));
  if (one("grpc")) {
    const Json& port = json::find(handler, {"grpc", "port"});
    check(errors, child(path, "grpc.port"), port, port_number_problem(port.is_number() ? port.get<int64_t>() : 0));
  }
  if (one("sleep")) validate_non_negative(errors, child(path, "sleep.seconds"), json::find(handler, {"sleep", "seconds"}));
  if (count == 0) errors.required(path, "must specify a handler type");
}

void validate_probe(FieldErrors& errors, std::string_view path, const Json& probe, bool one_success) {
  if (!probe.is_object()) return;
  validate_handler(errors, path, probe);
  for (const char* key : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"})
    validate_non_negative(errors, child(path, key), json::find(probe, key));
  if (const Json& grace = json::find(probe, "terminationGracePeriodSeconds"); grace.is_number() && grace <= 0)
    errors.invalid(child(path, "terminationGracePeriodSeconds"), grace, "must be greater than 0");
  if (const Json& success = json::find(probe, "successThreshold"); one_success && success.is_number() && success > 1)
    errors.invalid(child(path, "successThreshold"), success, "must be 1");
}

void validate_env(FieldErrors& errors, std::string_view path, const Json& container) {
  const Json& env = list_of(container, "env");
  for (size_t i = 0; i < env.size(); ++i) {
    std::string at = index(child(path, "env"), i), name = json::str(env[i], "name");
    if (name.empty()) errors.required(child(at, "name"));
    else check(errors, child(at, "name"), name, env_name_problem(name));
    const Json& from = json::find(env[i], "valueFrom");
    if (!from.is_object()) continue;
    std::string source = child(at, "valueFrom");
    if (!json::str(env[i], "value").empty()) errors.invalid(source, "", "may not be specified when `value` is not empty");
    if (from.size() == 0) errors.invalid(source, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
    else if (from.size() > 1) errors.invalid(source, "", "may not have more than one field specified at a time");
    if (const Json& ref = json::find(from, "fieldRef"); ref.is_object()) {
      std::string field = json::str(ref, "fieldPath"), p = child(source, "fieldRef.fieldPath");
      static const std::set<std::string_view> kKnown = {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
          "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"};
      bool keyed_field = (field.starts_with("metadata.labels['") || field.starts_with("metadata.annotations['")) && field.ends_with("']");
      if (field.empty()) errors.required(p);
      else if (!kKnown.contains(field) && !keyed_field) {
        if (field.starts_with("metadata.") || field.starts_with("spec.") || field.starts_with("status."))
          errors.not_supported(p, field, {kKnown.begin(), kKnown.end()});
        else
          errors.invalid(p, field, "error converting fieldPath: field label not supported: " + field);
      }
    }
    for (const char* key : {"configMapKeyRef", "secretKeyRef"})
      if (const Json& ref = json::find(from, key); ref.is_object()) {
        if (json::str(ref, "key").empty()) errors.required(child(child(source, key), "key"));
        else check(errors, child(child(source, key), "key"), ref["key"], config_key_problem(json::str(ref, "key")));
      }
    if (const Json& ref = json::find(from, "resourceFieldRef"); ref.is_object() && json::str(ref, "resource").empty())
      errors.required(child(source, "resourceFieldRef.resource"));
  }
  const Json& sources = list_of(container, "envFrom");
  for (size_t i = 0; i < sources.size(); ++i) {
    std::string at = index(child(path, "envFrom"), i);
    bool map = json::find(sources[i], "configMapRef").is_object(), secret = json::find(sources[i], "secretRef").is_object();
    if (!map && !secret) errors.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
    else if (map && secret) errors.invalid(at, "", "may not have more than one field specified at a time");
    else if (json::str(sources[i], {map ? "configMapRef" : "secretRef", "name"}).empty())
      errors.required(child(at, map ? "configMapRef.name" : "secretRef.name"));
  }
}

void validate_ports(FieldErrors& errors, std::string_view path, const Json& container, bool host_network,
                    std::set<std::string>& host_ports) {
  const Json& ports = list_of(container, "ports");
  Names names;
  for (size_t i = 0; i < ports.size(); ++i) {
    std::string at = index(child(path, "ports"), i), name = json::str(ports[i], "name");
    if (!name.empty()) {
      if (std::string p = port_name_problem(name); !p.empty()) errors.invalid(child(at, "name"), name, p);
      else if (!names.insert(name).second) errors.duplicate(child(at, "name"), name);
    }
    int64_t port = json::integer(ports[i], "containerPort"), host = json::integer(ports[i], "hostPort");
    if (port == 0) errors.required(child(at, "containerPort"));
    else check(errors, child(at, "containerPort"), port, port_number_problem(port));
    if (host != 0) check(errors, child(at, "hostPort"), host, port_number_problem(host));
    if (host_network && host != 0 && host != port)
      errors.invalid(child(at, "containerPort"), port, "must match `hostPort` when `hostNetwork` is true");
    std::string protocol = json::str(ports[i], "protocol");
    validate_choice(errors, child(at, "protocol"), json::find(ports[i], "protocol"), {"TCP", "UDP", "SCTP"}, true);
    if (host != 0) {
      std::string key = protocol + "/" + json::str(ports[i], "hostIP") + "/" + std::to_string(host);
      if (!host_ports.insert(key).second) errors.duplicate(child(at, "hostPort"), key);
    }
  }
}

void validate_mounts(FieldErrors& errors, std::string_view path, const Json& container, const Names& volumes) {
  const Json& mounts = list_of(container, "volumeMounts");
  Names paths;
  for (size_t i = 0; i < mounts.size(); ++i) {
    std::string at = index(child(path, "volumeMounts"), i), name = json::str(mounts[i], "name");
    if (name.empty()) errors.required(child(at, "name"));
    else if (!volumes.contains(name)) errors.not_found(child(at, "name"), name);
    std::string mount = json::str(mounts[i], "mountPath");
    if (mount.empty()) errors.required(child(at, "mountPath"));
    else if (!paths.insert(mount).second) errors.invalid(child(at, "mountPath"), mount, "must be unique");
    for (const char* key : {"subPath", "subPathExpr"}) {
      std::string sub = json::str(mounts[i], key);
      if (sub.empty()) continue;
      if (sub[0] == '/') errors.invalid(child(at, key), sub, "must be a relative path");
      for (auto part : split(sub, '/'))
        if (part == "..") errors.invalid(child(at, key), sub, "must not contain '..'");
    }
    if (!json::str(mounts[i], "subPath").empty() && !json::str(mounts[i], "subPathExpr").empty())
      errors.invalid(child(at, "subPathExpr"), mounts[i]["subPathExpr"], "subPathExpr and subPath are mutually exclusive");
  }
}

void validate_security_context(FieldErrors& errors, std::string_view path, const Json& context) {
  if (!context.is_object()) return;
  auto id = [&](const char* key) {
    if (const Json& v = json::find(context, key); v.is_number() && (v < 0 || v > INT32_MAX))
      errors.invalid(child(path, key), v, "must be between 0 and 2147483647, inclusive");
  };
  id("runAsUser");
  id("runAsGroup");
  id("fsGroup");
  if (json::boolean(context, "privileged") && context.contains("allowPrivilegeEscalation") && !json::boolean(context, "allowPrivilegeEscalation"))
    errors.invalid(path, Json::object(), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  validate_choice(errors, child(path, "procMount"), json::find(context, "procMount"), {"Default", "Unmasked"}, false);
  if (const Json& seccomp = json::find(context, "seccompProfile"); seccomp.is_object()) {
    validate_choice(errors, child(path, "seccompProfile.type"), json::find(seccomp, "type"), {"Localhost", "RuntimeDefault", "Unconfined"}, true);
    if (json::str(seccomp, "type") == "Localhost" && json::str(seccomp, "localhostProfile").empty())
      errors.required(child(path, "seccompProfile.localhostProfile"), "must be set when seccomp type is Localhost");
  }
  const Json& sysctls = list_of(context, "sysctls");
  Names seen;
  for (size_t i = 0; i < sysctls.size(); ++i) {
    std::string at = index(child(path, "sysctls"), i), name = json::str(sysctls[i], "name");
    bool ok = !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
    });
    if (name.empty()) errors.required(child(at, "name"));
    else if (!ok) errors.invalid(child(at, "name"), name, "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
    else if (!seen.insert(name).second) errors.duplicate(child(at, "name"), name);
  }
}

struct PodFacts {
  bool host_network = false;
  Names volumes;
  std::set<std::string> host_ports;
  Names container_names;
};

enum class ContainerRole { kMain, kInit, kEphemeral };

void validate_container(FieldErrors& errors, const std::string& path, const Json& c, ContainerRole role, PodFacts& facts) {
  std::string name = json::str(c, "name");
  if (name.empty()) errors.required(child(path, "name"));
  else if (std::string p = dns_label_problem(name); !p.empty()) errors.invalid(child(path, "name"), name, p);
  else if (!facts.container_names.insert(name).second) errors.duplicate(child(path, "name"), name);
  std::string image = json::str(c, "image");
  if (image.empty()) errors.required(child(path, "image"));
  else if (trim(image).size() != image.size()) errors.invalid(child(path, "image"), image, "must not have leading or trailing whitespace");
  validate_choice(errors, child(path, "imagePullPolicy"), json::find(c, "imagePullPolicy"), {"Always", "IfNotPresent", "Never"}, true);
  validate_choice(errors, child(path, "terminationMessagePolicy"), json::find(c, "terminationMessagePolicy"), {"FallbackToLogsOnError", "File"}, true);
  const Json& restart = json::find(c, "restartPolicy");
  if (restart.is_string() && role != ContainerRole::kEphemeral)
    validate_choice(errors, child(path, "restartPolicy"), restart, {"Always", "Never", "OnFailure"}, false);
  validate_env(errors, path, c);
  validate_ports(errors, path, c, facts.host_network, facts.host_ports);
  validate_mounts(errors, path, c, facts.volumes);
  validate_resources(errors, child(path, "resources"), json::find(c, "resources"));
  validate_security_context(errors, child(path, "securityContext"), json::find(c, "securityContext"));
  bool probes = role == ContainerRole::kMain || (role == ContainerRole::kInit && is_sidecar(c));
  for (const char* key : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    const Json& probe = json::find(c, key);
    if (!probe.is_object()) continue;
    if (probes) validate_probe(errors, child(path, key), probe, key != std::string_view("readinessProbe"));
    else errors.forbidden(child(path, key), role == ContainerRole::kInit ? "may not be set for init containers without restartPolicy=Always" : "cannot be set for an Ephemeral Container");
  }
  if (const Json& lifecycle = json::find(c, "lifecycle"); lifecycle.is_object()) {
    if (!probes) errors.forbidden(child(path, "lifecycle"), role == ContainerRole::kInit ? "may not be set for init containers without restartPolicy=Always" : "cannot be set for an Ephemeral Container");
    else
      for (const char* key : {"postStart", "preStop"})
        if (json::find(lifecycle, key).is_object()) validate_handler(errors, child(child(path, "lifecycle"), key), lifecycle[key]);
  }
}

void validate_key_items(FieldErrors& errors, const std::string& path, const Json& source) {
  const Json& items = list_of(source, "items");
  for (size_t i = 0; i < items.size(); ++i) {
    std::string at = index(child(path, "items"), i), file = json::str(items[i], "path");
    if (json::str(items[i], "key").empty()) errors.required(child(at, "key"));
    if (file.empty()) errors.required(child(at, "path"));
    else if (file[0] == '/') errors.invalid(child(at, "path"), file, "must be a relative path");
    for (auto part : split(file, '/'))
      if (part == "..") errors.invalid(child(at, "path"), file, "must not contain '..'");
    if (const Json& mode = json::find(items[i], "mode"); mode.is_number() && (mode < 0 || mode > 0777))
      errors.invalid(child(at, "mode"), mode, "must be a number between 0 and 0777 (octal), both inclusive");
  }
}

void validate_volumes(FieldErrors& errors, std::string_view path, const Json& spec, PodFacts& facts) {
  const Json& volumes = list_of(spec, "volumes");
  for (size_t i = 0; i < volumes.size(); ++i) {
    const Json& v = volumes[i];
    std::string at = index(child(path, "volumes"), i), name = json::str(v, "name");
    if (name.empty()) errors.required(child(at, "name"));
    else if (std::string p = dns_label_problem(name); !p.empty()) errors.invalid(child(at, "name"), name, p);
    else if (!facts.volumes.insert(name).second) errors.duplicate(child(at, "name"), name);
    std::string first;
    for (const auto& [key, value] : v.items()) {
      if (key == "name" || !value.is_object()) continue;
      if (!first.empty()) errors.forbidden(child(at, key), "may not specify more than 1 volume type");
      first = key;
    }
    if (first.empty()) errors.required(at, "must specify a volume type");
    if (const Json& s = json::find(v, "hostPath"); s.is_object()) {
      if (json::str(s, "path").empty()) errors.required(child(at, "hostPath.path"));
      for (auto part : split(json::str(s, "path"), '/'))
        if (part == "..") errors.invalid(child(at, "hostPath.path"), s["path"], "must not contain '..'");
      validate_choice(errors, child(at, "hostPath.type"), json::find(s, "type"),
                      {"BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"}, false);
    }
    if (const Json& s = json::find(v, "configMap"); s.is_object()) {
      if (json::str(s, "name").empty()) errors.required(child(at, "configMap.name"));
      validate_key_items(errors, child(at, "configMap"), s);
    }
    if (const Json& s = json::find(v, "secret"); s.is_object()) {
      if (json::str(s, "secretName").empty()) errors.required(child(at, "secret.secretName"));
      validate_key_items(errors, child(at, "secret"), s);
    }
    if (const Json& s = json::find(v, "persistentVolumeClaim"); s.is_object() && json::str(s, "claimName").empty())
      errors.required(child(at, "persistentVolumeClaim.claimName"));
    if (const Json& s = json::find(v, {"emptyDir", "sizeLimit"}); !s.is_null() && Quantity::from_json(s).negative())
      errors.forbidden(child(at, "emptyDir.sizeLimit"), "SizeLimit field must be a valid resource quantity");
    for (const char* key : {"configMap", "secret", "downwardAPI", "projected"})
      if (const Json& mode = json::find(v, {key, "defaultMode"}); mode.is_number() && (mode < 0 || mode > 0777))
        errors.invalid(child(child(at, key), "defaultMode"), mode, "must be a number between 0 and 0777 (octal), both inclusive");
  }
}

void validate_tolerations(FieldErrors& errors, const std::string& path, const Json& tolerations) {
  for (size_t i = 0; i < tolerations.size(); ++i) {
    const Json& t = tolerations[i];
    std::string at = index(path, i), key = json::str(t, "key"), op = json::str(t, "operator"), effect = json::str(t, "effect");
    if (!key.empty()) check(errors, child(at, "key"), key, qualified_name_problem(key));
    if (key.empty() && op != "Exists") errors.invalid(child(at, "operator"), op, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
    if (json::find(t, "tolerationSeconds").is_number() && effect != "NoExecute")
      errors.invalid(child(at, "effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    if (op == "Exists" && !json::str(t, "value").empty()) errors.invalid(child(at, "operator"), t, "value must be empty when `operator` is 'Exists'");
    if (op.empty() || op == "Equal") check(errors, child(at, "operator"), json::str(t, "value"), label_value_problem(json::str(t, "value")));
    validate_choice(errors, child(at, "operator"), json::find(t, "operator"), {"Equal", "Exists"}, false);
    validate_choice(errors, child(at, "effect"), json::find(t, "effect"), {"NoSchedule", "PreferNoSchedule", "NoExecute"}, false);
  }
}

void validate_node_term(FieldErrors& errors, const std::string& path, const Json& term) {
  const Json& expressions = list_of(term, "matchExpressions");
  for (size_t i = 0; i < expressions.size(); ++i) {
    std::string at = index(child(path, "matchExpressions"), i), op = json::str(expressions[i], "operator");
    size_t values = list_of(expressions[i], "values").size();
    if ((op == "In" || op == "NotIn") && values == 0) errors.required(child(at, "values"), "must be specified when `operator` is 'In' or 'NotIn'");
    else if ((op == "Exists" || op == "DoesNotExist") && values > 0) errors.forbidden(child(at, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    else if ((op == "Gt" || op == "Lt") && values != 1) errors.required(child(at, "values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
    if (op != "In" && op != "NotIn" && op != "Exists" && op != "DoesNotExist" && op != "Gt" && op != "Lt")
      errors.invalid(child(at, "operator"), op, "not a valid selector operator");
    check(errors, child(at, "key"), json::str(expressions[i], "key"), qualified_name_problem(json::str(expressions[i], "key")));
  }
}

void validate_pod_affinity_term(FieldErrors& errors, const std::string& path, const Json& term) {
  validate_label_selector(errors, child(path, "labelSelector"), json::find(term, "labelSelector"));
  std::string key = json::str(term, "topologyKey");
  if (key.empty()) errors.required(child(path, "topologyKey"), "can not be empty");
  else check(errors, child(path, "topologyKey"), key, qualified_name_problem(key));
}

void validate_affinity(FieldErrors& errors, const std::string& path, const Json& affinity) {
  if (const Json& node = json::find(affinity, "nodeAffinity"); node.is_object()) {
    std::string at = child(path, "nodeAffinity");
    if (const Json& required = json::find(node, "requiredDuringSchedulingIgnoredDuringExecution"); required.is_object()) {
      std::string terms_path = child(at, "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
      const Json& terms = list_of(required, "nodeSelectorTerms");
      if (terms.empty()) errors.required(terms_path, "must have at least one node selector term");
      for (size_t i = 0; i < terms.size(); ++i) validate_node_term(errors, index(terms_path, i), terms[i]);
    }
    const Json& preferred = list_of(node, "preferredDuringSchedulingIgnoredDuringExecution");
    for (size_t i = 0; i < preferred.size(); ++i) {
      std::string p = index(child(at, "preferredDuringSchedulingIgnoredDuringExecution"), i);
      if (int64_t w = json::integer(preferred[i], "weight"); w < 1 || w > 100) errors.invalid(child(p, "weight"), w, "must be in the range 1-100");
      validate_node_term(errors, child(p, "preference"), json::find(preferred[i], "preference"));
    }
  }
  for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
    const Json& pods = json::find(affinity, kind);
    if (!pods.is_object()) continue;
    const Json& required = list_of(pods, "requiredDuringSchedulingIgnoredDuringExecution");
    for (size_t i = 0; i < required.size(); ++i)
      validate_pod_affinity_term(errors, index(child(child(path, kind), "requiredDuringSchedulingIgnoredDuringExecution"), i), required[i]);
    const Json& preferred = list_of(pods, "preferredDuringSchedulingIgnoredDuringExecution");
    for (size_t i = 0; i < preferred.size(); ++i) {
      std::string p = index(child(child(path, kind), "preferredDuringSchedulingIgnoredDuringExecution"), i);
      if (int64_t w = json::integer(preferred[i], "weight"); w < 1 || w > 100) errors.invalid(child(p, "weight"), w, "must be in the range 1-100");
      validate_pod_affinity_term(errors, child(p, "podAffinityTerm"), json::find(preferred[i], "podAffinityTerm"));
    }
  }
}

void validate_dns(FieldErrors& errors, const std::string& path, const Json& spec) {
  std::string policy = json::str(spec, "dnsPolicy");
  validate_choice(errors, child(path, "dnsPolicy"), json::find(spec, "dnsPolicy"), {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}, true);
  const Json& config = json::find(spec, "dnsConfig");
  const Json& servers = list_of(config, "nameservers");
  if (policy == "None" && servers.empty())
    errors.required(child(path, "dnsConfig"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
  if (servers.size() > 3) errors.invalid(child(path, "dnsConfig.nameservers"), servers, "must not have more than 3 nameservers");
  for (size_t i = 0; i < servers.size(); ++i)
    if (servers[i].is_string() && !is_ip(servers[i].get_ref<const std::string&>()))
      errors.invalid(index(child(path, "dnsConfig.nameservers"), i), servers[i], "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  if (list_of(config, "searches").size() > 32) errors.invalid(child(path, "dnsConfig.searches"), list_of(config, "searches"), "must not have more than 32 search paths");
}

// The spec without what an update may change.
Json frozen_part(const Json& spec) {
  Json copy = spec;
  for (const char* list : {"containers", "initContainers"})
    if (auto it = copy.find(list); it != copy.end() && it->is_array())
      for (auto& c : *it)
        if (c.is_object()) c.erase("image");
  for (const char* key : {"activeDeadlineSeconds", "tolerations", "schedulingGates"}) copy.erase(key);
  return copy;
}

void validate_pod_update(FieldErrors& errors, const Json& object, const Json& old) {
  const Json& spec = json::find(object, "spec");
  const Json& before = json::find(old, "spec");
  const Json& deadline = json::find(spec, "activeDeadlineSeconds");
  const Json& old_deadline = json::find(before, "activeDeadlineSeconds");
  if (old_deadline.is_number()) {
    if (!deadline.is_number()) errors.invalid("spec.activeDeadlineSeconds", nullptr, "must not update from a positive integer to nil value");
    else if (deadline > old_deadline) errors.invalid("spec.activeDeadlineSeconds", deadline, "must be less than or equal to previous value");
  }
  for (const auto& t : list_of(before, "tolerations")) {
    const Json& now = list_of(spec, "tolerations");
    bool kept = std::any_of(now.begin(), now.end(), [&](const Json& n) {
      Json a = n, b = t;
      a.erase("tolerationSeconds");
      b.erase("tolerationSeconds");
      return a == b;
    });
    if (!kept) {
      errors.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
      break;
    }
  }
  for (const auto& gate : list_of(spec, "schedulingGates")) {
    const Json& had = list_of(before, "schedulingGates");
    if (std::find(had.begin(), had.end(), gate) == had.end())
      errors.forbidden("spec.schedulingGates", "only deletion is allowed, but found new scheduling gate '" + json::str(gate, "name") + "'");
  }
  Json now = frozen_part(spec), then = frozen_part(before);
  // A negative grace period (an immediate kill asked for long ago) may become 1.
  if (json::integer(before, "terminationGracePeriodSeconds") < 0 && json::integer(spec, "terminationGracePeriodSeconds") == 1)
    now["terminationGracePeriodSeconds"] = then["terminationGracePeriodSeconds"];
  if (!list_of(before, "schedulingGates").empty())
    for (const char* key : {"nodeSelector", "affinity"}) now.erase(key), then.erase(key);
  if (now != then)
    errors.forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,"
                             "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                             "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                             "previously negative)");
}

}  // namespace

void validate_resources(FieldErrors& errors, std::string_view path, const Json& resources) {
  ResourceAmounts limits = amounts_from_json(json::find(resources, "limits"));
  ResourceAmounts requests = amounts_from_json(json::find(resources, "requests"));
  for (const auto& [map, name] : {std::pair{&limits, "limits"}, std::pair{&requests, "requests"}})
    for (const auto& [resource, amount] : *map) {
      std::string at = keyed(child(path, name), resource);
      if (!is_resource_name(resource)) errors.invalid(at, resource, "must be a standard resource type or fully qualified");
      if (amount.negative()) errors.invalid(at, amount.to_string(), "must be greater than or equal to 0");
    }
  for (const auto& [resource, amount] : requests) {
    auto limit = limits.find(resource);
    if (limit == limits.end()) continue;
    if (amount > limit->second)
      errors.invalid(child(path, "requests"), amount.to_string(), "must be less than or equal to " + resource + " limit of " + limit->second.to_string());
    else if ((resource.starts_with("hugepages-") || resource.find('/') != std::string::npos) && !(amount == limit->second))
      errors.invalid(child(path, "requests"), amount.to_string(), "must be equal to " + resource + " limit of " + limit->second.to_string());
  }
}

// What is more than a container to look around with is refused; probes and hooks are by validate_container().
static void validate_ephemeral_container(FieldErrors& errors, const std::string& path, const Json& c, const Names& targets) {
  if (std::string target = json::str(c, "targetContainerName"); !target.empty() && !targets.contains(target))
    errors.not_found(child(path, "targetContainerName"), target);
  for (const char* key : {"ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules"}) {
    const Json& value = json::find(c, key);
    if (!value.is_null() && !value.empty() && value != "") errors.forbidden(child(path, key), "cannot be set for an Ephemeral Container");
  }
  const Json& mounts = list_of(c, "volumeMounts");
  for (size_t i = 0; i < mounts.size(); ++i)
    for (const char* key : {"subPath", "subPathExpr"})
      if (!json::str(mounts[i], key).empty())
        errors.forbidden(child(index(child(path, "volumeMounts"), i), key), "cannot be set for an Ephemeral Container");
}

void validate_pod_spec(FieldErrors& errors, std::string_view path_view, const Json& spec, const std::vector<std::string>& more_volumes) {
  std::string path(path_view);
  PodFacts facts;
  facts.host_network = json::boolean(spec, "hostNetwork");
  validate_volumes(errors, path, spec, facts);
  facts.volumes.insert(more_volumes.begin(), more_volumes.end());
  const Json& containers = list_of(spec, "containers");
  if (containers.empty()) errors.required(child(path, "containers"));
  for (size_t i = 0; i < containers.size(); ++i)
    validate_container(errors, index(child(path, "containers"), i), containers[i], ContainerRole::kMain, facts);
  const Json& inits = list_of(spec, "initContainers");
  for (size_t i = 0; i < inits.size(); ++i) {
    facts.host_ports.clear();
    validate_container(errors, index(child(path, "initContainers"), i), inits[i], ContainerRole::kInit, facts);
  }
  const Json& ephemeral = list_of(spec, "ephemeralContainers");
  const Names targets = facts.container_names;
  for (size_t i = 0; i < ephemeral.size(); ++i) {
    const std::string at = index(child(path, "ephemeralContainers"), i);
    validate_container(errors, at, ephemeral[i], ContainerRole::kEphemeral, facts);
    validate_ephemeral_container(errors, at, ephemeral[i], targets);
  }
  validate_choice(errors, child(path, "restartPolicy"), json::find(spec, "restartPolicy"), {"Always", "OnFailure", "Never"}, true);
  validate_dns(errors, path, spec);
  validate_labels(errors, child(path, "nodeSelector"), json::find(spec, "nodeSelector"));
  validate_security_context(errors, child(path, "securityContext"), json::find(spec, "securityContext"));
  validate_affinity(errors, child(path, "affinity"), json::find(spec, "affinity"));
  validate_tolerations(errors, child(path, "tolerations"), list_of(spec, "tolerations"));
  if (std::string name = json::str(spec, "serviceAccountName"); !name.empty()) check(errors, child(path, "serviceAccountName"), name, dns_subdomain_problem(name));
  if (std::string name = json::str(spec, "nodeName"); !name.empty()) check(errors, child(path, "nodeName"), name, dns_subdomain_problem(name));
  if (const Json& d = json::find(spec, "activeDeadlineSeconds"); d.is_number() && (d < 1 || d > INT32_MAX))
    errors.invalid(child(path, "activeDeadlineSeconds"), d, "must be between 1 and 2147483647, inclusive");
  for (const char* key : {"hostname", "subdomain"})
    if (std::string name = json::str(spec, key); !name.empty()) check(errors, child(path, key), name, dns_label_problem(name));
  if (const Json& g = json::find(spec, "terminationGracePeriodSeconds"); g.is_number() && g < 0)
    validate_non_negative(errors, child(path, "terminationGracePeriodSeconds"), g);
  const Json& aliases = list_of(spec, "hostAliases");
  for (size_t i = 0; i < aliases.size(); ++i) {
    std::string at = index(child(path, "hostAliases"), i), ip = json::str(aliases[i], "ip");
    if (!is_ip(ip)) errors.invalid(child(at, "ip"), ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    for (const auto& name : list_of(aliases[i], "hostnames"))
      if (name.is_string()) check(errors, child(at, "hostnames"), name, dns_subdomain_problem(name.get_ref<const std::string&>()));
  }
  const Json& spread = list_of(spec, "topologySpreadConstraints");
  for (size_t i = 0; i < spread.size(); ++i) {
    std::string at = index(child(path, "topologySpreadConstraints"), i);
    if (json::integer(spread[i], "maxSkew") <= 0) errors.invalid(child(at, "maxSkew"), json::find(spread[i], "maxSkew"), "must be greater than zero");
    if (json::str(spread[i], "topologyKey").empty()) errors.required(child(at, "topologyKey"), "can not be empty");
    validate_choice(errors, child(at, "whenUnsatisfiable"), json::find(spread[i], "whenUnsatisfiable"), {"DoNotSchedule", "ScheduleAnyway"}, true);
    validate_label_selector(errors, child(at, "labelSelector"), json::find(spread[i], "labelSelector"));
  }
  const Json& gates = list_of(spec, "readinessGates");
  for (size_t i = 0; i < gates.size(); ++i) {
    std::string type = json::str(gates[i], "conditionType");
    check(errors, child(index(child(path, "readinessGates"), i), "conditionType"), type, qualified_name_problem(type));
  }
}

void validate_pod(FieldErrors& errors, const Json& object, const Json* old) {
  validate_pod_spec(errors, "spec", json::find(object, "spec"));
  if (old == nullptr) {
    if (!list_of(json::find(object, "spec"), "ephemeralContainers").empty())
      errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
    return;
  }
  validate_pod_update(errors, object, *old);
}

void validate_pod_status_update(FieldErrors& errors, const Json& object, const Json& old) {
  std::string before = json::str(old, {"spec", "nodeName"}), now = json::str(object, {"spec", "nodeName"});
  if (before != now) errors.forbidden("status.nodeName", "may not be changed directly");
  // A terminated container of a pod that never restarts stays terminated.
  if (json::str(object, {"spec", "restartPolicy"}) == "Always") return;
  const Json& statuses = list_of(json::find(object, "status"), "containerStatuses");
  for (size_t i = 0; i < statuses.size(); ++i)
    for (const auto& was : list_of(json::find(old, "status"), "containerStatuses")) {
      if (json::str(was, "name") != json::str(statuses[i], "name") || !json::find(was, {"state", "terminated"}).is_object()) continue;
      if (json::str(object, {"spec", "restartPolicy"}) == "OnFailure" && json::integer(json::find(was, {"state", "terminated"}), "exitCode") != 0) continue;
      if (!json::find(statuses[i], {"state", "terminated"}).is_object())
        errors.forbidden(child(index("status.containerStatuses", i), "state"), "may not be transitioned to non-terminated state");
    }
}

void validate_ephemeral_containers_update(FieldErrors& errors, const Json& object, const Json& old) {
  validate_pod_spec(errors, "spec", json::find(object, "spec"));
  const Json& now = list_of(json::find(object, "spec"), "ephemeralContainers");
  for (const auto& was : list_of(json::find(old, "spec"), "ephemeralContainers"))
    if (std::find(now.begin(), now.end(), was) == now.end()) {
      const std::string name = json::str(was, "name");
      const bool there = std::any_of(now.begin(), now.end(), [&](auto& c) { return json::str(c, "name") == name; });
      errors.forbidden("spec.ephemeralContainers", "existing ephemeral containers \"" + name + "\" may not be " + (there ? "changed\n" : "removed\n"));
    }
}

void validate_pod_template(FieldErrors& errors, std::string_view path, const Json& pod_template, const std::vector<std::string>& more_volumes) {
  const Json& meta = json::find(pod_template, "metadata");
  validate_labels(errors, child(path, "labels"), json::find(meta, "labels"));
  validate_annotations(errors, child(path, "annotations"), json::find(meta, "annotations"));
  validate_pod_spec(errors, child(path, "spec"), json::find(pod_template, "spec"), more_volumes);
}

}  // namespace skerry::api
