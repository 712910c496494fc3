// Containers of pods and of pod templates.
#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/pod_parts.h"
#include "output/go_format.h"

namespace skerry::kubectl {
namespace {

std::string ports_text(const Json& container, std::string_view key) {
  std::string text;
  for (const Json& port : json::array_or_empty(json::find(container, "ports"))) {
    if (!text.empty()) text += ", ";
    text += std::to_string(json::integer(port, key)) + "/" + json::str(port, "protocol");
    if (std::string name = json::str(port, "name"); !name.empty()) text += " (" + name + ")";
  }
  return text;
}

// "Port:" or, of several, "Ports:".
void put_ports(Writer& w, std::string_view title, const std::string& ports) {
  if (ports.find(',') != std::string::npos) w.field(2, std::string(title) + "s", ports);
  else w.field(2, title, or_none(ports));
}

void put_basics(Writer& w, const Json& container, const Json& status, std::string_view indent) {
  w.line(1, indent.empty() ? "" : " ", json::str(container, "name"), ":");
  if (status.is_object()) w.field(2, "Container ID", json::str(status, "containerID"));
  w.field(2, "Image", json::str(container, "image"));
  if (status.is_object()) w.field(2, "Image ID", json::str(status, "imageID"));
  put_ports(w, "Port", ports_text(container, "containerPort"));
  put_ports(w, "Host Port", ports_text(container, "hostPort"));
  if (const Json& profile = json::find(container, {"securityContext", "seccompProfile"}); profile.is_object()) {
    w.field(2, "SeccompProfile", json::str(profile, "type"));
    if (json::str(profile, "type") == "Localhost")
      w.field(3, "LocalhostProfile", json::str(profile, "localhostProfile"));
  }
}

void put_words(Writer& w, std::string_view title, const Json& words) {
  if (json::array_or_empty(words).empty()) return;
  w.line(2, title, ":");
  for (const std::string& word : strings(words))
    for (std::string_view part : split(word, '\n')) w.line(3, part);
}

void put_state(Writer& w, std::string_view title, const Json& state) {
  if (const Json& running = json::find(state, "running"); running.is_object()) {
    w.field(2, title, "Running");
    w.field(3, "Started", time_text(json::find(running, "startedAt")));
  } else if (const Json& waiting = json::find(state, "waiting"); waiting.is_object()) {
    w.field(2, title, "Waiting");
    if (std::string reason = json::str(waiting, "reason"); !reason.empty()) w.field(3, "Reason", reason);
  } else if (const Json& ended = json::find(state, "terminated"); ended.is_object()) {
    w.field(2, title, "Terminated");
    if (std::string reason = json::str(ended, "reason"); !reason.empty()) w.field(3, "Reason", reason);
    if (std::string message = json::str(ended, "message"); !message.empty()) w.field(3, "Message", message);
    w.field(3, "Exit Code", json::integer(ended, "exitCode"));
    if (int64_t signal = json::integer(ended, "signal"); signal > 0) w.field(3, "Signal", signal);
    w.field(3, "Started", time_text(json::find(ended, "startedAt")));
    w.field(3, "Finished", time_text(json::find(ended, "finishedAt")));
  } else {
    w.field(2, title, "Waiting");
  }
}

void put_status(Writer& w, const Json& status) {
  if (!status.is_object()) return;
  put_state(w, "State", json::find(status, "state"));
  if (const Json& last = json::find(status, "lastState"); has(last, "terminated")) put_state(w, "Last State", last);
  w.field(2, "Ready", true_false(json::boolean(status, "ready")));
  w.field(2, "Restart Count", json::integer(status, "restartCount"));
}

void put_environment_sources(Writer& w, const Json& container) {
  const Json& sources = json::array_or_empty(json::find(container, "envFrom"));
  if (sources.empty()) return;
  w.line(2, "Environment Variables from:");
  for (const Json& source : sources) {
    bool map = has(source, "configMapRef"), secret = has(source, "secretRef");
    const Json& reference = json::find(source, map ? "configMapRef" : "secretRef");
    std::string text = json::str(reference, "name") + "\t" + (map ? "ConfigMap" : secret ? "Secret" : "");
    if (std::string prefix = json::str(source, "prefix"); !prefix.empty()) text += " with prefix '" + prefix + "'";
    w.line(3, text, "\tOptional: ", json::boolean(reference, "optional"));
  }
}

// A container's limit or request in units of the divisor, rounded up; empty for what cannot be asked for.
std::string resource_value(const Json& reference, const Json& container) {
  std::string resource = json::str(reference, "resource");
  size_t dot = resource.find('.');
  if (dot == std::string::npos) return "";
  std::string list = resource.substr(0, dot), name = resource.substr(dot + 1);
  if ((list != "limits" && list != "requests") || (name != "cpu" && name != "memory" && name != "ephemeral-storage"))
    return "";
  auto amount = api::Quantity::from_json(json::find(container, {"resources", list, name}));
  auto divisor = api::Quantity::from_json(json::find(reference, "divisor"));
  if (divisor.is_zero()) divisor = api::Quantity::units(1);
  double ratio = name == "cpu" ? static_cast<double>(amount.milli_value()) / static_cast<double>(divisor.milli_value())
                               : static_cast<double>(amount.value()) / static_cast<double>(divisor.value());
  return std::to_string(static_cast<int64_t>(std::ceil(ratio)));
}

void put_variable(Writer& w, const Json& variable, const Json& container, const Json& pod) {
  std::string name = json::str(variable, "name");
  const Json& from = json::find(variable, "valueFrom");
  if (from.is_null()) {
    std::string text = json::str(variable, "value");
    std::string title = name + ":";
    for (std::string_view part : split(text, '\n')) {
      w.line(3, title, "\t", part);
      title.clear();
    }
  } else if (const Json& field = json::find(from, "fieldRef"); field.is_object()) {
    std::string path = json::str(field, "fieldPath");
    // The two that clients can translate; of others only the path is shown.
    std::string value;
    if (path == "metadata.name") value = json::str(pod, {"metadata", "name"});
    if (path == "metadata.namespace") value = json::str(pod, {"metadata", "namespace"});
    w.field(3, name, value, " (", json::str(field, "apiVersion"), ":", path, ")");
  } else if (const Json& amount = json::find(from, "resourceFieldRef"); amount.is_object()) {
    std::string resource = json::str(amount, "resource"), value = resource_value(amount, container);
    if (value == "0" && (resource == "limits.cpu" || resource == "limits.memory")) value = "node allocatable";
    w.field(3, name, value, " (", resource, ")");
  } else if (const Json& secret = json::find(from, "secretKeyRef"); secret.is_object()) {
    w.field(3, name, "<set to the key '", json::str(secret, "key"), "' in secret '", json::str(secret, "name"),
            "'>\tOptional: ", json::boolean(secret, "optional"));
  } else if (const Json& map = json::find(from, "configMapKeyRef"); map.is_object()) {
    w.field(3, name, "<set to the key '", json::str(map, "key"), "' of config map '", json::str(map, "name"),
            "'>\tOptional: ", json::boolean(map, "optional"));
  }
}

void put_environment(Writer& w, const Json& container, const Json& pod) {
  const Json& variables = json::array_or_empty(json::find(container, "env"));
  w.line(2, "Environment:", variables.empty() ? "\t<none>" : "");
  for (const Json& variable : variables) put_variable(w, variable, container, pod);
}

std::vector<Json> sorted_by(const Json& list, std::string_view key) {
  const Json& elements = json::array_or_empty(list);
  std::vector<Json> sorted(elements.begin(), elements.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Json& a, const Json& b) { return json::str(a, key) < json::str(b, key); });
  return sorted;
}

void put_mounts(Writer& w, const Json& container) {
  std::vector<Json> mounts = sorted_by(json::find(container, "volumeMounts"), "mountPath");
  std::string_view none = mounts.empty() ? "\t<none>" : "";
  w.line(2, "Mounts:", none);
  for (const Json& mount : mounts) {
    std::string flags = json::boolean(mount, "readOnly") ? "ro" : "rw";
    if (std::string path = json::str(mount, "subPath"); !path.empty()) flags += ",path=" + output::go_quote(path);
    w.line(3, json::str(mount, "mountPath"), " from ", json::str(mount, "name"), " (", flags, ")");
  }
  std::vector<Json> devices = sorted_by(json::find(container, "volumeDevices"), "devicePath");
  if (devices.empty()) return;
  w.line(2, "Devices:", none);
  for (const Json& device : devices) w.line(3, json::str(device, "devicePath"), " from ", json::str(device, "name"));
}

// Percent-encodes what may not stand in the path of a URL.
std::string url_path(std::string_view path) {
  static constexpr std::string_view kPlain = "-_.~$&+,/:;=@";
  std::string text;
  for (char c : path) {
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alnum || kPlain.find(c) != std::string_view::npos) text += c;
    else text += url_encode(std::string_view(&c, 1));
  }
  return path == "*" ? "*" : text;
}

std::string http_text(const Json& get) {
  std::string scheme = to_lower(json::str(get, "scheme")), host = json::str(get, "host");
  std::string port = has(get, "port") ? go_value(json::find(get, "port")) : "0";
  if (!port.empty()) host = (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + port;
  std::string path = url_path(json::str(get, "path"));
  if (!path.empty() && path[0] != '/' && !host.empty()) path = "/" + path;
  std::string url = scheme.empty() ? "" : scheme + ":";
  return url + (scheme.empty() && host.empty() ? "" : "//") + host + path;
}

}  // namespace

std::string probe_text(const Json& probe) {
  auto number = [&](std::string_view key) { return std::to_string(json::integer(probe, key)); };
  std::string timing = " delay=" + number("initialDelaySeconds") + "s timeout=" + number("timeoutSeconds") +
                       "s period=" + number("periodSeconds") + "s #success=" + number("successThreshold") +
                       " #failure=" + number("failureThreshold");
  if (const Json& exec = json::find(probe, "exec"); exec.is_object())
    return "exec " + go_value(json::array_or_empty(json::find(exec, "command"))) + timing;
  if (const Json& get = json::find(probe, "httpGet"); get.is_object()) return "http-get " + http_text(get) + timing;
  if (const Json& tcp = json::find(probe, "tcpSocket"); tcp.is_object())
    return "tcp-socket " + json::str(tcp, "host") + ":" + (has(tcp, "port") ? go_value(json::find(tcp, "port")) : "0") +
           timing;
  if (const Json& grpc = json::find(probe, "grpc"); grpc.is_object())
    return "grpc <pod>:" + std::to_string(json::integer(grpc, "port")) + " " + json::str(grpc, "service") + timing;
  return "unknown" + timing;
}

void put_resources(Writer& w, const Json& resources, int level) {
  for (auto [title, key] : {std::pair{"Limits:", "limits"}, std::pair{"Requests:", "requests"}}) {
    const Json& amounts = json::object_or_empty(json::find(resources, key));
    if (!amounts.empty()) w.line(level, title);
    for (const auto& [name, amount] : amounts.items()) w.field(level + 1, name, quantity_text(amount));
  }
}

void put_containers(Writer& w, std::string_view title, const Json& containers, const Json& statuses, const Json& pod,
                    std::string_view indent) {
  const Json& list = json::array_or_empty(containers);
  w.line(0, indent, title, ":", list.empty() ? " <none>" : "");
  static const Json kNone;
  for (const Json& container : list) {
    const Json* status = &kNone;
    for (const Json& candidate : json::array_or_empty(statuses))
      if (json::str(candidate, "name") == json::str(container, "name")) status = &candidate;
    put_basics(w, container, *status, indent);
    put_words(w, "Command", json::find(container, "command"));
    put_words(w, "Args", json::find(container, "args"));
    put_status(w, *status);
    put_resources(w, json::find(container, "resources"), 2);
    for (auto [name, key] : {std::pair{"Liveness", "livenessProbe"}, std::pair{"Readiness", "readinessProbe"},
                             std::pair{"Startup", "startupProbe"}})
      if (has(container, key)) w.field(2, name, probe_text(json::find(container, key)));
    put_environment_sources(w, container);
    put_environment(w, container, pod);
    put_mounts(w, container);
  }
}

}  // namespace skerry::kubectl
