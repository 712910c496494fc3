#include "agent/streaming/port_forward.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/strings.h"
#include "http/socket_stream.h"
#include "http/spdy.h"
#include "http/websocket.h"

namespace skerry::agent {
namespace {

constexpr size_t kMaxPending = 8 << 20;
constexpr size_t kPauseAt = 1 << 20;
constexpr const char* kProtocol = "portforward.k8s.io";

// One forwarded connection, as seen from the pod's socket. Lives on the loop.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  struct Client {
    std::function<bool(std::string_view)> write;
    std::function<void()> end;                    // of the data
    std::function<void(std::string_view)> error;  // text, and the end of the error channel
    http::ByteStream* stream;                     // the connection all pipes share
  };

  Pipe(uint16_t port, Client client) : port_(port), client_(std::move(client)) {}

  void open(const std::shared_ptr<http::EventLoop>& loop, const PortForwardContext& context) {
    socket_ = std::make_shared<http::SocketStream>(loop, kMaxPending);
    auto self = shared_from_this();
    socket_->start({.on_data = [self](std::string_view bytes) { self->from_pod(bytes); },
                    .on_drain = [self] { self->let_client_go_on(); },
                    .on_close = [self] { self->pod_closed(); }});
    bool started = context.run([self, loop, dial = context.dial] {
      auto fd = dial(self->port_);
      if (fd) fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) | O_NONBLOCK);
      loop->post([self, fd] {
        if (!fd) {
          self->failure_ = "error forwarding port " + std::to_string(self->port_) + " to pod: " + fd.error().message;
          self->socket_->attach_failed();
        } else if (self->client_gone_) {
          http::Transport closes_it(*fd);
          self->socket_->attach_failed();
        } else {
          self->socket_->attach(http::Transport(*fd), "", nullptr);
        }
      });
    });
    if (!started) socket_->attach_failed();
  }

  // The client's side.
  void from_client(std::string_view bytes) {
    if (socket_->closed()) return;
    socket_->write(std::string(bytes));
    if (!client_paused_ && socket_->pending() > kPauseAt) {
      client_paused_ = true;
      client_.stream->pause();
    }
  }
  void client_ended() { socket_->end(); }
  void client_closed() {
    client_gone_ = true;
    let_client_go_on();
    if (pod_paused_) resume_pod();
    socket_->abort();
  }
  void resume_pod() {
    if (std::exchange(pod_paused_, false)) socket_->resume();
  }

 private:
  void from_pod(std::string_view bytes) {
    if (!client_.write(bytes)) return socket_->abort();
    if (!pod_paused_ && client_.stream->pending() > kPauseAt) {
      pod_paused_ = true;
      socket_->pause();
    }
  }

  void let_client_go_on() {
    if (std::exchange(client_paused_, false)) client_.stream->resume();
  }

  void pod_closed() {
    let_client_go_on();
    if (client_gone_) return;
    client_.error(failure_);
    client_.end();
  }

  const uint16_t port_;
  const Client client_;
  std::shared_ptr<http::SocketStream> socket_;
  std::string failure_;
  bool client_paused_ = false, pod_paused_ = false, client_gone_ = false;
};

uint16_t parse_port(std::string_view text) {
  auto port = parse_int(text);
  return port && *port > 0 && *port <= 65535 ? static_cast<uint16_t>(*port) : 0;
}

// ---- SPDY -------------------------------------------------------------------------------------------

class SpdyForward : public std::enable_shared_from_this<SpdyForward> {
 public:
  SpdyForward(std::shared_ptr<http::ByteStream> stream, std::shared_ptr<http::EventLoop> loop, PortForwardContext context)
      : connection_(std::make_shared<http::SpdyConnection>(std::move(stream))), loop_(std::move(loop)), context_(std::move(context)) {}

  void start() {
    auto self = shared_from_this();
    connection_->start({.on_stream = [self](std::shared_ptr<http::SpdyStream> stream) { return self->on_stream(stream); },
                        .on_drain =
                            [self] {
                              for (auto& [id, pipe] : std::map(self->pipes_)) pipe->resume_pod();
                            },
                        .on_close =
                            [self] {
                              self->waiting_.clear();
                              for (auto& [id, pipe] : std::exchange(self->pipes_, {})) pipe->client_closed();
                            }});
  }

 private:
  // The error stream comes first, the data stream completes the pair.
  bool on_stream(const std::shared_ptr<http::SpdyStream>& stream) {
    std::string id(stream->headers().get("requestid"));
    std::string_view type = stream->headers().get("streamtype");
    uint16_t port = parse_port(stream->headers().get("port"));
    if (port == 0) return false;
    if (id.empty()) id = std::to_string(type == "error" ? stream->id() : stream->id() - 2);  // very old clients
    if (type == "error") {
      if (waiting_.size() >= 256) return false;
      return waiting_.emplace(id, stream).second;
    }
    auto found = waiting_.find(id);
    if (type != "data" || found == waiting_.end()) return false;
    auto error = found->second;
    waiting_.erase(found);
    auto pipe = std::make_shared<Pipe>(port, Pipe::Client{.write = [stream](std::string_view bytes) { return stream->write(bytes); },
                                                          .end =
                                                              [stream, weak = weak_from_this()] {
                                                                stream->end();
                                                                if (auto self = weak.lock()) self->pipes_.erase(stream->id());
                                                              },
                                                          .error =
                                                              [error](std::string_view text) {
                                                                error->write(text);
                                                                error->end();
                                                              },
                                                          .stream = &connection_->stream()});
    pipes_[stream->id()] = pipe;
    stream->on_data = [pipe](std::string_view bytes) { pipe->from_client(bytes); };
    stream->on_end = [pipe] { pipe->client_ended(); };
    pipe->open(loop_, context_);
    return true;
  }

  const std::shared_ptr<http::SpdyConnection> connection_;
  const std::shared_ptr<http::EventLoop> loop_;
  const PortForwardContext context_;
  std::map<std::string, std::shared_ptr<http::SpdyStream>> waiting_;  // error streams, by requestID
  std::map<uint32_t, std::shared_ptr<Pipe>> pipes_;                   // by data stream
};

// ---- WebSocket channels -----------------------------------------------------------------------------

class WsForward : public std::enable_shared_from_this<WsForward> {
 public:
  WsForward(std::shared_ptr<http::WebSocket> socket, std::shared_ptr<http::EventLoop> loop, PortForwardContext context, std::vector<uint16_t> ports)
      : socket_(std::move(socket)), loop_(std::move(loop)), context_(std::move(context)), ports_(std::move(ports)),
        base64_(socket_->protocol().find("base64.") != std::string::npos) {}

  void start() {
    auto self = shared_from_this();
    loop_->post([self] {
      for (size_t i = 0; i < self->ports_.size(); i++) self->open(i);
      self->socket_->start({.on_message = [self](http::WsOpcode, std::string_view payload) { self->on_message(payload); },
                            .on_drain =
                                [self] {
                                  for (auto& pipe : self->pipes_) pipe->resume_pod();
                                },
                            .on_close =
                                [self] {
                                  for (auto& pipe : std::exchange(self->pipes_, {})) pipe->client_closed();
                                }});
    });
  }

 private:
  bool send(size_t channel, std::string_view bytes) {
    if (base64_) return socket_->send(http::WsOpcode::kText, static_cast<char>('0' + channel) + base64_encode(bytes));
    std::string message(1, static_cast<char>(channel));
    message += bytes;
    return socket_->send(http::WsOpcode::kBinary, message);
  }

  void open(size_t i) {
    uint16_t port = ports_[i];
    std::string announced{static_cast<char>(port & 0xff), static_cast<char>(port >> 8)};
    send(2 * i, announced);
    send(2 * i + 1, announced);
    std::weak_ptr<WsForward> weak = weak_from_this();
    auto pipe = std::make_shared<Pipe>(
        port, Pipe::Client{.write =
                               [weak, i](std::string_view bytes) {
                                 auto self = weak.lock();
                                 return self && self->send(2 * i, bytes);
                               },
                           .end =
                               [weak] {
                                 auto self = weak.lock();  // there is no half-close: all ends when the last pod side has
                                 if (self && ++self->ended_ == self->ports_.size()) self->socket_->close();
                               },
                           .error =
                               [weak, i](std::string_view text) {
                                 if (auto self = weak.lock(); self && !text.empty()) self->send(2 * i + 1, text);
                               },
                           .stream = &socket_->stream()});
    pipes_.push_back(pipe);
    pipe->open(loop_, context_);
  }

  void on_message(std::string_view payload) {
    if (payload.empty()) return;
    auto channel = static_cast<uint8_t>(payload[0]);
    payload.remove_prefix(1);
    std::string decoded;
    if (base64_) {
      channel = static_cast<uint8_t>(channel - '0');
      decoded = base64_decode(payload).value_or("");
      payload = decoded;
    }
    if (channel % 2 == 0 && channel / 2u < pipes_.size() && !payload.empty()) pipes_[channel / 2u]->from_client(payload);
  }

  const std::shared_ptr<http::WebSocket> socket_;
  const std::shared_ptr<http::EventLoop> loop_;
  const PortForwardContext context_;
  const std::vector<uint16_t> ports_;
  const bool base64_;
  std::vector<std::shared_ptr<Pipe>> pipes_;
  size_t ended_ = 0;
};

Result<std::vector<uint16_t>> query_ports(const http::Request& request) {
  std::vector<uint16_t> ports;
  http::Query query = request.query();
  for (const char* name : {"port", "ports"}) {
    for (const std::string& value : query.all(name)) {
      for (std::string_view text : split(value, ',')) {
        uint16_t port = parse_port(trim(text));
        if (port == 0) return Error(Reason::kBadRequest, "invalid port \"" + std::string(text) + "\"");
        ports.push_back(port);
      }
    }
  }
  if (ports.empty()) return Error(Reason::kBadRequest, "query parameter \"port\" is required");
  if (ports.size() > 100) return Error(Reason::kBadRequest, "too many ports");
  return ports;
}

}  // namespace

Status serve_port_forward(const http::Request& request, http::ResponseWriter& writer, PortForwardContext context) {
  auto loop = writer.loop();
  if (http::WebSocket::wanted(request)) {
    auto offered = request.headers.tokens("Sec-WebSocket-Protocol");
    const std::string tunnelled = std::string("SPDY/3.1+") + kProtocol;
    if (std::find(offered.begin(), offered.end(), tunnelled) != offered.end()) {
      auto socket = TRY(http::WebSocket::accept(request, writer, {tunnelled}));
      std::make_shared<SpdyForward>(std::make_shared<http::WsTunnel>(socket), loop, std::move(context))->start();
      return {};
    }
    auto ports = TRY(query_ports(request));
    auto socket = TRY(http::WebSocket::accept(request, writer, {"v4.channel.k8s.io", "v4.base64.channel.k8s.io", ""}));
    std::make_shared<WsForward>(socket, loop, std::move(context), std::move(ports))->start();
    return {};
  }
  if (!request.is_upgrade() || !http::equal_ignoring_case(request.headers.get("Upgrade"), "SPDY/3.1")) {
    return Error(Reason::kBadRequest, "unable to upgrade: missing upgrade headers in request");
  }
  if (request.headers.has("X-Stream-Protocol-Version") && !request.headers.has_token("X-Stream-Protocol-Version", kProtocol)) {
    return Error(Reason::kForbidden, std::string("unable to upgrade: server accepts [") + kProtocol + "]");
  }
  writer.headers().set("Upgrade", "SPDY/3.1");
  writer.headers().set("X-Stream-Protocol-Version", kProtocol);
  std::make_shared<SpdyForward>(writer.upgrade(), loop, std::move(context))->start();
  return {};
}

}  // namespace skerry::agent
