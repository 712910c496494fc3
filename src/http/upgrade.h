// request_upgrade(): asks a server for another protocol on the same connection, and takes the connection over.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/byte_stream.h"
#include "http/client.h"
#include "http/event_loop.h"
#include "http/headers.h"
#include "http/websocket.h"

namespace skerry::http {

struct UpgradeRequest {
  std::string method = "GET";
  std::string url{};
  Headers headers{};  // Upgrade and Connection belong to it; Authorization and User-Agent come from the options
  std::chrono::milliseconds timeout{30000};  // until the answer's head
  size_t max_pending = 8 << 20;              // of the stream, see ByteStream::write
};

// What the server answered. `stream` is null unless it agreed (101); then `body` says why (at most 64 KiB of it).
struct UpgradeResponse {
  int status = 0;
  Headers headers{};
  std::string body{};
  std::shared_ptr<ByteStream> stream{};
};

// Blocks. The stream lives on `loop`, which must run. An Error means no answer came.
Result<UpgradeResponse> request_upgrade(const std::shared_ptr<EventLoop>& loop, const ClientOptions& options,
                                        const UpgradeRequest& request);

// The client's side of a WebSocket handshake offering `protocols`; `headers` are sent along. `socket` is null when the
// server refused; an answer that breaks the protocol is an Error.
struct WebSocketResponse {
  UpgradeResponse answer{};
  std::shared_ptr<WebSocket> socket{};
};
Result<WebSocketResponse> connect_websocket(const std::shared_ptr<EventLoop>& loop, const ClientOptions& options,
                                            const std::string& url, const std::vector<std::string>& protocols,
                                            Headers headers = {});

}  // namespace skerry::http
