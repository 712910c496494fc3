// Server: the HTTPS front of the API, everything kubectl sees.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/version.h"
#include "auth/pki.h"
#include "auth/tokens.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::apiserver {

class Pipeline;

// What a joining node is told (GET /v1-skerry/config).
struct ClusterConfig {
  std::string cluster_cidr = "10.42.0.0/16";
  std::string service_cidr = "10.43.0.0/16";
  std::string cluster_dns = "10.43.0.10";
  std::string cluster_domain = "cluster.local";
};

struct ServerOptions {
  std::string bind_address = "0.0.0.0";
  uint16_t port = 6443;  // 0: any free one
  std::string git_version = std::string(api::kKubernetesVersion);
  std::string git_commit;
  std::string build_date;
  ClusterConfig cluster;
  std::string server_secret;  // of join tokens "...::server:<secret>"
  std::string agent_secret;   // of join tokens "...::node:<secret>"; empty: the server's only
  // Requests at work at once, each on a thread that is started when needed and kept; further ones wait for one.
  size_t max_threads = 32;
  // More gets 429 with Retry-After. Watches are shed first: new ones also when more than half of max_inflight is used.
  int max_inflight = 400;
  int max_inflight_mutating = 200;
  int max_watches = 10000;
};

// A named condition of /readyz and /livez: an Error says what is wrong.
struct HealthCheck {
  std::string name;
  std::function<Status()> check;
  bool live = false;  // also part of /livez
};

class Server {
 public:
  // All of them outlive the server.
  struct Parts {
    Pipeline& pipeline;
    const auth::Pki& pki;
    const auth::TokenSigner& signer;
    const auth::TokenAuthenticator& tokens;
    Executor& executor;
    const Clock& clock;
    Random& random;
  };
  Server(ServerOptions options, Parts parts);
  ~Server();  // stop()

  // Before start(). What is given here is appended to /metrics (Prometheus text) and checked by /readyz.
  void add_metrics(std::function<std::string()> text);
  void add_health_check(HealthCheck check);

  // Listens and serves. Fails where the address cannot be bound.
  Status start();
  // Ends watches, finishes requests in flight, closes connections. Idempotent.
  void stop();
  uint16_t port() const;
  // After the serving certificate was renewed.
  Status reload_certificate(const auth::KeyPair& serving);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skerry::apiserver
