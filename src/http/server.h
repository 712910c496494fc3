// Server: HTTP/1.1 over TLS or plain TCP, where an open connection costs no thread.
//
// One thread (the event loop) owns every socket: it accepts, shakes hands, reads and parses requests, and writes
// what others have queued. A complete request (head and body in memory) goes to a small pool, whose threads start
// on demand and call the one handler. The handler answers through a ResponseWriter: with a whole response, with a
// stream that may live on for days without a thread, or by taking the connection over.
//
// Bounds: see ServerOptions. A client that is too slow, too large or malformed gets 408, 413, 431 or 400 and is
// closed. While a request is being answered nothing more is read from its connection, so pipelining is safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "http/byte_stream.h"
#include "http/headers.h"
#include "http/tls.h"

namespace skerry::http {

class EventLoop;

struct Request {
  std::string method{};   // upper case as sent
  std::string target{};   // as sent: "/api/v1/pods?limit=5"
  std::string path{};     // percent-decoded
  std::string raw_path{};  // as sent, before '?'
  std::string raw_query{};  // after '?'
  Headers headers{};
  std::string body{};     // de-chunked; still encoded if Content-Encoding says so
  std::string remote_address{};  // "10.0.0.7:40312"
  std::string local_address{};
  bool tls = false;
  std::shared_ptr<const PeerCertificate> peer;  // null: none presented

  Query query() const { return Query(raw_query); }
  bool is_upgrade() const { return headers.has_token("Connection", "upgrade") && headers.has("Upgrade"); }
};

// A chunked response that outlives its handler. Thread-safe.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;  // dropping the last reference does not end the response: call finish()

  // Queues the parts as one chunk without copying them. False if closed, or if more than the bound would wait: a
  // reader that slow is cut off.
  virtual bool write(std::span<const Bytes> parts) = 0;
  bool write(Bytes bytes) { return write(std::span<const Bytes>(&bytes, 1)); }
  bool write(std::string bytes) { return write(make_bytes(std::move(bytes))); }
  virtual size_t pending() const = 0;
  virtual bool closed() const = 0;
  // Blocks until pending() <= bytes or closed; false if closed. Not on the event loop.
  virtual bool wait_pending_at_most(size_t bytes) = 0;

  // Called on the event loop, so they must not block. on_drain: each time everything queued has been written out.
  // on_close: once, when the connection ends (also by finish()); at once (on the loop) if it already has.
  virtual void on_drain(std::function<void()> callback) = 0;
  virtual void on_close(std::function<void()> callback) = 0;

  virtual void finish() = 0;  // ends the response; the connection stays usable for further requests
  virtual void abort() = 0;   // cuts the connection, so that the reader sees an incomplete response
};

// The answer to one request. Exactly one of send(), stream(), upgrade() and hijack() is called, by the handler, on
// its thread; if none is, the client gets 500.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // Sent with whichever of the four comes. Date, Content-Length, Connection and Transfer-Encoding are set by us.
  virtual Headers& headers() = 0;

  // A whole response; the parts are not copied. Compressed with gzip if the client accepts that, the body is over
  // 128 KiB and its type is not compressed already.
  virtual void send(int status, std::string_view content_type, std::vector<Bytes> parts) = 0;
  void send(int status, std::string_view content_type, Bytes body) {
    send(status, content_type, std::vector<Bytes>{std::move(body)});
  }
  void send(int status, std::string_view content_type, std::string body) {
    send(status, content_type, make_bytes(std::move(body)));
  }

  // Sends the head at once and leaves the body to the stream. `max_pending`: what may wait for a slow reader.
  virtual std::shared_ptr<ResponseStream> stream(int status, std::string_view content_type,
                                                 size_t max_pending = 8 << 20) = 0;

  // Sends "101 Switching Protocols" with headers() (the caller sets Upgrade) and hands the connection over.
  virtual std::shared_ptr<ByteStream> upgrade(size_t max_pending = 8 << 20) = 0;
  // Hands the connection over without sending anything.
  virtual std::shared_ptr<ByteStream> hijack(size_t max_pending = 8 << 20) = 0;

  virtual bool answered() const = 0;
  // The loop that owns this connection; for proxy() and friends.
  virtual const std::shared_ptr<EventLoop>& loop() = 0;
};

using Handler = std::function<void(const Request&, ResponseWriter&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";  // numeric IPv4 or IPv6; "::" listens on both families
  uint16_t port = 0;                  // 0: any free one
  std::string unix_path{};              // instead of address and port; mode 0600
  std::optional<ServerTls> tls{};       // none: plain
  size_t max_threads = 8;             // handlers at work at once
  size_t max_connections = 20000;     // more are closed at once
  size_t max_head_bytes = 64 << 10;
  size_t max_body_bytes = 3 << 20;    // as Kubernetes bounds a request
  std::chrono::seconds handshake_timeout{10};
  std::chrono::seconds head_timeout{20};   // from a request's first byte to the end of its head
  std::chrono::seconds body_timeout{60};
  std::chrono::seconds idle_timeout{180};  // keep-alive
  std::chrono::seconds write_timeout{60};  // a reader that takes nothing for so long
  // Body and type of the answers the server itself gives (400, 408, 413, 431, 500, ...); null: the message as text.
  std::function<std::pair<std::string, std::string>(int status, std::string_view message)> error_body{};  // {type, body}
};

class Server {
 public:
  // Exceptions of the handler become 500. Long waits belong into streams or threads of the handler's own.
  Server(ServerOptions options, Handler handler);
  ~Server();  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and starts to serve. Fails if the address is taken or the certificate unusable.
  Status start();
  uint16_t port() const;  // after start()

  // New connections get the new certificate and client CA; existing ones stay. Any thread.
  Status reload_tls(const ServerTls& tls);

  // No new connections or requests; running handlers are waited for, then everything open is closed. Idempotent.
  void stop();

  size_t connections() const;  // open now, taken-over ones included
  const std::shared_ptr<EventLoop>& loop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "Not Found" for 404; "Unknown" for what HTTP does not name.
std::string_view status_text(int status);

}  // namespace skerry::http
