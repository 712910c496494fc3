// ControlPlane: the parts between registry and HTTP, built in order, and what keeps them current.
//
// It owns the RBAC index, the node authoriser, the admission chain and the pipeline; follows roles, bindings and pods,
// so that the first two are current when a write is answered; writes the default objects at start; fills aggregated
// cluster roles. Threads: none of its own; the indexes follow on the store's writer thread, the rest on the executor.
#pragma once

#include <memory>
#include <string>

#include "api/catalog.h"
#include "apiserver/local_client.h"
#include "apiserver/pipeline.h"
#include "auth/pki.h"
#include "auth/tokens.h"
#include "base/executor.h"

namespace skerry::apiserver {

struct ControlPlaneOptions {
  std::string issuer = "https://kubernetes.default.svc.cluster.local";
  std::string service_ip = "10.43.0.1";  // of the Service "kubernetes"; empty: do not make it
  std::string advertise_address;         // its endpoint; empty: none written
  uint16_t advertise_port = 6443;
};

class ControlPlane {
 public:
  // References outlive it, except that the registry may go on to call its observers until it is destroyed itself.
  static Result<std::unique_ptr<ControlPlane>> create(ControlPlaneOptions options, registry::Registry& registry,
                                                      const api::Catalog& catalog, const auth::Pki& pki, Executor& executor,
                                                      const Clock& clock, Random& random);
  ~ControlPlane();  // stop()

  // Loads roles, bindings and pods, follows them, writes the defaults. The API may be served afterwards.
  Status start();
  void stop();

  Pipeline& pipeline();
  const auth::TokenSigner& signer() const;
  const auth::TokenAuthenticator& tokens() const;
  // A client for a component: "system:kube-scheduler", ...
  std::unique_ptr<LocalClient> client(const std::string& name);

 private:
  struct State;
  explicit ControlPlane(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace skerry::apiserver
