// dial(): a connection to a server for what libcurl does not do: upgrades. Directly, or through a proxy.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "http/transport.h"

namespace skerry::http {

// The parts of an absolute "http://" or "https://" URL.
struct UrlParts {
  bool tls = false;
  std::string host{};    // without brackets
  uint16_t port = 0;     // as given, or 80 and 443
  std::string target{};  // path and query: at least "/"
  std::string user_info{};  // decoded "name:password", may be empty
  std::string host_header() const;  // "[::1]:6443"; a port that is the scheme's own is left out
};
// BadRequest for anything else, also for control characters and spaces in it.
Result<UrlParts> parse_url(std::string_view url);

// Connects (all addresses of a name in turn), through options.proxy if there is one ("http://", "socks5://"; a proxy
// reached by TLS is an Error), and shakes hands if `url.tls`. Blocks the calling thread, for at most `timeout`
// altogether. The descriptor is non-blocking. ServiceUnavailable when it cannot be reached, Timeout when that took
// too long.
Result<Transport> dial(const ClientOptions& options, const UrlParts& url, std::chrono::milliseconds timeout);

}  // namespace skerry::http
