// RestClient: requests to the API server, with the credentials of the configuration.
//
// Blocking; thread-safe. Responses other than 2xx are Errors that carry `code` (the HTTP status) and the reason, message and
// details of the Status that came. When no response came, the Error has code 0 and the text kubectl shows ("The connection
// to the server 10.0.0.1:6443 was refused - did you specify the right host or port?").
// Warning headers of responses are shown once each through on_warning.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/headers.h"
#include "json/json.h"

namespace skerry::kubeconfig {
struct Access;
struct RestConfig;
}

namespace skerry::kubectl {

using Query = std::vector<std::pair<std::string, std::string>>;

struct RestRequest {
  std::string method = "GET";
  std::string path;  // "/api/v1/namespaces/default/pods"
  Query query{};
  std::string body{};
  std::string content_type = "application/json";  // sent when there is a body
  std::string accept = "application/json";
  // Of the whole exchange; 0: none. Default: that of the configuration (--request-timeout), which is none unless given.
  std::chrono::milliseconds timeout{-1};
  bool retries = true;  // an answer that says "later" (Retry-After) is asked for again, up to ten times
};

struct RestResponse {
  int status = 0;
  http::Headers headers{};
  std::string body{};
};

class RestClient {
 public:
  RestClient(const kubeconfig::RestConfig& config, std::function<void(std::string_view)> on_warning, int verbosity,
             std::function<void(std::string_view)> on_log);
  ~RestClient();

  Result<RestResponse> send(const RestRequest& request);
  Result<Json> json(const RestRequest& request);
  // The body of a 2xx response goes to on_chunk as it arrives; false from it ends the exchange, which is then no error.
  Status stream(const RestRequest& request, const std::function<bool(std::string_view)>& on_chunk);

  const kubeconfig::RestConfig& config() const;
  // Headers and TLS as the next request would be sent with, for connections that are not made here.
  Result<kubeconfig::Access> access();
  // "10.0.0.1:6443"
  std::string host() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A request of what --raw says, with method and without body. Error: `--raw must be a valid URL path: parse "x": ...`.
Result<RestRequest> raw_request(std::string_view method, const std::string& target);

// "?a=b&c=d", or empty.
std::string query_text(const Query& query);

}  // namespace skerry::kubectl
