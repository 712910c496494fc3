#include "apiserver/server.h"

#include "apiserver/authentication.h"
#include "apiserver/connect.h"
#include "apiserver/metrics.h"
#include "apiserver/pipeline.h"
#include "apiserver/render.h"
#include "apiserver/resource_paths.h"
#include "apiserver/system_paths.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/server.h"

namespace skerry::apiserver {
namespace {

// As Kubernetes bounds a request. The HTTP layer takes somewhat more, so that what is a little too large (a config map
// of a few megabytes) is answered with a Status; beyond that it answers by itself, without reading on.
constexpr size_t kMaxBody = 3 << 20;
constexpr size_t kMaxReadBody = 6 << 20;

std::string metric_verb(const Route& route) {
  if (Connect::is_stream(route)) return "CONNECT";
  switch (route.verb) {
    case api::Verb::kGet: return "GET";
    case api::Verb::kList: return "LIST";
    case api::Verb::kWatch: return "WATCH";
    case api::Verb::kCreate: return "POST";
    case api::Verb::kUpdate: return "PUT";
    case api::Verb::kPatch: return "PATCH";
    case api::Verb::kDelete: return "DELETE";
    case api::Verb::kDeleteCollection: return "DELETECOLLECTION";
  }
  return "GET";
}

bool is_mutating(const Route& route) {
  return route.verb != api::Verb::kGet && route.verb != api::Verb::kList && route.verb != api::Verb::kWatch;
}

// Counts up while it lives.
class InFlight {
 public:
  explicit InFlight(std::atomic<int>& counter) : counter_(counter), now_(++counter) {}
  ~InFlight() { --counter_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  int now() const { return now_; }

 private:
  std::atomic<int>& counter_;
  const int now_;
};

Error too_many() {
  Error error(Reason::kTooManyRequests, "Too many requests, please try again later.");
  error.retry_after_s = 1;
  return error;
}

}  // namespace

struct Server::State {
  State(ServerOptions o, Parts p)
      : options(std::move(o)), parts(p), authentication(p.tokens, {options.server_secret, options.agent_secret}),
        resources(p.pipeline, p.executor, p.clock, p.random, metrics), connect(p.pipeline, p.pki, p.random),
        system(options, p, metrics) {}

  void handle(const http::Request& request, http::ResponseWriter& writer);
  Result<int> dispatch(const http::Request& request, http::ResponseWriter& writer, const Route& route);
  http::ServerTls tls(const auth::KeyPair& serving) const {
    return {serving.cert_pem, serving.key_pem, parts.pki.client_ca().cert_pem()};
  }

  const ServerOptions options;
  Parts parts;
  Metrics metrics;
  Authentication authentication;
  ResourcePaths resources;
  Connect connect;
  SystemPaths system;
  std::unique_ptr<http::Server> http;  // last: its threads use all above
};

Result<int> Server::State::dispatch(const http::Request& request, http::ResponseWriter& writer, const Route& route) {
  api::UserInfo user = TRY(authentication.authenticate(request));
  if (request.body.size() > kMaxBody)
    return Error(Reason::kRequestEntityTooLarge, "Request entity too large: limit is " + std::to_string(kMaxBody));
  if (route.is_resource && is_anonymous(user)) return unauthorized();
  if (!is_anonymous(user)) TRY(Authentication::impersonate(request, parts.pipeline.authorizer(), user));
  if (!route.is_resource) {
    TRY(system.serve(request, writer, user));
    return 200;
  }
  if (Connect::is_stream(route)) {
    TRY(connect.serve(request, writer, route, user));
    return 200;
  }
  bool watch = route.verb == api::Verb::kWatch;
  if (watch && (metrics.watching >= options.max_watches || metrics.reading + metrics.writing > options.max_inflight / 2)) {
    ++metrics.rejected;
    return too_many();
  }
  bool mutating = is_mutating(route);
  InFlight in_flight(mutating ? metrics.writing : metrics.reading);
  if (in_flight.now() > (mutating ? options.max_inflight_mutating : options.max_inflight)) {
    ++metrics.rejected;
    return too_many();
  }
  return resources.serve(request, writer, route, user);
}

void Server::State::handle(const http::Request& request, http::ResponseWriter& writer) {
  MonoTime started = parts.clock.mono();
  std::string_view audit = request.headers.get("Audit-ID");
  writer.headers().set("Audit-Id", audit.empty() || audit.size() > 64 ? parts.random.uuid() : std::string(audit));
  Route route = parse_route(request.method, request.raw_path, request.query());
  Result<int> outcome = [&]() -> Result<int> {
    try {
      return dispatch(request, writer, route);
    } catch (const std::exception& e) {
      LOG_ERROR("apiserver", request.method << " " << request.raw_path << ": " << e.what());
      return internal_error(std::string("Internal error occurred: ") + e.what());
    }
  }();
  int code = outcome ? *outcome : outcome.error().http_code();
  if (!outcome && !writer.answered()) {
    const Error& error = outcome.error();
    auto form = negotiate(request.headers.get("Accept"), false);
    Rendered rendered = render_error(error, form ? *form : Form{});
    if (error.retry_after_s > 0) writer.headers().set("Retry-After", std::to_string(error.retry_after_s));
    if (error.is(Reason::kUnauthorized)) writer.headers().set("WWW-Authenticate", "Basic realm=\"skerry\"");
    writer.headers().set("Cache-Control", "no-cache, private");
    writer.send(code, rendered.content_type, std::move(rendered.parts));
  }
  // Only what is served is counted by name: others could make up any number of them.
  if (!route.is_resource || !parts.pipeline.catalog().find(route.gvr)) return;
  RequestLabels labels{metric_verb(route), route.gvr.group, route.gvr.version, route.gvr.resource, "",
                       !route.name.empty() ? "resource" : route.ns.empty() ? "cluster" : "namespace", false};
  if (code != 404) labels.subresource = route.subresource;
  metrics.count(labels, code, std::chrono::duration<double>(parts.clock.mono() - started).count());
}

Server::Server(ServerOptions options, Parts parts) : state_(std::make_unique<State>(std::move(options), parts)) {}

Server::~Server() { stop(); }

void Server::add_metrics(std::function<std::string()> text) { state_->system.add_metrics(std::move(text)); }

void Server::add_health_check(HealthCheck check) { state_->system.add_health_check(std::move(check)); }

Status Server::start() {
  http::ServerOptions options;
  options.address = state_->options.bind_address;
  options.port = state_->options.port;
  options.tls = state_->tls(state_->parts.pki.serving());
  options.max_body_bytes = kMaxReadBody;
  options.max_threads = state_->options.max_threads;
  State* state = state_.get();
  state_->http = std::make_unique<http::Server>(std::move(options),
      [state](const http::Request& request, http::ResponseWriter& writer) { state->handle(request, writer); });
  return state_->http->start();
}

void Server::stop() {
  if (!state_->http) return;
  state_->http->stop();
  state_->resources.stop();
}

uint16_t Server::port() const { return state_->http ? state_->http->port() : 0; }

Status Server::reload_certificate(const auth::KeyPair& serving) {
  if (!state_->http) return {};
  return state_->http->reload_tls(state_->tls(serving));
}

}  // namespace skerry::apiserver
