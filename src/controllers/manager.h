// Manager: builds all controllers over one client and one set of caches, starts and stops them.
//
// Threads: none of its own. Reconciles run on the executor given (a handful of threads is enough), cache handlers on
// the client's watch thread. With nothing to do it does nothing but look at the nodes' heartbeats about once a minute.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/catalog.h"
#include "auth/tokens.h"
#include "base/clock.h"
#include "base/executor.h"
#include "client/client.h"
#include "controllers/node_lifecycle.h"

namespace skerry::controllers {

struct ManagerOptions {
  std::string root_ca_pem;                  // published in every namespace; empty: not
  std::vector<std::string> api_addresses;   // endpoints of the Service "kubernetes"; empty: not written
  uint16_t api_port = 6443;
  std::string cluster_cidr = "10.42.0.0/16";  // of all pods; each node gets a part. Empty: none is given
  int node_cidr_bits = 24;
  size_t most_terminated_pods = 12500;
  NodeLifecycleOptions nodes;
  // Signs the tokens of Secrets of type kubernetes.io/service-account-token; null: they stay empty.
  const auth::TokenSigner* signer = nullptr;
  bool token_secret_per_account = false;  // as Kubernetes did until 1.23
};

class Manager {
 public:
  // BadRequest where the options make no sense.
  static Result<std::unique_ptr<Manager>> create(ManagerOptions options, client::Client& client, Executor& executor,
                                                 const Clock& clock, const api::Catalog& catalog);
  ~Manager();  // stop()

  void start();
  // Waits for running reconciles. The executor and the client must still be alive.
  void stop();
  // All caches are filled and the controllers at work.
  bool ready() const;

  struct ControllerStats {
    std::string name;
    uint64_t runs = 0, errors = 0;
    size_t queued = 0;
  };
  std::vector<ControllerStats> stats() const;  // for /metrics

 private:
  struct State;
  explicit Manager(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace skerry::controllers
