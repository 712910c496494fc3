#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <future>
#include <unordered_set>

#include "base/executor.h"
#include "base/log.h"
#include "http/server_connection.h"

namespace skerry::http {
namespace {

std::string address_text(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    auto& in = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(in.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
    std::string_view text = host;
    if (text.starts_with("::ffff:")) return std::string(text.substr(7)) + ":" + std::to_string(ntohs(in6.sin6_port));
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(in6.sin6_port));
  }
  return "unix";
}

void tune(int fd) {
  int one = 1, idle = 60, interval = 20, count = 4;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);  // finds readers that vanished without a word
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

Result<int> listen_tcp(const std::string& address, uint16_t port) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto& in = reinterpret_cast<sockaddr_in&>(storage);
  auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, address.c_str(), &in.sin_addr) == 1) {
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    size = sizeof in;
  } else if (inet_pton(AF_INET6, address.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    size = sizeof in6;
  } else {
    return internal_error("not an address to listen on: " + address);
  }
  int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_error("socket", errno);
  int one = 1, zero = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&storage), size) != 0 || ::listen(fd, 1024) != 0) {
    Error error = errno_error("listen on " + address + ":" + std::to_string(port), errno);
    ::close(fd);
    return error;
  }
  return fd;
}

Result<int> listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return internal_error("socket path too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_error("socket", errno);
  ::unlink(path.c_str());
  ::fchmod(fd, 0600);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::chmod(path.c_str(), 0600) != 0 ||
      ::listen(fd, 1024) != 0) {
    Error error = errno_error("listen on " + path, errno);
    ::close(fd);
    return error;
  }
  return fd;
}

// Accepts for a server, on its loop.
class Listener final : public EventSource, public std::enable_shared_from_this<Listener> {
 public:
  Listener(int fd, std::shared_ptr<ServerShared> shared, SslContext context)
      : fd_(fd), shared_(std::move(shared)), context_(std::move(context)) {}
  ~Listener() override { close(); }

  void open() { shared_->loop->add(fd_, EPOLLIN, shared_from_this()); }
  void set_context(SslContext context) { context_ = std::move(context); }

  // Stops accepting; connections without a request end.
  void close() {
    if (fd_ < 0) return;
    int fd = std::exchange(fd_, -1);
    shared_->loop->remove(fd);
    ::close(fd);
  }
  void drain() {
    close();
    for (auto& weak : connections_) {
      if (auto connection = weak.lock()) connection->drain();
    }
    connections_.clear();
  }

 private:
  void on_wake() override {}
  void on_stop() override { close(); }
  void on_deadline() override {  // there were no descriptors left
    shared_->loop->modify(fd_, EPOLLIN);
  }

  void on_ready(uint32_t) override {
    for (int i = 0; i < 64; i++) {
      sockaddr_storage peer{}, local{};
      socklen_t size = sizeof peer;
      int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
          LOG_WARN("http", "cannot accept connections: " << std::strerror(errno));
          shared_->loop->modify(fd_, 0);
          shared_->loop->set_deadline(*this, shared_->loop->now() + std::chrono::seconds(1));
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      Transport transport(fd);
      if (shared_->connections.load() >= shared_->options.max_connections) continue;  // closes it
      if (peer.ss_family != AF_UNIX) tune(fd);
      if (context_ && !transport.use_tls(context_, true)) continue;
      size = sizeof local;
      getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
      auto connection = std::make_shared<ServerConnection>(shared_, std::move(transport), address_text(peer), address_text(local));
      if (connections_.size() > 2 * shared_->connections.load() + 64) {
        std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
      }
      connections_.push_back(connection);
      connection->open();
    }
  }

  int fd_;
  const std::shared_ptr<ServerShared> shared_;
  SslContext context_;
  std::vector<std::weak_ptr<ServerConnection>> connections_;
};

}  // namespace

struct Server::Impl {
  std::shared_ptr<ServerShared> shared = std::make_shared<ServerShared>();
  SystemClock clock;
  std::unique_ptr<Executor> pool;
  std::shared_ptr<Listener> listener;
  uint16_t port = 0;
  bool stopped = false;
};

Server::Server(ServerOptions options, Handler handler) : impl_(std::make_unique<Impl>()) {
  impl_->shared->options = std::move(options);
  impl_->shared->handler = std::move(handler);
  impl_->shared->loop = std::make_shared<EventLoop>();
}

Server::~Server() { stop(); }

Status Server::start() {
  auto& shared = impl_->shared;
  const ServerOptions& options = shared->options;
  SslContext context;
  if (options.tls) context = TRY(make_server_context(*options.tls));
  int fd = options.unix_path.empty() ? TRY(listen_tcp(options.address, options.port)) : TRY(listen_unix(options.unix_path));
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
  if (local.ss_family == AF_INET) impl_->port = ntohs(reinterpret_cast<sockaddr_in&>(local).sin_port);
  if (local.ss_family == AF_INET6) impl_->port = ntohs(reinterpret_cast<sockaddr_in6&>(local).sin6_port);
  impl_->pool = std::make_unique<Executor>(options.max_threads, impl_->clock);
  shared->pool = impl_->pool.get();
  impl_->listener = std::make_shared<Listener>(fd, shared, std::move(context));
  impl_->listener->open();
  return shared->loop->start();
}

uint16_t Server::port() const { return impl_->port; }

Status Server::reload_tls(const ServerTls& tls) {
  SslContext context = TRY(make_server_context(tls));
  if (!impl_->listener) {
    impl_->shared->options.tls = tls;
    return {};
  }
  if (impl_->shared->loop->in_loop()) {
    impl_->listener->set_context(std::move(context));
    return {};
  }
  std::promise<void> done;  // whoever connects from now on gets the new one
  impl_->shared->loop->post([&] {
    impl_->listener->set_context(std::move(context));
    done.set_value();
  });
  done.get_future().wait();
  return {};
}

void Server::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  if (impl_->listener) {
    std::promise<void> drained;
    impl_->shared->loop->post([&] {
      impl_->shared->draining = true;
      impl_->listener->drain();
      drained.set_value();
    });
    drained.get_future().wait();
    impl_->pool->stop();
  }
  impl_->shared->loop->stop();
  if (!impl_->shared->options.unix_path.empty()) ::unlink(impl_->shared->options.unix_path.c_str());
}

size_t Server::connections() const { return impl_->shared->connections.load(); }
const std::shared_ptr<EventLoop>& Server::loop() { return impl_->shared->loop; }

std::string_view status_text(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Request Entity Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

}  // namespace skerry::http
