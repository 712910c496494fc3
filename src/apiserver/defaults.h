// Defaults: the objects every cluster has: namespaces, roles and bindings, priority classes, the Service "kubernetes".
#pragma once

#include <string>

#include "base/result.h"
#include "client/client.h"

namespace skerry::apiserver {

struct DefaultsOptions {
  std::string service_ip;         // of the Service "kubernetes"; empty: not made
  std::string advertise_address;  // its endpoint; empty: none written
  uint16_t advertise_port = 6443;
  std::string client_ca_pem;      // for extension API servers
};

// Makes what is missing and completes what is there. Idempotent.
Status ensure_defaults(client::Client& client, const DefaultsOptions& options);

}  // namespace skerry::apiserver
