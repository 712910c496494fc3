// Server: answers DNS over UDP and TCP for the cluster's zone and forwards everything else.
//
// One thread, nothing blocks. Bounds: 512 forwarded queries under way (further ones get SERVFAIL), 128 TCP
// connections, 10 s without a query closes one. Each forwarded query has a socket and an id of its own, so that an
// answer cannot be guessed. Every upstream is asked in turn, 2 s each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "dns/zone.h"

namespace skerry::dns {

struct ServerOptions {
  std::vector<std::string> listen;     // "10.42.0.1:53"; port 0 picks one
  std::vector<std::string> upstreams;  // "192.0.2.1" or "192.0.2.1:53"; none: names outside the zone are refused
};

class Server {
 public:
  // The zone, clock and random outlive the server.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, const Zone& zone, const Clock& clock, Random& random);
  ~Server();  // stops and joins
  uint16_t port() const;  // of the first address

  struct Stats { uint64_t answered = 0, forwarded = 0, failed = 0; };
  Stats stats() const;

 private:
  struct Loop;
  explicit Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

// "nameserver" lines of a resolv.conf, at most three; `not_these` are left out (our own addresses).
std::vector<std::string> read_upstreams(const std::string& resolv_conf_path, const std::vector<std::string>& not_these);

}  // namespace skerry::dns
