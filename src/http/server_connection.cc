#include "http/server_connection.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "http/response_writer.h"

namespace skerry::http {
namespace {

constexpr size_t kReadRound = 256 << 10;       // then others have their turn
constexpr size_t kMaxAhead = 64 << 10;         // input kept while a request is being answered
constexpr int64_t kMinBodyBytesPerSecond = 1024;
constexpr std::chrono::seconds kLinger{2};

void run_handler(const std::shared_ptr<ServerConnection>& connection, const Request& request, const HeadInfo& head) {
  HandlerWriter writer(connection, request, head);
  try {
    connection->shared().handler(request, writer);
  } catch (const std::exception& e) {
    LOG_ERROR("http", request.method << " " << request.raw_path << ": unhandled exception: " << e.what());
  }
  writer.end();
}

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<ServerShared> shared, Transport transport, std::string remote,
                                   std::string local)
    : shared_(std::move(shared)), remote_(std::move(remote)), local_(std::move(local)), transport_(std::move(transport)) {
  shared_->connections++;
}

ServerConnection::~ServerConnection() { shared_->connections--; }

void ServerConnection::open() {
  events_ = EPOLLIN;
  shared_->loop->add(transport_.fd(), events_, shared_from_this());
  set_timeout(shared_->options.handshake_timeout);
  if (!transport_.tls()) {
    state_ = State::kHead;
    set_timeout(shared_->options.idle_timeout);
  }
}

void ServerConnection::drain() {
  if (state_ == State::kHandshake || state_ == State::kHead || state_ == State::kBody) close();
}

void ServerConnection::set_timeout(std::chrono::nanoseconds after) {
  shared_->loop->set_deadline(*this, shared_->loop->now() + after);
}

void ServerConnection::on_ready(uint32_t events) {
  auto self = shared_from_this();
  if (state_ == State::kHandshake) return handshake();
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && (events & EPOLLIN) == 0) return close();
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && state_ == State::kAnswering) return close();
  if (events & EPOLLIN) read();
  if (state_ != State::kClosed) advance();
}

void ServerConnection::handshake() {
  switch (transport_.handshake()) {
    case Transport::Io::kDone:
      peer_ = transport_.peer();
      state_ = State::kHead;
      set_timeout(shared_->options.idle_timeout);
      if (transport_.has_buffered()) read();
      return state_ == State::kClosed ? void() : advance();
    case Transport::Io::kWantRead: events_ = EPOLLIN; break;
    case Transport::Io::kWantWrite: events_ = EPOLLOUT; break;
    default:
      LOG_DEBUG("http", remote_ << ": " << transport_.handshake_error());
      return close();
  }
  shared_->loop->modify(transport_.fd(), events_);
}

void ServerConnection::read() {
  for (size_t round = 0; round < kReadRound && state_ != State::kClosed && !peer_ended_;) {
    bool ahead = state_ == State::kAnswering || state_ == State::kStreaming;
    if (ahead && input_.size() >= kMaxAhead) return;
    size_t n = 0;
    Transport::Io io = transport_.read(shared_->loop->scratch(), EventLoop::kScratchBytes, n);
    if (io == Transport::Io::kWantRead || io == Transport::Io::kWantWrite) return;
    if (io == Transport::Io::kFailed) return close();
    if (io == Transport::Io::kEnd) {
      peer_ended_ = true;
      // A stream's reader that ends its side is gone; requests that are here already are still answered.
      if (state_ != State::kAnswering) close();
      return;
    }
    round += n;
    if (state_ == State::kLingering) continue;
    if (state_ == State::kHead && input_.empty()) set_timeout(shared_->options.head_timeout);
    input_.append(shared_->loop->scratch(), n);
    process_input();
  }
  if (state_ == State::kClosed || !transport_.has_buffered()) return;
  read_on_ = true;
  wake();
}

void ServerConnection::process_input() {
  while (true) {
    bool more = state_ == State::kHead ? process_head() : state_ == State::kBody ? process_body() : false;
    if (!more) return;
  }
}

bool ServerConnection::process_head() {
  if (shared_->draining) {
    close();
    return false;
  }
  while (scanned_ == 0 && input_.starts_with("\r\n")) input_.erase(0, 2);  // RFC 9112 2.2: empty lines before a request
  size_t end = input_.find("\r\n\r\n", scanned_ > 3 ? scanned_ - 3 : 0);
  scanned_ = input_.size();
  size_t size = end == input_.npos ? input_.size() : end + 4;
  if (size > shared_->options.max_head_bytes) {
    Error error(Reason::kBadRequest, "request head too large");
    error.code = 431;
    refuse(error);
    return false;
  }
  if (end == input_.npos) return false;
  request_ = std::make_unique<Request>();
  auto head = parse_request_head(std::string_view(input_).substr(0, size), *request_);
  if (!head) {
    refuse(head.error());
    return false;
  }
  head_ = *head;
  input_.erase(0, size);
  scanned_ = 0;
  request_->remote_address = remote_;
  request_->local_address = local_;
  request_->tls = transport_.tls();
  request_->peer = peer_;
  if (!head_.chunked && head_.content_length > shared_->options.max_body_bytes) {
    refuse(Error(Reason::kRequestEntityTooLarge, "Request entity too large: limit is " + std::to_string(shared_->options.max_body_bytes)));
    return false;
  }
  if (head_.chunked) chunks_ = std::make_unique<ChunkDecoder>();
  if (head_.expect_continue && input_.empty()) {
    static const Bytes kContinue = make_bytes("HTTP/1.1 100 Continue\r\n\r\n");
    push(std::span<const Bytes>(&kContinue, 1), SIZE_MAX);
  }
  state_ = State::kBody;
  body_since_ = shared_->loop->now();
  return true;
}

bool ServerConnection::process_body() {
  size_t max = shared_->options.max_body_bytes;
  if (chunks_) {
    auto used = chunks_->feed(input_, request_->body, max);
    if (!used) {
      bool large = used.error().code == 413;
      refuse(large ? Error(Reason::kRequestEntityTooLarge, "Request entity too large: limit is " + std::to_string(max)) : used.error());
      return false;
    }
    input_.erase(0, *used);
  } else {
    size_t missing = head_.content_length - request_->body.size();
    if (request_->body.empty() && input_.size() <= missing) {
      request_->body = std::exchange(input_, {});
      if (missing > 0) request_->body.reserve(head_.content_length);
    } else {
      request_->body.append(input_, 0, missing);
      input_.erase(0, missing);
    }
  }
  if (chunks_ ? chunks_->done() : request_->body.size() == head_.content_length) {
    chunks_.reset();
    dispatch();
    return false;
  }
  // So much time, and more the more has come: a slow link may upload, a client that drips may not.
  auto earned = std::chrono::seconds(static_cast<int64_t>(request_->body.size()) / kMinBodyBytesPerSecond);
  shared_->loop->set_deadline(*this, body_since_ + shared_->options.body_timeout + earned);
  return false;
}

void ServerConnection::dispatch() {
  state_ = State::kAnswering;
  shared_->loop->set_deadline(*this, MonoTime::max());
  std::shared_ptr<const Request> request = std::move(request_);
  shared_->pool->post([self = shared_from_this(), request, head = head_] { run_handler(self, *request, head); });
}

bool ServerConnection::answered(Answer answer) {
  {
    std::lock_guard l(mutex_);
    if (closed_) return false;
    answer_ = std::move(answer);
  }
  wake();
  return true;
}

void ServerConnection::abort() {
  abort_wanted_ = true;
  wake();
}

void ServerConnection::on_wake() {
  if (state_ == State::kClosed) return;
  if (abort_wanted_) return close();
  if (std::exchange(read_on_, false)) read();
  if (state_ != State::kClosed) advance();
}

void ServerConnection::on_deadline() {
  if (state_ == State::kHead && input_.empty()) return close();  // idle
  if (state_ == State::kHead || state_ == State::kBody) {
    Error error(Reason::kTimeout, "the request did not arrive in time");
    error.code = 408;
    return refuse(error);
  }
  close();
}

// Brings everything forward that can go: what waits is written, an answer is ended, the next request begun.
void ServerConnection::advance() {
  auto self = shared_from_this();
  while (true) {
    if (state_ == State::kAnswering) {
      std::lock_guard l(mutex_);
      if (answer_ && !current_) current_ = std::exchange(answer_, std::nullopt);
    }
    if (current_ && current_->kind == Answer::Kind::kTakeOver) return hand_over(current_->taken);
    if (current_ && current_->kind == Answer::Kind::kStream) state_ = State::kStreaming;
    // Asked before flushing: what was pushed before it finished is written by this flush or still pending.
    bool ended = current_ && (current_->kind == Answer::Kind::kWhole || current_->stream->finished());
    if (!flush()) return;
    if (!current_ || !ended || waiting_) break;
    finish_answer();
    if (state_ == State::kClosed || state_ == State::kLingering) return;
    process_input();
    if (state_ == State::kHead && transport_.has_buffered()) read();
    if (peer_ended_ && (state_ == State::kHead || state_ == State::kBody)) close();
    if (state_ == State::kClosed) return;
  }
  listen();
}

bool ServerConnection::flush() {
  bool progress = false;
  Transport::Io io = out_.flush(transport_, shared_->loop->scratch(), progress);
  if (io == Transport::Io::kFailed || io == Transport::Io::kEnd) {
    close();
    return false;
  }
  bool was_waiting = waiting_;
  waiting_ = io != Transport::Io::kDone;
  if (waiting_ && (progress || !was_waiting)) set_timeout(shared_->options.write_timeout);
  if (waiting_) return true;
  if (state_ == State::kAnswering || state_ == State::kStreaming) shared_->loop->set_deadline(*this, MonoTime::max());
  if (state_ == State::kStreaming && progress) current_->stream->drained();
  return true;
}

void ServerConnection::finish_answer() {
  bool keep = current_->keep_alive && !shared_->draining;
  auto stream = std::move(current_->stream);
  current_.reset();
  if (stream) stream->ended();
  if (!keep) {
    transport_.shutdown_write();
    if (peer_ended_) return close();
    state_ = State::kLingering;  // so that what is still on its way to us does not reset what we sent
    set_timeout(kLinger);
    std::string().swap(input_);
    events_ = EPOLLIN;
    shared_->loop->modify(transport_.fd(), events_);
    return;
  }
  state_ = State::kHead;
  scanned_ = 0;
  if (input_.empty()) std::string().swap(input_);
  set_timeout(input_.empty() ? shared_->options.idle_timeout : shared_->options.head_timeout);
}

void ServerConnection::hand_over(std::shared_ptr<SocketStream> taken) {
  auto self = shared_from_this();  // counts as a connection until the stream has ended
  shared_->loop->remove(transport_.fd());
  Transport transport = std::move(transport_);
  std::string input = std::exchange(input_, {});
  close();
  taken->attach(std::move(transport), std::move(input), self);
}

// An answer of the server's own to something that is no request; then the connection ends.
void ServerConnection::refuse(const Error& error) {
  int status = error.http_code();
  std::string type = "text/plain; charset=utf-8", body = error.message + "\n";
  if (shared_->options.error_body) std::tie(type, body) = shared_->options.error_body(status, error.message);
  Bytes response = make_bytes(response_head(status, Headers{{"Content-Type", type}, {"Content-Length", std::to_string(body.size())}, {"Connection", "close"}}) + body);
  push(std::span<const Bytes>(&response, 1), SIZE_MAX);
  request_.reset();
  chunks_.reset();
  std::string().swap(input_);
  state_ = State::kAnswering;
  current_ = Answer{.keep_alive = false};
  shared_->loop->wake(shared_from_this());
}

void ServerConnection::listen() {
  bool ahead = state_ == State::kAnswering || state_ == State::kStreaming;
  // While a handler works nothing is read; while a stream runs, reading tells us that its reader has gone.
  bool want_read = state_ == State::kStreaming ? input_.size() < kMaxAhead : !ahead;
  uint32_t events = (want_read ? uint32_t{EPOLLIN} : 0) | (waiting_ ? uint32_t{EPOLLOUT} : 0);
  if (events == events_) return;
  events_ = events;
  shared_->loop->modify(transport_.fd(), events);
}

void ServerConnection::close() {
  if (state_ == State::kClosed) return;
  auto self = shared_from_this();
  state_ = State::kClosed;
  std::optional<Answer> answer;
  {
    std::lock_guard l(mutex_);
    closed_ = true;
    answer = std::exchange(answer_, std::nullopt);
  }
  if (transport_.fd() >= 0) shared_->loop->remove(transport_.fd());
  out_.close();
  transport_.close();
  std::string().swap(input_);
  request_.reset();
  for (auto* each : {&current_, &answer}) {
    if (*each && (*each)->stream) (*each)->stream->ended();
    if (*each && (*each)->taken && each != &current_) (*each)->taken->attach_failed();
  }
  current_.reset();
}

}  // namespace skerry::http
