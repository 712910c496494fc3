// SPDY/3.1, both sides, as Kubernetes uses it for exec, attach and port-forward. Only clients open streams.
//
// SpdyParser turns bytes into frames and is free of I/O. SpdyConnection runs on a ByteStream (an upgraded connection
// or a WebSocket tunnel). There is no flow control by windows: the clients (docker/spdystream) neither send nor obey
// WINDOW_UPDATE; back-pressure is the connection's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/byte_stream.h"
#include "http/headers.h"

struct z_stream_s;

namespace skerry::http {

enum class SpdyRole : uint8_t { kServer, kClient };

enum class SpdyType : uint16_t {
  kSynStream = 1, kSynReply = 2, kRstStream = 3, kSettings = 4, kPing = 6, kGoAway = 7, kHeaders = 8, kWindowUpdate = 9
};
inline constexpr uint8_t kSpdyFin = 1;

// The zlib dictionary of SPDY/3.
std::string_view spdy_dictionary();

// Header blocks, compressed as one zlib stream per direction: every block must go through, in order.
class SpdyInflater {
 public:
  SpdyInflater();
  ~SpdyInflater();
  SpdyInflater(const SpdyInflater&) = delete;
  SpdyInflater& operator=(const SpdyInflater&) = delete;
  Result<Headers> block(std::string_view compressed);

 private:
  std::unique_ptr<z_stream_s> z_;
};

class SpdyDeflater {
 public:
  SpdyDeflater();
  ~SpdyDeflater();
  SpdyDeflater(const SpdyDeflater&) = delete;
  SpdyDeflater& operator=(const SpdyDeflater&) = delete;
  std::string block(const Headers& headers);

 private:
  std::unique_ptr<z_stream_s> z_;
};

std::string spdy_control_frame(SpdyType type, uint8_t flags, std::string_view payload);
std::string spdy_data_frame(uint32_t stream, uint8_t flags, std::string_view payload);

class SpdyParser {
 public:
  struct Callbacks {
    std::function<void(SpdyType, uint8_t flags, std::string_view payload)> on_control;  // whole
    // Data as it comes; `last` with the end of a frame that has FIN.
    std::function<void(uint32_t stream, std::string_view data, bool last)> on_data;
  };
  // An Error is a breach of the protocol: the connection must end.
  Status feed(std::string_view bytes, const Callbacks& callbacks);

 private:
  std::string buffer_;  // a frame's head, or a control frame
  bool in_data_ = false, fin_ = false;
  uint32_t stream_ = 0, left_ = 0;
};

class SpdyConnection;

class SpdyStream {
 public:
  SpdyStream(std::shared_ptr<SpdyConnection> connection, uint32_t id, Headers headers)
      : connection_(std::move(connection)), id_(id), headers_(std::move(headers)) {}
  uint32_t id() const { return id_; }
  const Headers& headers() const { return headers_; }  // of its SYN_STREAM; names are lower case at the server

  // Set in on_stream, before it returns, or by open(); called on the loop. on_end: the peer has ended its half, reset
  // the stream, or gone; once.
  std::function<void(std::string_view)> on_data;
  std::function<void()> on_end;

  // Any thread; false if the connection is gone or this half has ended.
  bool write(std::string_view bytes);
  void end();    // FIN: our half
  void reset();  // RST_STREAM

 private:
  friend class SpdyConnection;
  const std::shared_ptr<SpdyConnection> connection_;
  const uint32_t id_;
  const Headers headers_;
  std::atomic<bool> ended_{false};  // our half
  bool peer_ended_ = false;         // theirs; loop only
};

class SpdyConnection : public std::enable_shared_from_this<SpdyConnection> {
 public:
  struct Callbacks {
    // A new stream of the client's, which has its SYN_REPLY already; reset if this returns false.
    std::function<bool(std::shared_ptr<SpdyStream>)> on_stream{};
    std::function<void()> on_drain{};
    std::function<void()> on_close{};  // once and last
  };
  explicit SpdyConnection(std::shared_ptr<ByteStream> stream, SpdyRole role = SpdyRole::kServer)
      : stream_(std::move(stream)), role_(role) {}

  void start(Callbacks callbacks);
  // Clients, on the loop's thread, after start(). Data may be written at once, without waiting for the reply. Null if
  // the connection is gone or has too many streams.
  std::shared_ptr<SpdyStream> open(Headers headers, std::function<void(std::string_view)> on_data, std::function<void()> on_end);
  // The loop's thread; what comes back tells nothing.
  void ping();
  void close();  // GOAWAY, then the end
  ByteStream& stream() { return *stream_; }

 private:
  friend class SpdyStream;
  static constexpr size_t kMaxStreams = 1000;

  void on_control(SpdyType type, uint8_t flags, std::string_view payload);
  void on_syn_stream(uint8_t flags, std::string_view payload);
  void on_data(uint32_t id, std::string_view data, bool last);
  void peer_end(const std::shared_ptr<SpdyStream>& stream);
  void send_reset(uint32_t id, uint32_t status);

  const std::shared_ptr<ByteStream> stream_;
  const SpdyRole role_;
  std::atomic<bool> closing_{false};
  // The loop's thread only.
  Callbacks callbacks_;
  SpdyParser parser_;
  SpdyInflater inflater_;
  SpdyDeflater deflater_;
  std::map<uint32_t, std::shared_ptr<SpdyStream>> streams_;
  uint32_t last_stream_ = 0, last_ping_ = 0;
  bool broken_ = false;
};

}  // namespace skerry::http
