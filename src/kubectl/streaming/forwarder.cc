#include "kubectl/streaming/forwarder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/strings.h"
#include "http/socket_stream.h"
#include "kubectl/streaming/port_spec.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kMaxPending = 8 << 20, kPauseAt = 1 << 20, kMaxError = 16 << 10;

}  // namespace

// One listening socket.
class Forwarder::Listener final : public http::EventSource, public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::weak_ptr<Forwarder> owner, std::shared_ptr<http::EventLoop> loop, int fd, uint16_t local, uint16_t remote)
      : owner_(std::move(owner)), loop_(std::move(loop)), fd_(fd), local_(local), remote_(remote) {}
  ~Listener() override { ::close(fd_); }
  void start() { loop_->add(fd_, EPOLLIN, shared_from_this()); }
  void close() {
    if (std::exchange(closed_, true)) return;
    loop_->remove(fd_);
  }

 private:
  void on_ready(uint32_t) override {
    int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (auto owner = owner_.lock()) owner->accepted(fd, local_, remote_);
    else ::close(fd);
  }
  void on_wake() override {}
  void on_stop() override { close(); }

  const std::weak_ptr<Forwarder> owner_;
  const std::shared_ptr<http::EventLoop> loop_;
  const int fd_;
  const uint16_t local_, remote_;
  bool closed_ = false;
};

// One forwarded connection.
class Forwarder::Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(std::shared_ptr<Forwarder> owner, uint16_t local, uint16_t remote)
      : owner_(std::move(owner)), local_port_(local), remote_port_(remote),
        socket_(std::make_shared<http::SocketStream>(owner_->loop_, kMaxPending)) {}

  void open(int fd, const std::string& request) {
    auto self = shared_from_this();
    auto& connection = owner_->connection_;
    http::Headers headers{{"streamType", "error"}, {"port", std::to_string(remote_port_)}, {"requestID", request}};
    error_ = connection->open(headers,
                              [self](std::string_view text) { self->failure_ += text.substr(0, kMaxError - std::min(kMaxError, self->failure_.size())); },
                              [self] { self->error_ended(); });
    if (error_) error_->end();
    headers.set("streamType", "data");
    if (error_) data_ = connection->open(headers, [self](std::string_view bytes) { self->from_pod(bytes); }, [self] { self->pod_ended(); });
    if (!data_) {
      ::close(fd);
      return;
    }
    socket_->start({.on_data = [self](std::string_view bytes) { self->from_local(bytes); },
                    .on_drain = [self] { self->let_pod_go_on(); },
                    .on_close = [self] { self->local_closed(); },
                    .on_peer_end = [self] { self->data_->end(); }});
    socket_->attach(http::Transport(fd), "", nullptr);
  }
  void drained() {
    if (std::exchange(held_, false)) socket_->resume();
  }

 private:
  void from_local(std::string_view bytes) {
    if (!data_->write(bytes)) return socket_->abort();
    if (owner_->connection_->stream().pending() > kPauseAt && !held_) {
      held_ = true;
      socket_->pause();
      owner_->held_.push_back(weak_from_this());
    }
  }
  void from_pod(std::string_view bytes) {
    if (socket_->closed()) return;
    static_cast<http::ByteStream&>(*socket_).write(std::string(bytes));
    if (socket_->pending() > kPauseAt && !pod_held_) {
      pod_held_ = true;
      owner_->connection_->stream().pause();
    }
  }
  void let_pod_go_on() {
    if (std::exchange(pod_held_, false)) owner_->connection_->stream().resume();
  }
  void pod_ended() { socket_->close(); }
  void local_closed() {
    let_pod_go_on();
    data_->reset();
  }
  void error_ended() {
    if (failure_.empty()) return;
    socket_->close();
    if (owner_->callbacks_.on_error) {
      owner_->callbacks_.on_error("an error occurred forwarding " + std::to_string(local_port_) + " -> " + std::to_string(remote_port_) + ": " + failure_);
    }
  }

  const std::shared_ptr<Forwarder> owner_;
  const uint16_t local_port_, remote_port_;
  const std::shared_ptr<http::SocketStream> socket_;
  std::shared_ptr<http::SpdyStream> error_, data_;
  std::string failure_;
  bool held_ = false, pod_held_ = false;
};

Forwarder::Forwarder(std::shared_ptr<http::EventLoop> loop, std::shared_ptr<http::ByteStream> stream, Callbacks callbacks)
    : loop_(std::move(loop)), connection_(std::make_shared<http::SpdyConnection>(std::move(stream), http::SpdyRole::kClient)),
      callbacks_(std::move(callbacks)) {}

void Forwarder::start() {
  auto self = shared_from_this();
  connection_->start({.on_stream = nullptr,
                      .on_drain =
                          [self] {
                            for (auto& weak : std::exchange(self->held_, {})) {
                              if (auto pipe = weak.lock()) pipe->drained();
                            }
                          },
                      .on_close =
                          [self] {
                            for (auto& listener : std::exchange(self->listeners_, {})) listener->close();
                            Callbacks last = std::exchange(self->callbacks_, {});
                            if (last.on_close) last.on_close();
                          }});
}

Result<uint16_t> Forwarder::listen(const std::string& address, uint16_t local, uint16_t remote) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  bool six = address.find(':') != address.npos;
  if (six) {
    v6.sin6_family = AF_INET6, v6.sin6_port = htons(local), size = sizeof v6;
    if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1) return Error(Reason::kBadRequest, address + " is not a valid IP");
  } else {
    v4.sin_family = AF_INET, v4.sin_port = htons(local);
    if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) != 1) return Error(Reason::kBadRequest, address + " is not a valid IP");
  }
  std::string what = "unable to create listener: Error listen " + std::string(six ? "tcp6 " : "tcp4 ") + join_host_port(address, local) + ": ";
  int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error(Reason::kUnknown, what + "socket: " + to_lower(std::strerror(errno)));
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (six) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&storage), size) != 0 || ::listen(fd, 128) != 0) {
    Error error(Reason::kUnknown, what + "bind: " + to_lower(std::strerror(errno)));
    ::close(fd);
    return error;
  }
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  uint16_t port = ntohs(six ? v6.sin6_port : v4.sin_port);
  auto listener = std::make_shared<Listener>(weak_from_this(), loop_, fd, port, remote);
  loop_->post([self = shared_from_this(), listener] {
    if (self->connection_->stream().closed()) return;
    self->listeners_.push_back(listener);
    listener->start();
  });
  return port;
}

void Forwarder::accepted(int fd, uint16_t local, uint16_t remote) {
  if (callbacks_.on_connection) callbacks_.on_connection(local);
  std::make_shared<Pipe>(shared_from_this(), local, remote)->open(fd, std::to_string(requests_++));
}

void Forwarder::close() {
  loop_->post([self = shared_from_this()] {
    for (auto& listener : std::exchange(self->listeners_, {})) listener->close();
    self->connection_->close();
  });
}

}  // namespace skerry::kubectl
