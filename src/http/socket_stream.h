// SocketStream: a ByteStream on a socket of its own: a connection taken over from the server, or one to an upstream.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <string>

#include "http/byte_stream.h"
#include "http/event_loop.h"
#include "http/outgoing.h"
#include "http/transport.h"

namespace skerry::http {

class SocketStream final : public ByteStream, public EventSource, public std::enable_shared_from_this<SocketStream> {
 public:
  SocketStream(std::shared_ptr<EventLoop> loop, size_t max_pending);

  // Begins to connect, on the loop. A failure shows as on_close; error() says why. `tls` may be null.
  static std::shared_ptr<SocketStream> connect(std::shared_ptr<EventLoop> loop, const sockaddr_storage& address,
                                               socklen_t size, SslContext tls, std::string server_name,
                                               std::chrono::seconds timeout, size_t max_pending);

  // The loop's thread. Gives it an open socket and what had been read from it; `token` lives until it is closed.
  void attach(Transport transport, std::string input, std::shared_ptr<void> token);
  void attach_failed() { finish("connection closed"); }

  // The loop's thread: why it was closed; empty if the peer simply ended it.
  const std::string& error() const { return error_; }
  bool was_open() const { return was_open_; }

  using ByteStream::write;
  void start(Callbacks callbacks) override;
  bool write(Bytes bytes) override;
  size_t pending() const override { return out_.pending(); }
  bool closed() const override { return out_.closed(); }
  bool wait_pending_at_most(size_t bytes) override { return out_.wait_pending_at_most(bytes); }
  void pause() override;
  void resume() override;
  void close() override;
  void abort() override;
  // Ends our half after everything written (FIN), and goes on reading. Plain sockets only.
  void end();

 private:
  enum class State { kNew, kConnecting, kHandshake, kOpen, kLingering, kClosed };

  void on_ready(uint32_t events) override;
  void on_wake() override;
  void on_deadline() override;
  void on_stop() override;

  void connect_now(const sockaddr_storage& address, socklen_t size, const SslContext& tls, const std::string& server_name);
  void continue_handshake();
  void opened();
  void advance();
  void read();
  bool may_read() const { return started_ && !peer_ended_ && pauses_.load() == 0; }
  void listen_for(uint32_t events);
  void finish(std::string error);

  const std::shared_ptr<EventLoop> loop_;
  const size_t max_pending_;
  Outgoing out_;
  std::atomic<int> pauses_{0};
  std::atomic<bool> close_wanted_{false}, abort_wanted_{false}, end_wanted_{false};

  // The loop's thread only.
  State state_ = State::kNew;
  Transport transport_;
  std::string input_;  // read before start()
  Callbacks callbacks_;
  bool started_ = false, was_open_ = false, waiting_ = false, finish_told_ = false, half_ended_ = false, peer_ended_ = false;
  bool registered_ = false;
  uint32_t events_ = 0;
  std::chrono::seconds timeout_{10};
  std::string error_;
  std::shared_ptr<void> token_;
};

}  // namespace skerry::http
