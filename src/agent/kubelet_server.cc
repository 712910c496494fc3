#include "agent/kubelet_server.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>

#include "agent/log_reader.h"
#include "agent/streaming/port_forward.h"
#include "agent/streaming/remote_client.h"
#include "agent/streaming/remote_session.h"
#include "api/request.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/websocket.h"

namespace skerry::agent {
namespace {

constexpr size_t kMaxSessions = 500;  // threads: execs, attaches, log readers, dials at once
constexpr size_t kLogAhead = 256 << 10;

void send_error(http::ResponseWriter& writer, const Error& error) {
  writer.send(error.http_code(), "application/json", json::dump(api::status_json(error)));
}

bool flag(const http::Query& query, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::string value = query.get(name);
    if (value == "1" || value == "true") return true;
  }
  return false;
}

// Threads of sessions; each is joined.
class Sessions {
 public:
  ~Sessions() { stop(); }

  bool run(std::function<void()> work) {
    std::lock_guard l(mutex_);
    reap();
    if (stopping_ || threads_.size() >= kMaxSessions) return false;
    Entry& entry = threads_.emplace_back();
    entry.thread = std::thread([&entry, this, work = std::move(work)]() mutable {
      try {
        work();
      } catch (const std::exception& e) {
        LOG_ERROR("kubelet", "session: " << e.what());
      }
      work = nullptr;
      std::lock_guard l(mutex_);
      entry.done = true;
    });
    return true;
  }
  bool stopping() {
    std::lock_guard l(mutex_);
    return stopping_;
  }
  void begin_stop() {
    std::lock_guard l(mutex_);
    stopping_ = true;
  }
  void stop() {
    begin_stop();
    for (Entry& entry : threads_) entry.thread.join();  // no more are added
    threads_.clear();
  }

 private:
  struct Entry {
    std::thread thread;
    bool done = false;
  };
  void reap() {
    for (auto it = threads_.begin(); it != threads_.end();) {
      if (!it->done) {
        ++it;
        continue;
      }
      it->thread.join();
      it = threads_.erase(it);
    }
  }
  std::mutex mutex_;  // guards all below
  std::list<Entry> threads_;
  bool stopping_ = false;
};

// /<what>/<ns>/<pod>[/<uid>][/<container>]
struct Target {
  std::string ns, pod, uid, container;
};

Result<Target> parse_target(const std::vector<std::string>& parts, bool with_container) {
  size_t least = with_container ? 4 : 3;
  if (parts.size() != least && parts.size() != least + 1) return Error(Reason::kNotFound, "404 page not found");
  Target target{parts[1], parts[2], parts.size() > least ? parts[3] : "", with_container ? parts.back() : ""};
  return target;
}

Error busy() { return Error(Reason::kServiceUnavailable, "too many sessions on this node, or it is shutting down"); }

}  // namespace

struct KubeletServer::Impl {
  KubeletApi& api;
  runtime::Runtime& runtime;
  Sessions sessions;
  std::unique_ptr<http::Server> server;

  Impl(KubeletApi& a, runtime::Runtime& r) : api(a), runtime(r) {}

  void handle(const http::Request& request, http::ResponseWriter& writer) {
    if (auto allowed = authorize(request); !allowed) return send_error(writer, allowed.error());
    if (auto status = route(request, writer); !status && !writer.answered()) send_error(writer, status.error());
  }

  static Status authorize(const http::Request& request) {
    if (!request.peer || !request.peer->verified) return Error(Reason::kUnauthorized, "Unauthorized");
    const auto& peer = *request.peer;
    bool master = std::find(peer.organizations.begin(), peer.organizations.end(), "system:masters") != peer.organizations.end();
    if (master || peer.common_name == "system:apiserver" || peer.common_name == "kube-apiserver-kubelet-client") return {};
    if (request.path == "/healthz") return {};
    return Error(Reason::kForbidden, "Forbidden (user=" + peer.common_name + ", verb=" + to_lower(request.method) + ", resource=nodes, subresource=proxy)");
  }

  Status route(const http::Request& request, http::ResponseWriter& writer) {
    std::vector<std::string> parts;
    for (std::string_view part : split(request.raw_path, '/')) {
      if (!part.empty()) parts.push_back(url_decode(part).value_or(std::string(part)));
    }
    std::string what = parts.empty() ? "" : parts[0];
    bool get = request.method == "GET", post = request.method == "POST";
    if (!get && !post) return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
    if (what == "containerLogs" && get) return logs(request, writer, TRY(parse_target(parts, true)));
    if (what == "exec") return exec(request, writer, TRY(parse_target(parts, true)));
    if (what == "attach") return attach(request, writer, TRY(parse_target(parts, true)));
    if (what == "portForward") return port_forward(request, writer, TRY(parse_target(parts, false)));
    if (what == "run" && post) return run(request, writer, TRY(parse_target(parts, true)));
    if (request.path == "/healthz") return writer.send(200, "text/plain; charset=utf-8", std::string("ok")), Status();
    if (request.path == "/pods" || request.path == "/pods/") return writer.send(200, "application/json", json::dump(api.pods())), Status();
    if (request.path == "/stats/summary") return writer.send(200, "application/json", json::dump(api.stats_summary())), Status();
    if (request.path == "/metrics/resource") return writer.send(200, "text/plain; version=0.0.4", api.resource_metrics()), Status();
    return Error(Reason::kNotFound, "404 page not found");
  }

  // The container, which must be running.
  Result<ContainerRef> running_container(const Target& target) {
    ContainerRef ref = TRY(api.find_container(target.ns, target.pod, target.container, target.uid));
    if (ref.container_id.empty() || !ref.running) {
      return Error(Reason::kInternalError, "container not found (\"" + target.container + "\")");
    }
    return ref;
  }

  // Refuses a session before it begins as Kubernetes does: to clients of the newest protocol on the error channel, to all
  // others as plain text, before which they put "unable to upgrade connection: " themselves.
  static Status refuse(const http::Request& request, http::ResponseWriter& writer, const RemoteOptions& options, const Error& error) {
    auto offered = request.headers.tokens("Sec-WebSocket-Protocol");
    if (http::WebSocket::wanted(request) && std::find(offered.begin(), offered.end(), "v5.channel.k8s.io") != offered.end()) {
      auto client = TRY(RemoteClient::accept(request, writer, options, {}));
      client->finish(failure_status(error, "unable to upgrade connection"));
      return {};
    }
    writer.send(error.http_code(), "text/plain; charset=utf-8", error.message);
    return {};
  }

  static Result<RemoteOptions> remote_options(const http::Query& query) {
    RemoteOptions options{flag(query, {"input", "stdin"}), flag(query, {"output", "stdout"}), flag(query, {"error", "stderr"}), flag(query, {"tty"})};
    if (options.tty) options.err = false;  // a terminal has one output
    if (!options.in && !options.out && !options.err) {
      return Error(Reason::kBadRequest, "you must specify at least 1 of stdin, stdout, stderr");
    }
    return options;
  }

  Status exec(const http::Request& request, http::ResponseWriter& writer, const Target& target) {
    http::Query query = request.query();
    auto command = query.all("command");
    if (command.empty()) return Error(Reason::kBadRequest, "you must specify a command to run");
    RemoteOptions options = TRY(remote_options(query));
    auto ref = running_container(target);
    if (!ref) return refuse(request, writer, options, ref.error());
    return remote(request, writer, options, "error executing command in container",
                  [this, id = ref->container_id, command, options](runtime::TerminalSize size) {
                    return runtime.exec(id, command, options.in, options.out, options.err, options.tty, size);
                  },
                  [command](int code) { return exit_status(code, command); });
  }

  Status attach(const http::Request& request, http::ResponseWriter& writer, const Target& target) {
    RemoteOptions options = TRY(remote_options(request.query()));
    auto ref = running_container(target);
    if (!ref) return refuse(request, writer, options, ref.error());
    return remote(request, writer, options, "error attaching to container",
                  [this, id = ref->container_id, in = options.in && ref->stdin_open, options](runtime::TerminalSize) {
                    return runtime.attach(id, in, options.out, options.err);
                  },
                  [](int) { return exit_status(0, {}); });
  }

  Status remote(const http::Request& request, http::ResponseWriter& writer, const RemoteOptions& options, const char* failure,
                RemoteSession::Open open, std::function<Json(int)> status) {
    if (sessions.stopping()) return busy();
    auto session = std::make_shared<RemoteSession>();
    auto client = TRY(RemoteClient::accept(request, writer, options, session->callbacks()));
    session->set_client(client);
    bool started = sessions.run([session, open = std::move(open), status = std::move(status), failure, tty = options.tty] { session->run(open, status, failure, tty); });
    if (!started) client->finish(failure_status(busy(), failure));
    return {};
  }

  Status port_forward(const http::Request& request, http::ResponseWriter& writer, const Target& target) {
    auto found = api.find_sandbox(target.ns, target.pod, target.uid);
    if (!found) return writer.send(found.error().http_code(), "text/plain; charset=utf-8", found.error().message), Status();
    const std::string sandbox = std::move(*found);
    return serve_port_forward(request, writer,
                              {.dial = [this, sandbox](uint16_t port) { return runtime.dial(sandbox, port); },
                               .run = [this](std::function<void()> work) { return sessions.run(std::move(work)); }});
  }

  Status run(const http::Request& request, http::ResponseWriter& writer, const Target& target) {
    std::string text = request.query().get("cmd");
    std::vector<std::string> command;
    for (std::string_view word : split(text, ' ')) {
      if (!word.empty()) command.emplace_back(word);
    }
    if (command.empty()) return Error(Reason::kBadRequest, "you must specify a command to run");
    ContainerRef ref = TRY(running_container(target));
    auto result = TRY(runtime.exec_sync(ref.container_id, command, std::chrono::seconds(60)));
    std::string out = result.out + result.err;
    if (result.exit_code != 0) {
      return Error(Reason::kInternalError, "command '" + text + "' exited with " + std::to_string(result.exit_code) + ": " + out);
    }
    writer.send(200, "text/plain; charset=utf-8", std::move(out));
    return {};
  }

  static Result<LogOptions> log_options(const http::Query& query) {
    LogOptions options;
    options.follow = flag(query, {"follow"});
    options.timestamps = flag(query, {"timestamps"});
    options.stream = query.get("stream");
    auto number = [&](const char* name, std::optional<int64_t>& to, int64_t least) -> Status {
      if (!query.has(name)) return {};
      auto value = parse_int(query.get(name));
      if (!value || *value < least) return Error(Reason::kBadRequest, std::string("invalid ") + name + ": must be an integer of at least " + std::to_string(least));
      to = *value;
      return {};
    };
    std::optional<int64_t> since_seconds;
    TRY(number("tailLines", options.tail_lines, 0));
    TRY(number("limitBytes", options.limit_bytes, 1));
    TRY(number("sinceSeconds", since_seconds, 1));
    if (since_seconds) options.since = SystemClock().now() - std::chrono::seconds(std::min<int64_t>(*since_seconds, int64_t{1} << 31));
    if (query.has("sinceTime")) {
      options.since = parse_rfc3339(query.get("sinceTime"));
      if (!options.since) return Error(Reason::kBadRequest, "invalid sinceTime");
    }
    return options;
  }

  // Who reads a log: a plain response, or a WebSocket that gets it in messages.
  struct LogClient {
    LogSink write;
    std::function<bool()> closed;
    std::function<void()> finish, abort;
  };
  static Result<LogClient> log_client(const http::Request& request, http::ResponseWriter& writer) {
    if (!http::WebSocket::wanted(request)) {
      auto stream = writer.stream(200, "text/plain");
      return LogClient{[stream](std::string_view text) { return stream->write(std::string(text)) && stream->wait_pending_at_most(kLogAhead); },
                       [stream] { return stream->closed(); }, [stream] { stream->finish(); }, [stream] { stream->abort(); }};
    }
    auto socket = TRY(http::WebSocket::accept(request, writer, {"", "binary.k8s.io", "base64.binary.k8s.io"}));
    socket->start({});
    auto write = [socket](std::string_view text) {
      bool sent = socket->protocol() == "base64.binary.k8s.io" ? socket->send(http::WsOpcode::kText, base64_encode(text))
                                                               : socket->send(http::WsOpcode::kBinary, text);
      return sent && socket->stream().wait_pending_at_most(kLogAhead);
    };
    return LogClient{write, [socket] { return socket->stream().closed(); }, [socket] { socket->close(); },
                     [socket] { socket->stream().abort(); }};
  }

  Status logs(const http::Request& request, http::ResponseWriter& writer, const Target& target) {
    http::Query query = request.query();
    LogOptions options = TRY(log_options(query));
    ContainerRef ref = TRY(api.find_container(target.ns, target.pod, target.container, target.uid));
    bool previous = flag(query, {"previous"});
    if (previous && (ref.attempt == 0 || !log_exists(ref.log_directory, ref.attempt - 1))) {
      return Error(Reason::kBadRequest, "previous terminated container \"" + target.container + "\" in pod \"" + target.pod + "\" not found");
    }
    if (!previous && ref.container_id.empty()) {
      return Error(Reason::kBadRequest, "container \"" + target.container + "\" in pod \"" + target.pod + "\" is waiting to start: ContainerCreating");
    }
    uint32_t attempt = previous ? ref.attempt - 1 : ref.attempt;
    // A container that has not run yet has no log file; its log is empty then.
    std::string id = ref.container_id;
    if (previous) options.follow = false;
    if (!log_exists(ref.log_directory, attempt)) {
      return Error(Reason::kNotFound, "unable to retrieve container logs for container \"" + target.container + "\": the log file does not exist");
    }
    if (sessions.stopping()) return busy();
    LogClient client = TRY(log_client(request, writer));
    bool started = sessions.run([this, client, options, directory = ref.log_directory, attempt, id] {
      auto alive = [&] {
        if (client.closed() || sessions.stopping()) return false;
        auto info = runtime.container(id);
        return info && info->state != runtime::ContainerState::kExited;
      };
      if (auto status = read_log(directory, attempt, options, client.write, alive); !status) {
        LOG_WARN("kubelet", "reading " << directory << "/" << attempt << ".log: " << status.error().message);
      }
      client.finish();
    });
    if (!started) client.abort();
    return {};
  }
};

KubeletServer::KubeletServer(KubeletServerOptions options, KubeletApi& api, runtime::Runtime& runtime)
    : impl_(std::make_unique<Impl>(api, runtime)) {
  http::ServerOptions server;
  server.address = options.address;
  server.port = options.port;
  server.tls = std::move(options.tls);
  server.max_threads = 4;
  server.max_connections = 4000;
  server.error_body = [](int status, std::string_view message) {
    Error error(Reason::kUnknown, std::string(message));
    error.code = status;
    return std::pair<std::string, std::string>("application/json", json::dump(api::status_json(error)));
  };
  auto* impl = impl_.get();
  impl_->server = std::make_unique<http::Server>(
      std::move(server), [impl](const http::Request& request, http::ResponseWriter& writer) { impl->handle(request, writer); });
}

KubeletServer::~KubeletServer() { stop(); }

Status KubeletServer::start() { return impl_->server->start(); }
uint16_t KubeletServer::port() const { return impl_->server->port(); }
Status KubeletServer::reload_tls(const http::ServerTls& tls) { return impl_->server->reload_tls(tls); }

void KubeletServer::stop() {
  impl_->sessions.begin_stop();
  impl_->server->stop();  // ends every connection, and with it what waits for one
  impl_->sessions.stop();
}

}  // namespace skerry::agent
