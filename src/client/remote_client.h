// RemoteClient: client::Client over HTTPS.
//
// Requests block on kept-alive connections; all watches share one thread. A server that cannot be reached is
// remembered for a moment, so that many callers do not each wait for a connection.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "client/client.h"
#include "http/tls.h"

namespace skerry::client {

struct RemoteOptions {
  std::string server;        // "https://10.0.0.1:6443", may have a path prefix
  http::ClientTls tls;       // CA, client certificate
  std::string bearer_token;  // empty: none
  std::string user_agent = "skerry";
  milliseconds connect_timeout{3000};
  milliseconds timeout{30000};         // of one request
  milliseconds remember_failure{500};  // how long an unreachable server is not tried again
};

class RemoteClient final : public Client {
 public:
  RemoteClient(RemoteOptions options, const Clock& clock);
  ~RemoteClient() override;  // watches must have been destroyed before

  Result<api::Response> send(api::Request request) override;
  // The server ends a watch after 5 to 10 minutes unless options.timeout_s says otherwise.
  Result<std::unique_ptr<api::Watch>> watch(api::Request request, api::WatchHandler handler) override;

  // For later requests: a renewed certificate or token.
  void set_tls(http::ClientTls tls);
  void set_bearer_token(std::string token);

  // Did the last exchange with the server succeed (whatever its status)? True before the first.
  bool reachable() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skerry::client
