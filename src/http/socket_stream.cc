#include "http/socket_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/strings.h"

namespace skerry::http {
namespace {

constexpr size_t kReadRound = 256 << 10;  // then others have their turn
constexpr std::chrono::seconds kWriteTimeout{120};
constexpr std::chrono::seconds kLinger{2};

}  // namespace

SocketStream::SocketStream(std::shared_ptr<EventLoop> loop, size_t max_pending)
    : loop_(std::move(loop)), max_pending_(max_pending) {}

std::shared_ptr<SocketStream> SocketStream::connect(std::shared_ptr<EventLoop> loop, const sockaddr_storage& address,
                                                    socklen_t size, SslContext tls, std::string server_name,
                                                    std::chrono::seconds timeout, size_t max_pending) {
  auto stream = std::make_shared<SocketStream>(loop, max_pending);
  stream->timeout_ = timeout;
  loop->post([stream, address, size, tls = std::move(tls), name = std::move(server_name)] {
    stream->connect_now(address, size, tls, name);
  });
  return stream;
}

void SocketStream::connect_now(const sockaddr_storage& address, socklen_t size, const SslContext& tls,
                               const std::string& server_name) {
  if (state_ != State::kNew) return;
  if (!loop_->in_loop()) return finish("stopped");
  if (close_wanted_) return finish("closed");
  int fd = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return finish(std::string("socket: ") + std::strerror(errno));
  transport_ = Transport(fd);
  int one = 1;
  if (address.ss_family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  if (tls) {
    if (auto set = transport_.use_tls(tls, false, server_name); !set) return finish(set.error().message);
  }
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
    return finish("connect: " + to_lower(std::strerror(errno)));
  }
  state_ = State::kConnecting;
  listen_for(EPOLLOUT);
  loop_->set_deadline(*this, loop_->now() + timeout_);
}

void SocketStream::attach(Transport transport, std::string input, std::shared_ptr<void> token) {
  if (!loop_->in_loop()) return finish("stopped");
  if (state_ == State::kClosed) return;  // aborted meanwhile
  transport_ = std::move(transport);
  input_ = std::move(input);
  token_ = std::move(token);
  opened();
}

void SocketStream::opened() {
  state_ = State::kOpen;
  was_open_ = true;
  loop_->set_deadline(*this, MonoTime::max());
  advance();
}

void SocketStream::start(Callbacks callbacks) {
  auto self = shared_from_this();
  loop_->post([self, callbacks = std::move(callbacks)]() mutable {
    self->callbacks_ = std::move(callbacks);
    self->started_ = true;
    if (self->state_ == State::kClosed) return self->finish("");
    if (self->state_ == State::kOpen) self->advance();
  });
}

bool SocketStream::write(Bytes bytes) {
  if (close_wanted_) return false;
  Outgoing::Push pushed = out_.push(std::span<const Bytes>(&bytes, 1), max_pending_);
  if (pushed == Outgoing::Push::kOverflow) abort();
  if (pushed != Outgoing::Push::kQueued) return false;
  loop_->wake(shared_from_this());
  return true;
}

void SocketStream::pause() { pauses_++; }

void SocketStream::resume() {
  if (--pauses_ == 0) loop_->wake(shared_from_this());
}

void SocketStream::close() {
  close_wanted_ = true;
  loop_->wake(shared_from_this());
}

void SocketStream::abort() {
  abort_wanted_ = true;
  loop_->wake(shared_from_this());
}

void SocketStream::end() {
  end_wanted_ = true;
  loop_->wake(shared_from_this());
}

void SocketStream::on_wake() {
  if (state_ == State::kClosed) return;
  if (abort_wanted_) return finish("aborted");
  if (state_ == State::kOpen) return advance();
  // A new one has no connection yet: what was written before close() is sent once attach() has brought it.
  if (close_wanted_ && state_ != State::kNew && state_ != State::kLingering) finish("closed");
}

void SocketStream::on_stop() { finish("stopped"); }

void SocketStream::on_deadline() {
  if (state_ == State::kLingering) return finish("");
  finish(state_ == State::kOpen ? "the peer reads too slowly" : "i/o timeout");
}

void SocketStream::on_ready(uint32_t events) {
  auto self = shared_from_this();
  if (state_ == State::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(transport_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return finish("connect: " + to_lower(std::strerror(error)));
    state_ = State::kHandshake;
  }
  if (state_ == State::kHandshake) return continue_handshake();
  if (state_ == State::kLingering) {
    for (size_t n = 0; true;) {
      Transport::Io io = transport_.read(loop_->scratch(), EventLoop::kScratchBytes, n);
      if (io == Transport::Io::kWantRead) return;
      if (io != Transport::Io::kDone) return finish("");
    }
  }
  if (state_ != State::kOpen) return;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0 && peer_ended_) return finish("connection broken");
  if ((events & EPOLLERR) != 0 && !may_read()) return finish("connection broken");
  if ((events & EPOLLHUP) != 0 && !may_read()) {
    // Nobody wants to read now, and epoll would report this for ever: look again at resume() or start().
    out_.close();
    loop_->remove(transport_.fd());
    registered_ = false;
    return;
  }
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read();
  if (state_ == State::kOpen) advance();
}

void SocketStream::continue_handshake() {
  switch (transport_.handshake()) {
    case Transport::Io::kDone: return opened();
    case Transport::Io::kWantRead: return listen_for(EPOLLIN);
    case Transport::Io::kWantWrite: return listen_for(EPOLLOUT);
    default: return finish(transport_.handshake_error());
  }
}

void SocketStream::read() {
  for (size_t round = 0; round < kReadRound && state_ == State::kOpen && may_read();) {
    size_t n = 0;
    Transport::Io io = transport_.read(loop_->scratch(), EventLoop::kScratchBytes, n);
    if (io == Transport::Io::kWantRead || io == Transport::Io::kWantWrite) return;
    if (io == Transport::Io::kEnd && callbacks_.on_peer_end && !transport_.tls()) {
      peer_ended_ = true;
      return callbacks_.on_peer_end();
    }
    if (io == Transport::Io::kEnd) return finish("");
    if (io != Transport::Io::kDone) return finish("connection broken");
    round += n;
    if (callbacks_.on_data) callbacks_.on_data(std::string_view(loop_->scratch(), n));
  }
}

// Flushes, reads what has been waiting for start() or resume(), and decides what to wait for.
void SocketStream::advance() {
  auto self = shared_from_this();
  if (!registered_) {
    registered_ = true;
    events_ = EPOLLIN;
    loop_->add(transport_.fd(), events_, self);
  }
  if (may_read() && !input_.empty()) {
    std::string input = std::exchange(input_, {});
    if (callbacks_.on_data) callbacks_.on_data(input);
    if (state_ != State::kOpen) return;
  }
  if (may_read() && ((events_ & EPOLLIN) == 0 || transport_.has_buffered())) read();
  if (state_ != State::kOpen) return;

  bool progress = false;
  Transport::Io io = out_.flush(transport_, loop_->scratch(), progress);
  if (io == Transport::Io::kFailed || io == Transport::Io::kEnd) return finish("connection broken");
  if (io == Transport::Io::kDone) {
    if (close_wanted_) {
      // What the peer has sent meanwhile must be read, or the kernel resets the connection under our last words.
      transport_.shutdown_write();
      state_ = State::kLingering;
      loop_->set_deadline(*this, loop_->now() + kLinger);
      return listen_for(EPOLLIN);
    }
    if (end_wanted_ && !std::exchange(half_ended_, true)) transport_.shutdown_write();
    loop_->set_deadline(*this, MonoTime::max());
    if ((waiting_ || progress) && started_ && callbacks_.on_drain) {
      waiting_ = false;
      callbacks_.on_drain();
      if (state_ != State::kOpen) return;
    }
    waiting_ = false;
  } else {
    if (progress || !waiting_) loop_->set_deadline(*this, loop_->now() + kWriteTimeout);
    waiting_ = true;
  }
  uint32_t events = waiting_ ? uint32_t{EPOLLOUT} : 0;
  if (may_read()) events |= EPOLLIN;
  listen_for(events);
  if (may_read() && transport_.has_buffered()) loop_->wake(self);  // a read stopped half-way
}

void SocketStream::listen_for(uint32_t events) {
  if (!registered_) {
    registered_ = true;
    events_ = events;
    return loop_->add(transport_.fd(), events, shared_from_this());
  }
  if (events == events_) return;
  events_ = events;
  loop_->modify(transport_.fd(), events);
}

void SocketStream::finish(std::string error) {
  auto self = shared_from_this();
  if (state_ != State::kClosed) {
    state_ = State::kClosed;
    error_ = std::move(error);
    if (registered_) loop_->remove(transport_.fd());
    registered_ = false;
    transport_.close();
    out_.close();
    token_.reset();
    std::string().swap(input_);
  }
  if (!started_ || finish_told_) return;
  finish_told_ = true;
  Callbacks callbacks = std::exchange(callbacks_, {});  // breaks cycles through what they hold
  if (callbacks.on_close) callbacks.on_close();
}

}  // namespace skerry::http
