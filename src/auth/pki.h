// Pki: every key and certificate of one cluster, below one folder (k3s: server/tls).
//
// Two authorities, so that holding one says nothing about the other: server-ca signs what servers show (API server,
// kubelets), client-ca what clients show (components, nodes, the administrator). Files are made on first use, renewed
// by open() when less than 90 days are left, mode 0600.
#pragma once

#include <string>
#include <vector>

#include "auth/certificates.h"

namespace skerry::auth {

struct PkiOptions {
  std::string dir;                      // <data-dir>/server/tls
  std::vector<std::string> tls_sans;    // further names and addresses of the API server: DNS names or IPs
  std::string service_ip = "10.43.0.1"; // of the Service "kubernetes"
  std::string cluster_domain = "cluster.local";
};

class Pki {
 public:
  static Result<Pki> open(const PkiOptions& options, const Clock& clock);

  const Authority& server_ca() const { return server_ca_; }
  const Authority& client_ca() const { return client_ca_; }
  const KeyPair& serving() const { return serving_; }                // the API server's own
  const KeyPair& kubelet_client() const { return kubelet_client_; }  // API server to kubelet
  const KeyPair& admin() const { return admin_; }                    // system:admin, system:masters
  const std::string& token_key_pem() const { return token_key_pem_; }  // signs service account tokens

  // What join tokens pin: SHA-256 of what /cacerts answers. JoinToken{pki.ca_hash(), "node", secret}.format().
  std::string ca_hash() const { return sha256_hex(server_ca_.cert_pem()); }

  // A node's: system:node:<name> in system:nodes, and its kubelet's serving certificate.
  Result<KeyPair> issue_node_client(const std::string& node, const Clock& clock) const;
  Result<KeyPair> issue_node_serving(const std::string& node, const std::vector<std::string>& addresses,
                                     const Clock& clock) const;
  // A component's client certificate, for processes that are not in this one.
  Result<KeyPair> issue_client(const std::string& user, const std::vector<std::string>& groups, const Clock& clock) const;

 private:
  Pki(Authority s, Authority c) : server_ca_(std::move(s)), client_ca_(std::move(c)) {}
  Authority server_ca_, client_ca_;
  KeyPair serving_, kubelet_client_, admin_;
  std::string token_key_pem_;
};

// A kubeconfig with embedded certificates.
std::string make_kubeconfig(const std::string& server_url, const std::string& ca_pem, const KeyPair& client,
                            const std::string& name = "default");

}  // namespace skerry::auth
