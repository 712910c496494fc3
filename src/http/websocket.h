// WebSocket (RFC 6455), both sides: framing over a ByteStream. How a client connects: upgrade.h.
//
// WsParser turns bytes into messages and is free of I/O. WebSocket owns a stream taken over from the server or the
// client's to a server, answers pings and closes, and hands out whole messages. WsTunnel makes a ByteStream of one: what arrives in binary messages
// is the stream, as kubectl tunnels SPDY for port-forward.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/byte_stream.h"
#include "http/server.h"

namespace skerry::http {

enum class WsOpcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Which end of the connection we are: a client's frames are masked, a server's are not.
enum class WsRole : uint8_t { kServer, kClient };

// One frame, final; unmasked, or masked with the four bytes of `mask`.
std::string ws_frame(WsOpcode opcode, std::string_view payload);
std::string ws_masked_frame(WsOpcode opcode, std::string_view payload, uint32_t mask);
std::string ws_close_payload(uint16_t code, std::string_view reason);
// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string ws_accept_key(std::string_view key);

class WsParser {
 public:
  // For what the other end of `role` sends.
  explicit WsParser(size_t max_message_bytes = 4 << 20, WsRole role = WsRole::kServer)
      : max_message_bytes_(max_message_bytes), mask_bytes_(role == WsRole::kServer ? 4 : 0) {}
  // Calls on_message for each complete message (continuations joined) and each control frame. An Error is the
  // peer's breach of the protocol; its code is the close code (1002, 1009). Parsing must not go on after it.
  using OnMessage = std::function<void(WsOpcode, std::string_view)>;
  Status feed(std::string_view bytes, const OnMessage& on_message);

 private:
  Status parse_header();
  void unmask(std::string_view bytes);
  Status frame_done(const OnMessage& on_message);

  const size_t max_message_bytes_;
  const size_t mask_bytes_;
  std::string header_;      // until complete
  size_t header_size_ = 0;  // 0: reading a header
  WsOpcode opcode_{};
  bool final_ = false, in_message_ = false;
  WsOpcode message_opcode_{};
  uint64_t left_ = 0, payload_at_ = 0;
  unsigned char mask_[4] = {};
  std::string message_, control_;
};

class WebSocket : public std::enable_shared_from_this<WebSocket> {
 public:
  struct Callbacks {
    std::function<void(WsOpcode, std::string_view)> on_message{};  // text and binary
    std::function<void()> on_pong{};                               // may be null
    // The peer's close frame, or our own for its breach of the protocol; may be null. on_close follows.
    std::function<void(uint16_t code, std::string_view reason)> on_close_frame{};
    std::function<void()> on_drain{};
    std::function<void()> on_close{};  // once and last
  };

  // Does the request ask for a WebSocket?
  static bool wanted(const Request& request);
  // Chooses the first of `protocols` (ours, in order of preference) that the client offers; an empty string in the
  // list accepts a client that offers none. BadRequest, unanswered, if the handshake is wrong or nothing fits.
  static Result<std::shared_ptr<WebSocket>> accept(const Request& request, ResponseWriter& writer,
                                                   const std::vector<std::string>& protocols, size_t max_pending = 8 << 20);

  explicit WebSocket(std::shared_ptr<ByteStream> stream, WsRole role = WsRole::kServer, std::string protocol = "")
      : stream_(std::move(stream)), role_(role), protocol_(std::move(protocol)), parser_(4 << 20, role) {}
  const std::string& protocol() const { return protocol_; }

  void start(Callbacks callbacks);
  // Thread-safe, as ByteStream's.
  bool send(WsOpcode opcode, std::string_view payload);
  void close(uint16_t code = 1000, std::string_view reason = "");  // sends a close frame and ends
  ByteStream& stream() { return *stream_; }
  const std::shared_ptr<ByteStream>& stream_pointer() const { return stream_; }

 private:
  void on_data(std::string_view bytes);
  std::string frame(WsOpcode opcode, std::string_view payload) const;

  const std::shared_ptr<ByteStream> stream_;
  const WsRole role_;
  const std::string protocol_;
  std::atomic<bool> closing_{false};
  WsParser parser_;        // the loop's thread
  Callbacks callbacks_;
};

class WsTunnel final : public ByteStream {
 public:
  explicit WsTunnel(std::shared_ptr<WebSocket> socket) : socket_(std::move(socket)) {}
  using ByteStream::write;
  void start(Callbacks callbacks) override;
  bool write(Bytes bytes) override { return socket_->send(WsOpcode::kBinary, *bytes); }
  size_t pending() const override { return socket_->stream().pending(); }
  bool closed() const override { return socket_->stream().closed(); }
  bool wait_pending_at_most(size_t bytes) override { return socket_->stream().wait_pending_at_most(bytes); }
  void pause() override { socket_->stream().pause(); }
  void resume() override { socket_->stream().resume(); }
  void close() override { socket_->close(); }
  void abort() override { socket_->stream().abort(); }

 private:
  const std::shared_ptr<WebSocket> socket_;
};

}  // namespace skerry::http
