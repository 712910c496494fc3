// ByteStream: a duplex stream of bytes that lives on an event loop: an upgraded connection, a connection to an
// upstream, or a tunnel inside a WebSocket.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "base/bytes.h"

namespace skerry::http {

class ByteStream {
 public:
  // Called on the loop's thread, one at a time. Must not block. on_close comes exactly once and last: the peer is
  // gone (or ended its side: a half-closed stream counts as closed), or close()/abort() has completed.
  struct Callbacks {
    std::function<void(std::string_view)> on_data{};
    std::function<void()> on_drain{};  // everything written has reached the kernel, after it had been waiting
    std::function<void()> on_close{};
    // The peer has ended its half. If set, the stream stays open for writing until close() or abort(); only sockets
    // without TLS tell it.
    std::function<void()> on_peer_end{};
  };

  virtual ~ByteStream() = default;

  // Begins reading; once. The stream keeps itself and the callbacks alive until on_close. Any thread.
  virtual void start(Callbacks callbacks) = 0;

  // Any thread, never blocks, all or nothing. False: closed, or more than the bound would wait (then it is aborted).
  virtual bool write(Bytes bytes) = 0;
  bool write(std::string bytes) { return write(make_bytes(std::move(bytes))); }
  // Bytes not yet in the kernel's hands.
  virtual size_t pending() const = 0;
  virtual bool closed() const = 0;
  // Blocks until pending() <= bytes or closed; false if closed. Not on the loop's thread.
  virtual bool wait_pending_at_most(size_t bytes) = 0;

  // Flow control: while paused nothing is read and the peer's window fills. Any thread; counted: as many resume()
  // as pause().
  virtual void pause() = 0;
  virtual void resume() = 0;

  virtual void close() = 0;  // after everything written has been sent
  virtual void abort() = 0;  // now
};

}  // namespace skerry::http
