// Joining: how a machine becomes a node of a server elsewhere, once, and what it keeps of that.
//
// The server's authority is fetched without trust and then pinned: its SHA-256 must be the one in the token. What the
// server answers (certificates, cluster configuration) is kept below <data-dir>/agent, so that later starts need
// neither token nor server.
#pragma once

#include <string>

#include "app/layout.h"
#include "app/options.h"
#include "apiserver/server.h"
#include "auth/certificates.h"
#include "base/clock.h"
#include "base/random.h"

namespace skerry::app {

struct NodeIdentity {
  std::string server_ca_pem, client_ca_pem;
  auth::KeyPair client;   // system:node:<name>
  auth::KeyPair serving;  // of the kubelet's endpoint
  apiserver::ClusterConfig cluster;
};

// From disk if it is all there, is for this name and address, and has at least auth::kRenewBefore left; else from the
// server, with the node's own certificate or the token. A server that cannot be reached is no error while what is on
// disk is still valid. Errors say what is wrong with token, authority or name.
Result<NodeIdentity> join(const std::string& server_url, const std::string& token, const std::string& node_name,
                          const std::string& node_ip, const Layout& layout, const Clock& clock, Random& random);

}  // namespace skerry::app
