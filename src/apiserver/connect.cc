#include "apiserver/connect.h"

#include <algorithm>

#include "apiserver/media.h"
#include "base/strings.h"

namespace skerry::apiserver {
namespace {

const std::vector<std::string> kPodStreams = {"log", "exec", "attach", "portforward"};

bool has(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Error not_found(const std::string& resource, const std::string& name) {
  Error error(Reason::kNotFound, resource + " \"" + name + "\" not found");
  auto details = std::make_shared<ErrorDetails>();
  details->name = name;
  details->kind = resource;
  error.details = std::move(details);
  return error;
}

std::vector<std::string> names_of(const Json& spec, const char* list) {
  std::vector<std::string> names;
  for (const auto& c : json::array_or_empty(json::find(spec, list))) names.push_back(json::str(c, "name"));
  return names;
}

// The container a stream is about: the one asked for, or the pod's only one (by annotation where there are several).
Result<std::string> choose_container(const Json& pod, const std::string& asked) {
  const Json& spec = json::find(pod, "spec");
  const std::string pod_name = json::str(pod, {"metadata", "name"});
  auto containers = names_of(spec, "containers"), init = names_of(spec, "initContainers"), ephemeral = names_of(spec, "ephemeralContainers");
  if (asked.empty()) {
    if (containers.size() == 1 && init.empty()) return containers.front();
    std::string preferred = json::str(pod, {"metadata", "annotations", "kubectl.kubernetes.io/default-container"});
    if (!preferred.empty() && has(containers, preferred)) return preferred;
    if (containers.size() == 1) return containers.front();
    std::string message = "a container name must be specified for pod " + pod_name + ", choose one of: [" + join(containers, " ") + "]";
    if (!init.empty()) message += " or one of the init containers: [" + join(init, " ") + "]";
    if (!ephemeral.empty()) message += " or one of the ephemeral containers: [" + join(ephemeral, " ") + "]";
    return Error(Reason::kBadRequest, message);
  }
  if (has(containers, asked) || has(init, asked) || has(ephemeral, asked)) return asked;
  return Error(Reason::kBadRequest, "container " + asked + " is not valid for pod " + pod_name);
}

void add_parameter(std::string& query, const std::string& name, const std::string& value) {
  query += (query.empty() ? "?" : "&") + name + "=" + url_encode(value);
}

bool is_true(const http::Query& query, const char* name) {
  std::string v = query.get(name);
  return query.has(name) && v != "false" && v != "0";
}

// "https:name:port" -> its three parts; scheme and port may be missing.
struct Target { std::string scheme, name, port; };
Target split_target(const std::string& text) {
  auto parts = split(text, ':');
  Target t;
  if (parts.size() == 3) t = {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
  else if (parts.size() == 2) t = {"", std::string(parts[0]), std::string(parts[1])};
  else t.name = text;
  return t;
}

std::pair<std::string, std::string> error_as_status(const Error& error) {
  return {"application/json", json::dump(api::status_json(error)) + "\n"};
}

}  // namespace

bool Connect::is_stream(const Route& route) {
  if (!route.is_resource || !route.gvr.group.empty() || route.name.empty()) return false;
  if (route.gvr.resource == "pods") return has(kPodStreams, route.subresource) || route.subresource == "proxy";
  return (route.gvr.resource == "nodes" || route.gvr.resource == "services") && route.subresource == "proxy";
}

Status Connect::serve(const http::Request& request, http::ResponseWriter& writer, const Route& route, const api::UserInfo& user) {
  api::Request asked;
  asked.verb = route.verb;
  asked.gvr = route.gvr;
  asked.ns = route.ns;
  asked.name = split_target(route.name).name;
  asked.subresource = route.subresource;
  asked.user = user;
  if (route.wants_watch) asked.verb = api::Verb::kGet;
  TRY(pipeline_.authorize(asked));
  bool interactive = route.subresource == "exec" || route.subresource == "attach" || route.subresource == "portforward";
  if (interactive) {
    // Whoever may only read pods must not get a shell through GET, as WebSockets use.
    asked.verb = api::Verb::kCreate;
    TRY(pipeline_.authorize(asked));
    if (request.method != "GET" && request.method != "POST")
      return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
    if (!request.is_upgrade()) return Error(Reason::kBadRequest, "Upgrade request required");
  } else if (route.subresource == "log" && request.method != "GET" && request.method != "HEAD") {
    return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
  }
  if (route.subresource != "proxy") {
    auto pod = pipeline_.registry().find(api::kPods, route.ns, route.name);
    if (!pod) return not_found("pods", route.name);
    return to_kubelet(request, writer, route, pod);
  }
  // Relative links of what is behind need the slash.
  if (route.rest.empty() && (request.method == "GET" || request.method == "HEAD") && !request.is_upgrade()) {
    writer.headers().set("Location", request.raw_path + "/" + (request.raw_query.empty() ? "" : "?" + request.raw_query));
    writer.send(301, "text/plain", std::string());
    return {};
  }
  if (route.gvr.resource == "nodes") return to_node(request, writer, route);
  if (route.gvr.resource == "pods") return to_pod(request, writer, route);
  return to_service(request, writer, route);
}

Result<http::Upstream> Connect::kubelet_of(const std::string& node) const {
  auto object = pipeline_.registry().find(api::kNodes, "", node);
  if (!object) return not_found("nodes", node);
  const Json value = object->json();
  std::string address;
  for (const char* type : {"InternalIP", "ExternalIP", "Hostname"}) {
    for (const auto& a : json::array_or_empty(json::find(value, {"status", "addresses"})))
      if (address.empty() && json::str(a, "type") == type) address = json::str(a, "address");
  }
  if (address.empty()) return Error(Reason::kServiceUnavailable, "no address known for node \"" + node + "\"");
  http::Upstream upstream;
  upstream.host = address;
  upstream.port = static_cast<uint16_t>(json::integer(value, {"status", "daemonEndpoints", "kubeletEndpoint", "Port"}, 10250));
  http::ClientTls tls;
  tls.ca_pem = pki_.server_ca().cert_pem();
  tls.cert_pem = pki_.kubelet_client().cert_pem;
  tls.key_pem = pki_.kubelet_client().key_pem;
  tls.server_name = node;  // its certificate always has the name, whatever its addresses become
  upstream.tls = tls;
  return upstream;
}

Status Connect::to_kubelet(const http::Request& request, http::ResponseWriter& writer, const Route& route, const api::ObjectPtr& object) {
  const Json pod = object->json();
  const http::Query query = request.query();
  const std::string node = json::str(pod, {"spec", "nodeName"});
  const std::string where = url_encode(route.ns) + "/" + url_encode(route.name);
  if (route.subresource == "portforward") {
    if (node.empty()) return Error(Reason::kBadRequest, "pod " + route.name + " does not have a host assigned");
    std::string parameters;
    for (const auto& port : query.all("ports")) add_parameter(parameters, "port", port);
    forward(request, writer, TRY(kubelet_of(node)), "/portForward/" + where + parameters, "");
    return {};
  }
  std::string container = TRY(choose_container(pod, query.get("container")));
  std::string parameters;
  if (route.subresource == "log") {
    if (node.empty()) {
      writer.send(204, "text/plain", std::string());  // nothing has been logged, as nothing has run
      return {};
    }
    for (const char* name : {"follow", "previous", "timestamps", "sinceSeconds", "sinceTime", "tailLines", "limitBytes", "stream"})
      if (query.has(name)) add_parameter(parameters, name, query.get(name));
    forward(request, writer, TRY(kubelet_of(node)), "/containerLogs/" + where + "/" + url_encode(container) + parameters, "");
    return {};
  }
  if (node.empty()) return Error(Reason::kBadRequest, "pod " + route.name + " does not have a host assigned");
  if (!is_true(query, "stdin") && !is_true(query, "stdout") && !is_true(query, "stderr"))
    return Error(Reason::kBadRequest, "you must specify at least one of stdin, stdout, stderr");
  if (route.subresource == "exec") {
    if (query.all("command").empty()) return Error(Reason::kBadRequest, "you must specify at least one command for the container");
    for (const auto& command : query.all("command")) add_parameter(parameters, "command", command);
  }
  if (is_true(query, "stdin")) add_parameter(parameters, "input", "1");
  if (is_true(query, "stdout")) add_parameter(parameters, "output", "1");
  if (is_true(query, "stderr")) add_parameter(parameters, "error", "1");
  if (is_true(query, "tty")) add_parameter(parameters, "tty", "1");
  forward(request, writer, TRY(kubelet_of(node)), "/" + route.subresource + "/" + where + "/" + url_encode(container) + parameters, "");
  return {};
}

Status Connect::to_node(const http::Request& request, http::ResponseWriter& writer, const Route& route) {
  Target target = split_target(route.name);
  http::Upstream upstream = TRY(kubelet_of(target.name));
  if (!target.port.empty()) {
    auto port = parse_int(target.port);
    if (!port || *port < 1 || *port > 65535) return Error(Reason::kBadRequest, "invalid port \"" + target.port + "\"");
    upstream.port = static_cast<uint16_t>(*port);
  }
  std::string path = route.rest.empty() ? "/" : route.rest;
  forward(request, writer, upstream, path + (request.raw_query.empty() ? "" : "?" + request.raw_query),
          request.raw_path.substr(0, request.raw_path.size() - route.rest.size()));
  return {};
}

Status Connect::to_pod(const http::Request& request, http::ResponseWriter& writer, const Route& route) {
  Target target = split_target(route.name);
  auto object = pipeline_.registry().find(api::kPods, route.ns, target.name);
  if (!object) return not_found("pods", target.name);
  const Json pod = object->json();
  http::Upstream upstream;
  upstream.host = json::str(pod, {"status", "podIP"});
  if (upstream.host.empty()) return Error(Reason::kServiceUnavailable, "address not allowed: pod \"" + target.name + "\" has no address yet");
  int64_t port = 80;
  if (target.port.empty()) {
    for (const auto& c : json::array_or_empty(json::find(pod, {"spec", "containers"})))
      if (const Json& ports = json::array_or_empty(json::find(c, "ports")); !ports.empty() && port == 80) {
        port = json::integer(ports[0], "containerPort", 80);
        break;
      }
  } else if (auto number = parse_int(target.port)) {
    port = *number;
  } else {
    port = 0;
    for (const auto& c : json::array_or_empty(json::find(pod, {"spec", "containers"})))
      for (const auto& p : json::array_or_empty(json::find(c, "ports")))
        if (json::str(p, "name") == target.port) port = json::integer(p, "containerPort");
  }
  if (port < 1 || port > 65535) return Error(Reason::kBadRequest, "invalid port \"" + target.port + "\"");
  upstream.port = static_cast<uint16_t>(port);
  if (target.scheme == "https") {
    upstream.tls.emplace();
    upstream.tls->insecure = true;  // pods have no certificate that could be checked, as in Kubernetes
  }
  forward(request, writer, upstream, (route.rest.empty() ? "/" : route.rest) + (request.raw_query.empty() ? "" : "?" + request.raw_query),
          request.raw_path.substr(0, request.raw_path.size() - route.rest.size()));
  return {};
}

Status Connect::to_service(const http::Request& request, http::ResponseWriter& writer, const Route& route) {
  Target target = split_target(route.name);
  auto object = pipeline_.registry().find(api::kServices, route.ns, target.name);
  if (!object) return not_found("services", target.name);
  const Json service = object->json();
  const Json& ports = json::array_or_empty(json::find(service, {"spec", "ports"}));
  std::string port_name;
  bool found = false;
  for (const auto& p : ports) {
    bool only = target.port.empty() && ports.size() == 1;
    if (only || (!target.port.empty() && (json::str(p, "name") == target.port || std::to_string(json::integer(p, "port")) == target.port))) {
      port_name = json::str(p, "name");
      found = true;
    }
  }
  const Error none(Reason::kServiceUnavailable, "no endpoints available for service \"" + target.name + "\"");
  if (!found && !(target.port.empty() && !ports.empty()))
    return Error(Reason::kServiceUnavailable, "no service port \"" + target.port + "\" found for service \"" + target.name + "\"");
  std::vector<std::pair<std::string, uint16_t>> endpoints;
  for (const auto& slice_object : pipeline_.registry().objects(api::kEndpointSlices, route.ns)) {
    const std::string* owner = api::find_label(slice_object->meta().labels, "kubernetes.io/service-name");
    if (!owner || *owner != target.name) continue;
    const Json slice = slice_object->json();
    int64_t port = 0;
    for (const auto& p : json::array_or_empty(json::find(slice, "ports")))
      if (json::str(p, "name") == port_name) port = json::integer(p, "port");
    if (port < 1 || port > 65535) continue;
    for (const auto& e : json::array_or_empty(json::find(slice, "endpoints"))) {
      const Json& addresses = json::array_or_empty(json::find(e, "addresses"));
      if (!addresses.empty() && json::boolean(e, {"conditions", "ready"}, true))
        endpoints.emplace_back(addresses[0].get<std::string>(), static_cast<uint16_t>(port));
    }
  }
  if (endpoints.empty()) return none;
  const auto& [host, port] = endpoints[random_.below(endpoints.size())];
  http::Upstream upstream;
  upstream.host = host;
  upstream.port = port;
  if (target.scheme == "https") {
    upstream.tls.emplace();
    upstream.tls->insecure = true;
  }
  forward(request, writer, upstream, (route.rest.empty() ? "/" : route.rest) + (request.raw_query.empty() ? "" : "?" + request.raw_query),
          request.raw_path.substr(0, request.raw_path.size() - route.rest.size()));
  return {};
}

void Connect::forward(const http::Request& request, http::ResponseWriter& writer, const http::Upstream& upstream,
                      const std::string& target, const std::string& prefix) {
  http::ProxyOptions options;
  options.target = target;
  // Credentials for us are not for whoever is behind.
  options.remove_headers = {"Authorization", "Cookie", "X-Remote-User", "X-Remote-Group", "Impersonate-User", "Impersonate-Group",
                            "Impersonate-Uid"};
  options.set_headers.set("X-Forwarded-For", request.remote_address.substr(0, request.remote_address.rfind(':')));
  options.error_body = error_as_status;
  if (!prefix.empty()) {
    options.set_headers.set("X-Forwarded-Uri", request.raw_path);
    const std::string own = std::string(upstream.tls ? "https://" : "http://") + upstream.host + ":" + std::to_string(upstream.port);
    options.map_location = [prefix, own](std::string_view location) {
      if (starts_with(location, own)) location.remove_prefix(own.size());
      if (starts_with(location, "/") && !starts_with(location, "//")) return prefix + std::string(location);
      return std::string(location);
    };
  }
  http::proxy(request, writer, upstream, std::move(options));
}

}  // namespace skerry::apiserver
