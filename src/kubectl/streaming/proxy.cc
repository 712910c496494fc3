// `kubectl proxy`: the API server, with the caller's credentials, on a local port.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "base/strings.h"
#include "http/dial.h"
#include "http/proxy.h"
#include "http/server.h"
#include "kubeconfig/credentials.h"
#include "kubeconfig/rest_config.h"
#include "kubectl/rest.h"
#include "kubectl/session.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/interrupt.h"
#include "kubectl/streaming/port_spec.h"
#include "kubectl/streaming/proxy_filter.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kMaxFile = 64 << 20;

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"accept-hosts", 0, kString, "^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$", "Regular expression for hosts that the proxy should accept."},
      {"accept-paths", 0, kString, "^.*", "Regular expression for paths that the proxy should accept."},
      {"address", 0, kString, "127.0.0.1", "The IP address on which to serve on."},
      {"api-prefix", 0, kString, "/", "Prefix to serve the proxied API under."},
      {"append-server-path", 0, kBool, "false", "If true, enables automatic path appending of the kube context server path to each request."},
      {"disable-filter", 0, kBool, "false",
       "If true, disable request filtering in the proxy. This is dangerous, and can leave you vulnerable to XSRF attacks, when used with an "
       "accessible port."},
      {"keepalive", 0, kDuration, "0s", "keepalive specifies the keep-alive period for an active network connection. Set to 0 to disable keepalive."},
      {"port", 'p', kInt, "8001", "The port on which to run the proxy. Set to 0 to pick a random port."},
      {"reject-methods", 0, kString, "^$", "Regular expression for HTTP methods that the proxy should reject (example --reject-methods='POST,PUT,PATCH'). "},
      {"reject-paths", 0, kString, "^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach",
       "Regular expression for paths that the proxy should reject. Paths specified here will be rejected even accepted by --accept-paths."},
      {"unix-socket", 'u', kString, "", "Unix socket on which to run the proxy."},
      {"www", 'w', kString, "", "Also serve static files from the given directory under the specified prefix."},
      {"www-prefix", 'P', kString, "/static/", "Prefix to serve static files under, if static file directory is specified."},
  };
}

std::string with_slashes(std::string prefix) {
  if (prefix.empty() || prefix[0] != '/') prefix.insert(0, "/");
  if (prefix.back() != '/') prefix += '/';
  return prefix;
}

std::string content_type(const std::string& path) {
  static constexpr std::pair<const char*, const char*> kTypes[] = {
      {".html", "text/html; charset=utf-8"}, {".htm", "text/html; charset=utf-8"}, {".css", "text/css; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"}, {".svg", "image/svg+xml"}, {".png", "image/png"}, {".jpg", "image/jpeg"}, {".gif", "image/gif"}, {".txt", "text/plain; charset=utf-8"}};
  for (auto [suffix, type] : kTypes) {
    if (ends_with(path, suffix)) return type;
  }
  return "application/octet-stream";
}

// A file below `folder`; a folder's index.html. Nothing else.
void serve_file(const std::string& folder, const std::string& rest, http::ResponseWriter& writer) {
  auto missing = [&] { writer.send(404, "text/plain; charset=utf-8", std::string("404 page not found\n")); };
  for (std::string_view part : split(rest, '/')) {
    if (part == ".." || part.find('\0') != part.npos) return missing();
  }
  std::string path = folder + "/" + rest;
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) path += "/index.html";
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || static_cast<size_t>(info.st_size) > kMaxFile) return missing();
  std::ifstream file(path, std::ios::binary);
  if (!file) return missing();
  writer.send(200, content_type(path), std::string(std::istreambuf_iterator<char>(file), {}));
}

class ApiProxy {
 public:
  static Result<ApiProxy> make(Session& session) {
    ApiProxy proxy;
    proxy.rest_ = TRY(session.rest());
    const auto& config = proxy.rest_->config();
    if (!config.proxy.empty()) return plain_error("kubectl proxy cannot reach the server through the proxy " + config.proxy + " that the configuration names");
    proxy.server_ = TRY(http::parse_url(config.server));
    const Flags& f = session.flags;
    proxy.prefix_ = with_slashes(f.text("api-prefix"));
    if (f.boolean("append-server-path")) {
      proxy.server_path_ = proxy.server_.target.substr(0, proxy.server_.target.find('?'));
      while (!proxy.server_path_.empty() && proxy.server_path_.back() == '/') proxy.server_path_.pop_back();
    }
    proxy.www_ = f.text("www");
    proxy.www_prefix_ = with_slashes(f.text("www-prefix"));
    if (f.boolean("disable-filter")) return proxy;
    ProxyFilter::Rules rules{f.text("accept-hosts"), f.text("accept-paths"), f.text("reject-paths"), f.text("reject-methods")};
    proxy.filter_ = TRY(ProxyFilter::parse(rules));
    return proxy;
  }

  void handle(const http::Request& request, http::ResponseWriter& writer) const {
    if (!www_.empty() && starts_with(request.path, www_prefix_)) return serve_file(www_, request.path.substr(www_prefix_.size()), writer);
    bool below = starts_with(request.raw_path, prefix_) || request.raw_path + "/" == prefix_;
    if (!below) return writer.send(404, "text/plain; charset=utf-8", std::string("404 page not found\n"));
    std::string path = request.raw_path.size() < prefix_.size() ? "/" : request.raw_path.substr(prefix_.size() - 1);
    std::string decoded = url_decode(path).value_or(path);
    if (filter_ && !filter_->accepts(std::string(request.headers.get("Host")), request.method, decoded)) {
      return writer.send(403, "text/plain; charset=utf-8", std::string("Forbidden\n"));
    }
    auto access = rest_->access();
    if (!access) return writer.send(502, "text/plain; charset=utf-8", access.error().message + "\n");
    http::Upstream upstream{.host = server_.host, .port = server_.port};
    if (server_.tls) upstream.tls = access->tls;
    http::ProxyOptions options;
    options.target = server_path_ + path + (request.raw_query.empty() ? "" : "?" + request.raw_query);
    options.host_header = server_.host_header();
    options.set_headers = access->headers;
    // Whoever talks to us is us; what it says of itself is not passed on. Origins belong to the local address.
    options.remove_headers = {"Authorization", "Origin", "Cookie"};
    http::proxy(request, writer, upstream, std::move(options));
  }

 private:
  RestClient* rest_ = nullptr;
  http::UrlParts server_;
  std::string server_path_, prefix_, www_, www_prefix_;
  std::optional<ProxyFilter> filter_;
};

// Why nothing listens, in kubectl's words: "listen tcp 127.0.0.1:8001: bind: address already in use".
Error not_listening(const Error& cause, const std::string& where) {
  auto colon = cause.message.rfind(": ");
  if (!starts_with(cause.message, "listen on ") || colon == std::string::npos) return plain_error(cause.message);
  return plain_error("listen " + where + ": bind: " + to_lower(cause.message.substr(colon + 2)));
}

Result<int> run(Session& session) {
  const Flags& f = session.flags;
  std::string path = f.text("unix-socket");
  if (f.changed("port") && !path.empty() && f.number("port") != 8001) return plain_error("cannot set --unix-socket and --port at the same time");
  if (f.number("port") < 0 || f.number("port") > 65535) return plain_error("listen tcp: address " + std::to_string(f.number("port")) + ": invalid port");
  struct stat info{};
  if (!f.text("www").empty() && ::stat(f.text("www").c_str(), &info) != 0) session.warn("Failed to stat static file directory " + f.text("www") + ": no such file or directory");
  else if (!f.text("www").empty() && !S_ISDIR(info.st_mode)) session.warn("Static file directory " + f.text("www") + " is not a directory");
  if (f.boolean("disable-filter") && path.empty()) session.err << "Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious\n" << std::flush;

  Interrupt interrupt;
  ApiProxy proxy = TRY(ApiProxy::make(session));
  http::ServerOptions options;
  options.address = f.text("address") == "localhost" ? "127.0.0.1" : f.text("address");
  options.port = static_cast<uint16_t>(f.number("port"));
  options.unix_path = path;
  http::Server server(options, [&](const http::Request& request, http::ResponseWriter& writer) { proxy.handle(request, writer); });
  if (auto started = server.start(); !started) return not_listening(started.error(), path.empty() ? "tcp " + join_host_port(options.address, options.port) : "unix " + path);
  session.out << "Starting to serve on " << (path.empty() ? join_host_port(options.address, server.port()) : path) << '\n' << std::flush;
  interrupt.wait();
  server.stop();
  if (!path.empty()) ::unlink(path.c_str());
  return 130;
}

}  // namespace

const Command kProxy{
    .use = "proxy [--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
    .brief = "Run a proxy to the Kubernetes API server",
    .text = "Creates a proxy server or application-level gateway between localhost and the Kubernetes API server. It also allows serving "
            "static content over specified HTTP path. All incoming data enters through one port and gets forwarded to the remote Kubernetes "
            "API server port, except for the path matching the static content path.",
    .examples = R"(  # The whole API, and nothing else
  kubectl proxy --api-prefix=/

  # A part of it, with files of ours beside it
  kubectl proxy --www=/my/files --www-prefix=/static/ --api-prefix=/api/

  # On any free port
  kubectl proxy --port=0

  # curl localhost:8001/custom/api/v1/pods
  kubectl proxy --api-prefix=/custom/)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
