// ChannelSession: the client's end of an exec or attach: up to five channels of bytes, over WebSocket
// (v5.channel.k8s.io, v4.channel.k8s.io) or SPDY/3.1 (v4, v3, v2.channel.k8s.io).
//
// What arrives waits in one bounded queue, in the order of its arrival; when that is full nothing more is read from the
// connection. Any thread may write; one thread takes what came with next().
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "http/event_loop.h"
#include "http/headers.h"

namespace skerry::http {

enum class Channel : uint8_t { kStdin = 0, kStdout = 1, kStderr = 2, kError = 3, kResize = 4 };

// Which channels there are besides the error channel; `resize` with a terminal.
struct ChannelOptions {
  bool in = false, out = false, err = false, resize = false;
};

struct ChannelEvent {
  enum class Kind {
    kData,
    kEnd,      // of that channel; WebSockets do not tell it
    kClosed,   // of everything, once and last; `bytes` says why, empty if the server simply ended it
    kTimeout,  // nothing came
  };
  Kind kind = Kind::kTimeout;
  Channel channel{};
  std::string bytes{};
};

class ChannelSession {
 public:
  virtual ~ChannelSession() = default;  // aborts

  // Blocks for at most `timeout`. While it waits it sends a ping every five seconds; a WebSocket whose peer stays
  // silent for a minute is closed ("ping timeout").
  virtual ChannelEvent next(std::chrono::milliseconds timeout) = 0;
  // To stdin or resize. Any thread; blocks while more than 1 MiB waits; false: the connection is gone.
  virtual bool write(Channel channel, std::string_view bytes) = 0;
  // Ends stdin. Nothing happens over v4.channel.k8s.io, which has no such message.
  virtual void end(Channel channel) = 0;
  virtual void close() = 0;  // after what was written; says goodbye
  virtual void abort() = 0;  // now
  // "v5.channel.k8s.io"; from version 4 on the error channel carries a Status object, before that text.
  virtual const std::string& protocol() const = 0;
};

struct ChannelRequest {
  ClientOptions client{};
  std::string url{};  // with its query
  Headers headers{};
  ChannelOptions channels{};
  enum class Transport { kAuto, kWebSocket, kSpdy } transport = Transport::kAuto;
};

// `session` is null if the server refused; then `status` and `body` are its last answer.
struct ChannelAnswer {
  std::shared_ptr<ChannelSession> session{};
  int status = 0;
  std::string body{};
};

// Blocks until the server has agreed or refused. kAuto: WebSocket first, and SPDY when the server refuses that, for
// whatever reason: before Kubernetes 1.35 the two even asked for different permissions. An Error: no answer came.
// `loop` must run for as long as the session lives.
Result<ChannelAnswer> open_channels(const std::shared_ptr<EventLoop>& loop, const ChannelRequest& request);

}  // namespace skerry::http
