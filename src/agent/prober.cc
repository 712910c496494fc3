#include "agent/prober.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "agent/grpc_health.h"
#include "base/strings.h"
#include "http/client.h"

namespace skerry::agent {
namespace {

using std::chrono::steady_clock;
using Kind = ProbeResult::Kind;

constexpr size_t kMostOutput = 10 << 10;
constexpr int kMostRedirects = 10;

ProbeResult failure(std::string text) { return {Kind::kFailure, std::move(text)}; }

int left_ms(steady_clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

struct Socket {
  explicit Socket(int f) : fd(f) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { if (fd >= 0) ::close(fd); }
  int fd;
};

// A connected socket, or -1 with `error`.
int connect_to(const std::string& host, uint16_t port, steady_clock::time_point deadline, std::string& error) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  int rc = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (rc != 0) {
    error = "dial tcp: lookup " + host + ": " + ::gai_strerror(rc);
    return -1;
  }
  const std::string where = "dial tcp " + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
  int fd = ::socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::connect(fd, list->ai_addr, list->ai_addrlen) != 0) {
    int err = errno;
    if (err == EINPROGRESS) {
      pollfd p{fd, POLLOUT, 0};
      if (::poll(&p, 1, left_ms(deadline)) <= 0) {
        err = ETIMEDOUT;
      } else {
        socklen_t n = sizeof err;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n);
      }
    }
    if (err != 0) {
      error = err == ETIMEDOUT ? where + ": i/o timeout" : where + ": connect: " + to_lower(std::strerror(err));
      ::close(fd);
      fd = -1;
    }
  }
  ::freeaddrinfo(list);
  return fd;
}

ProbeResult probe_exec(runtime::Runtime& runtime, const Json& exec, const ProbeTarget& target, std::chrono::milliseconds timeout) {
  std::vector<std::string> command;
  for (auto& part : json::array_or_empty(json::find(exec, "command")))
    if (part.is_string()) command.push_back(part.get<std::string>());
  auto result = runtime.exec_sync(target.container_id, command, timeout);
  if (!result) {
    if (result.error().is(Reason::kTimeout))
      return failure("command timed out: \"" + join(command, " ") + "\" timed out after " + std::to_string(timeout.count() / 1000) + "s");
    return {Kind::kUnknown, result.error().message};
  }
  std::string output = result->out + result->err;
  if (output.size() > kMostOutput) output.resize(kMostOutput);
  return {result->exit_code == 0 ? Kind::kSuccess : Kind::kFailure, std::move(output)};
}

ProbeResult probe_http(const Json& get, const ProbeTarget& target, std::chrono::milliseconds timeout) {
  auto port = resolve_port(json::find(get, "port"), target.container);
  if (!port) return {Kind::kUnknown, port.error().message};
  const std::string scheme = to_lower(json::str(get, "scheme", "HTTP"));
  std::string host = json::str(get, "host");
  if (host.empty()) host = target.pod_ip;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  std::string path = json::str(get, "path", "/");
  if (!path.starts_with('/')) path = "/" + path;
  const std::string origin = scheme + "://" + host + ":" + std::to_string(*port);
  http::ClientRequest request;
  request.url = origin + path;
  request.timeout = timeout;
  request.connect_timeout = timeout;
  request.max_body_bytes = 1 << 20;
  request.headers.add("User-Agent", "kube-probe/1.36");
  request.headers.add("Accept", "*/*");
  request.headers.add("Connection", "close");
  for (auto& h : json::array_or_empty(json::find(get, "httpHeaders"))) {
    const std::string name = json::str(h, "name");
    if (http::equal_ignoring_case(name, "Host") || http::equal_ignoring_case(name, "User-Agent") || http::equal_ignoring_case(name, "Accept"))
      request.headers.set(name, json::str(h, "value"));
    else
      request.headers.add(name, json::str(h, "value"));
  }
  http::ClientOptions options;
  options.tls.insecure = true;  // a probe asks whether it lives, not who it is
  options.max_idle_connections = 0;
  http::Client client(std::move(options));
  const auto deadline = steady_clock::now() + timeout;
  for (int hops = 0;; ++hops) {
    auto response = client.send(request);
    if (!response) {
      std::string message = response.error().message;
      if (response.error().is(Reason::kTimeout)) message = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
      if (const std::string said = request.method + " " + request.url + ": "; message.starts_with(said)) message.erase(0, said.size());
      return failure("Get \"" + request.url + "\": " + message);
    }
    if (response->status >= 300 && response->status < 400 && response->headers.has("Location")) {
      std::string to(response->headers.get("Location"));
      if (to.starts_with("/")) to = request.url.substr(0, request.url.find('/', request.url.find("://") + 3)) + to;
      auto host_of = [](const std::string& url) {
        auto from = url.find("://");
        std::string h = from == std::string::npos ? url : url.substr(from + 3);
        return h.substr(0, h.find_first_of(":/"));
      };
      // A redirect elsewhere counts as success, as the server itself has answered.
      if (host_of(to) != host_of(request.url)) return {Kind::kSuccess, "Probe terminated redirects"};
      if (hops >= kMostRedirects) return failure("Get \"" + to + "\": stopped after 10 redirects");
      request.url = to;
      request.timeout = std::chrono::milliseconds(std::max(1, left_ms(deadline)));
      continue;
    }
    if (response->status >= 200 && response->status < 400) return {Kind::kSuccess, ""};
    return failure("HTTP probe failed with statuscode: " + std::to_string(response->status));
  }
}

ProbeResult probe_tcp(const Json& tcp, const ProbeTarget& target, std::chrono::milliseconds timeout) {
  auto port = resolve_port(json::find(tcp, "port"), target.container);
  if (!port) return {Kind::kUnknown, port.error().message};
  std::string host = json::str(tcp, "host"), error;
  Socket s(connect_to(host.empty() ? target.pod_ip : host, *port, steady_clock::now() + timeout, error));
  return s.fd < 0 ? failure(error) : ProbeResult{};
}

ProbeResult probe_grpc(const Json& grpc, const ProbeTarget& target, std::chrono::milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  const auto port = static_cast<uint16_t>(json::integer(grpc, "port"));
  const std::string where = target.pod_ip + ":" + std::to_string(port), service = json::str(grpc, "service");
  const std::string late = "timeout: failed to connect service \"" + where + "\" within " + std::to_string(timeout.count() / 1000) + "s: context deadline exceeded";
  std::string error;
  Socket s(connect_to(target.pod_ip, port, deadline, error));
  if (s.fd < 0) return failure(late);
  std::string out = grpc_health_request(where, service);
  GrpcHealthReply reply;
  while (!reply.done()) {
    pollfd p{s.fd, static_cast<short>(POLLIN | (out.empty() ? 0 : POLLOUT)), 0};
    if (::poll(&p, 1, left_ms(deadline)) <= 0) return failure(late);
    if (!out.empty() && (p.revents & POLLOUT)) {
      ssize_t n = ::send(s.fd, out.data(), out.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) return failure("error: health rpc failed: " + std::string(std::strerror(errno)));
      if (n > 0) out.erase(0, static_cast<size_t>(n));
    }
    if (p.revents & (POLLIN | POLLHUP | POLLERR)) {
      char buffer[4096];
      ssize_t n = ::recv(s.fd, buffer, sizeof buffer, 0);
      if (n < 0 && errno == EAGAIN) continue;
      if (n <= 0) return failure("error: health rpc failed: the connection was closed");
      if (Status st = reply.feed({buffer, static_cast<size_t>(n)}, out); !st) return failure("error: health rpc failed: " + st.error().message);
    }
  }
  if (reply.serving_status() == 1) return {};
  if (reply.serving_status() < 0) return failure("error: health rpc failed: service \"" + service + "\" was refused");
  static const char* kNames[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  int status = reply.serving_status();
  return failure(std::string("service unhealthy (responded with \"") + (status < 4 ? kNames[status] : "UNKNOWN") + "\")");
}

}  // namespace

Result<uint16_t> resolve_port(const Json& port, const Json& container) {
  int64_t n = 0;
  if (port.is_number_integer()) n = port.get<int64_t>();
  if (port.is_string()) {
    const auto& name = port.get_ref<const std::string&>();
    for (auto& p : json::array_or_empty(json::find(container, "ports")))
      if (json::str(p, "name") == name) n = json::integer(p, "containerPort");
    if (n == 0) n = parse_int(name).value_or(0);
    if (n == 0) return Error(Reason::kInvalid, "couldn't find port: " + name);
  }
  if (n < 1 || n > 65535) return Error(Reason::kInvalid, "invalid port number: " + std::to_string(n));
  return static_cast<uint16_t>(n);
}

ProbeResult probe_once(runtime::Runtime& runtime, const Json& handler, const ProbeTarget& target, std::chrono::milliseconds timeout) {
  if (const Json& h = json::find(handler, "exec"); h.is_object()) return probe_exec(runtime, h, target, timeout);
  if (const Json& h = json::find(handler, "httpGet"); h.is_object()) return probe_http(h, target, timeout);
  if (const Json& h = json::find(handler, "tcpSocket"); h.is_object()) return probe_tcp(h, target, timeout);
  if (const Json& h = json::find(handler, "grpc"); h.is_object()) return probe_grpc(h, target, timeout);
  return {Kind::kUnknown, "missing probe handler"};
}

}  // namespace skerry::agent
