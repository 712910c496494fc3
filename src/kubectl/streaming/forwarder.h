// Forwarder: local ports whose connections are carried, as pairs of SPDY streams, to ports of a pod.
//
// Everything but the constructor, add(), listen() and the destructor happens on the loop's thread; connections cost no
// thread. What waits for a slow reader is bounded by holding up the other side.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/event_loop.h"
#include "http/spdy.h"

namespace skerry::kubectl {

class Forwarder : public std::enable_shared_from_this<Forwarder> {
 public:
  struct Callbacks {
    std::function<void(uint16_t local)> on_connection;
    std::function<void(const std::string&)> on_error;  // of one connection: the pod's side refused it
    std::function<void()> on_close;                    // the connection to the server is gone; once
  };
  Forwarder(std::shared_ptr<http::EventLoop> loop, std::shared_ptr<http::ByteStream> stream, Callbacks callbacks);
  void start();

  // Binds; returns the port (of interest when `local` is 0). Accepts at once.
  Result<uint16_t> listen(const std::string& address, uint16_t local, uint16_t remote);
  void close();  // listeners, then the connection to the server

 private:
  class Listener;
  class Pipe;
  void accepted(int fd, uint16_t local, uint16_t remote);

  const std::shared_ptr<http::EventLoop> loop_;
  const std::shared_ptr<http::SpdyConnection> connection_;
  // The loop's thread.
  Callbacks callbacks_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::weak_ptr<Pipe>> held_;  // whose local side waits for the connection to drain
  uint64_t requests_ = 0;
};

}  // namespace skerry::kubectl
