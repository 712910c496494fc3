// Client: HTTP requests of ours to others, on libcurl; blocking, or many streams on one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "http/headers.h"
#include "http/tls.h"

namespace skerry::http {

struct ClientRequest {
  std::string method = "GET";
  std::string url{};            // absolute: "https://10.0.0.1:6443/readyz"
  Headers headers{};            // Accept-Encoding: gzip is asked for and undone by us
  Bytes body{};                 // null: none
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds timeout{60000};  // of the whole exchange; 0: none (streams)
  // A transfer slower than 1 byte/s for this long is given up; 0: never.
  std::chrono::seconds stall_timeout{0};
  size_t max_body_bytes = 256 << 20;         // of the response; Error when it is larger
  bool follow_redirects = false;             // at most 10; Authorization is not sent to another host
};

struct ClientResponse {
  int status = 0;
  Headers headers{};   // of the last response
  std::string body{};  // empty if it went to a callback
};

struct ClientOptions {
  ClientTls tls{};
  std::string bearer_token{};  // sent with each request that has no Authorization of its own
  std::string user_agent = "skerry";
  std::string unix_path{};     // connect here whatever the URL's host says
  // "http://", "https://" (its certificate is checked against tls.ca_pem) or "socks5://" and [user:password@]host:port;
  // empty: none (the environment is not looked at).
  std::string proxy{};
  size_t max_idle_connections = 8;
};

// Thread-safe; blocks. Connections are kept and reused. An Error means no complete response came (ServiceUnavailable:
// could not connect or was cut; Timeout; the message says what); every HTTP status is a ClientResponse.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Result<ClientResponse> send(const ClientRequest& request);

  // The body goes to on_chunk as it arrives; false from it ends the transfer with an Error of Reason kUnknown
  // ("stopped by the receiver"). on_head (may be null) sees status and headers before; false likewise.
  using OnHead = std::function<bool(const ClientResponse&)>;
  using OnChunk = std::function<bool(std::string_view)>;
  Result<ClientResponse> send(const ClientRequest& request, const OnHead& on_head, const OnChunk& on_chunk);

  // For later requests: a renewed certificate or token.
  void set_tls(ClientTls tls);
  void set_bearer_token(std::string token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Many long responses (watches) on ONE thread, which starts with the first stream.
class StreamClient {
 public:
  explicit StreamClient(ClientOptions options = {});
  ~StreamClient();  // cancels all
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  // Callbacks come on the client's thread, one at a time, and must not block.
  struct Callbacks {
    std::function<void(const ClientResponse&)> on_head{};  // status and headers; may be null
    std::function<void(std::string_view)> on_chunk{};
    // Once and last, also after a failure to connect: the response (with status; body empty) or the Error.
    // Not called after the handle's destructor or cancel() has returned.
    std::function<void(Result<ClientResponse>)> on_end{};
  };

  class Handle {
   public:
    virtual ~Handle() = default;  // cancel()
    // No callback runs any more when it returns; called inside a callback of the same client, it does not wait.
    virtual void cancel() = 0;
  };

  // request.timeout 0 is usual. max_body_bytes is not applied.
  std::unique_ptr<Handle> start(ClientRequest request, Callbacks callbacks);

  void set_tls(ClientTls tls);
  void set_bearer_token(std::string token);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the handles
};

}  // namespace skerry::http
