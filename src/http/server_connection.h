// ServerConnection: one accepted connection, from the handshake to its end. Internal to http.
//
// Its life on the loop: handshake -> head -> body -> answering (a worker, a stream) -> head ..., until either side
// closes, or the handler takes the connection over (then its socket moves into a SocketStream).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/executor.h"
#include "http/event_loop.h"
#include "http/outgoing.h"
#include "http/parser.h"
#include "http/server.h"
#include "http/socket_stream.h"
#include "http/transport.h"

namespace skerry::http {

class ServerStream;

// What the connections of one server share; outlives the server as long as one of them is held.
struct ServerShared {
  ServerOptions options;
  Handler handler;
  std::shared_ptr<EventLoop> loop;
  Executor* pool = nullptr;  // the loop's thread only, while running
  std::atomic<size_t> connections{0};
  bool draining = false;     // the loop's thread only: no new requests
};

// How a request's handler answered.
struct Answer {
  enum class Kind { kWhole, kStream, kTakeOver } kind = Kind::kWhole;
  bool keep_alive = true;
  std::shared_ptr<ServerStream> stream{};
  std::shared_ptr<SocketStream> taken{};
};

class ServerConnection final : public EventSource, public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(std::shared_ptr<ServerShared> shared, Transport transport, std::string remote, std::string local);
  ~ServerConnection() override;

  void open();   // loop: registers and begins
  void drain();  // loop: closes at once if nothing is being answered

  // Workers, any thread. push() queues response bytes; answered() says what comes after them; false: it is closed.
  Outgoing::Push push(std::span<const Bytes> parts, size_t bound) { return out_.push(parts, bound); }
  bool answered(Answer answer);
  void wake() { shared_->loop->wake(shared_from_this()); }
  void abort();
  size_t pending() const { return out_.pending(); }
  bool closed() const { return out_.closed(); }
  bool wait_pending_at_most(size_t bytes) { return out_.wait_pending_at_most(bytes); }
  ServerShared& shared() { return *shared_; }

 private:
  enum class State { kHandshake, kHead, kBody, kAnswering, kStreaming, kLingering, kClosed };

  void on_ready(uint32_t events) override;
  void on_wake() override;
  void on_deadline() override;
  void on_stop() override { close(); }

  void handshake();
  void read();
  void process_input();
  bool process_head();   // false: wait for more
  bool process_body();
  void dispatch();
  void advance();
  bool flush();          // false: closed
  void finish_answer();
  void hand_over(std::shared_ptr<SocketStream> taken);
  void refuse(const Error& error);
  void listen();
  void set_timeout(std::chrono::nanoseconds after);
  void close();

  const std::shared_ptr<ServerShared> shared_;
  const std::string remote_, local_;
  Outgoing out_;
  std::atomic<bool> abort_wanted_{false};

  std::mutex mutex_;  // guards the two below
  std::optional<Answer> answer_;
  bool closed_ = false;

  // The loop's thread only.
  State state_ = State::kHandshake;
  Transport transport_;
  std::shared_ptr<const PeerCertificate> peer_;
  std::string input_;
  size_t scanned_ = 0;  // input_ before this holds no end of a head
  std::unique_ptr<Request> request_;
  HeadInfo head_;
  std::unique_ptr<ChunkDecoder> chunks_;
  MonoTime body_since_{};
  std::optional<Answer> current_;
  bool waiting_ = false;    // the socket is full
  bool peer_ended_ = false;
  bool read_on_ = false;    // a read stopped half-way; epoll may not tell of the rest
  uint32_t events_ = 0;
};

}  // namespace skerry::http
