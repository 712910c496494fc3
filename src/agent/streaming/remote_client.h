// RemoteClient: the far end of an exec or attach: kubectl with its five channels, over SPDY or WebSocket.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/server.h"
#include "json/json.h"

namespace skerry::agent {

struct RemoteOptions {
  bool in = false, out = false, err = false, tty = false;
};

class RemoteClient {
 public:
  // Called on the HTTP server's loop; must not block.
  struct Callbacks {
    std::function<void(std::string_view)> on_stdin;
    std::function<void()> on_stdin_end;
    std::function<void(uint16_t width, uint16_t height)> on_resize;
    std::function<void()> on_close;  // the client is gone; last
  };
  virtual ~RemoteClient() = default;

  // Upgrades the connection and negotiates. On error nothing is answered yet.
  static Result<std::shared_ptr<RemoteClient>> accept(const http::Request& request, http::ResponseWriter& writer,
                                                      const RemoteOptions& options, Callbacks callbacks);

  // Blocks until all channels are there; false: they did not come in time, or the client is gone.
  virtual bool wait_ready(std::chrono::seconds timeout) = 0;
  // Any thread; false if the client is gone. Blocks while the client reads too slowly.
  virtual bool write_out(std::string_view bytes) = 0;
  virtual bool write_err(std::string_view bytes) = 0;
  // While paused no input arrives. Counted.
  virtual void pause() = 0;
  virtual void resume() = 0;
  // The outcome (a metav1.Status) on the error channel, then the end of everything.
  virtual void finish(const Json& status) = 0;
  virtual void abort() = 0;
};

// The metav1.Status of an exec's end: success, an exit code, or a failure to run it.
Json exit_status(int exit_code, const std::vector<std::string>& command);
Json failure_status(const Error& error, std::string_view what);

// {"Width":80,"Height":24}, any spacing; false if it is no such thing.
bool parse_resize(std::string_view text, uint16_t& width, uint16_t& height);

}  // namespace skerry::agent
