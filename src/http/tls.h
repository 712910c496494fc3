// TLS settings and what is known of the peer, without a trace of OpenSSL in the interface.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace skerry::http {

struct ServerTls {
  std::string cert_pem{};  // leaf first, then intermediates
  std::string key_pem{};
  // Certificates that may sign client certificates; several may follow each other. Empty: clients are not asked.
  // A client need not present one, and a wrong one does not fail the handshake: PeerCertificate::verified says.
  std::string client_ca_pem{};
};

struct ClientTls {
  std::string ca_pem{};              // trust only these; empty: the system's
  std::string cert_pem{}, key_pem{};   // our client certificate; both or none
  bool insecure = false;           // do not verify the server at all
  std::string server_name{};         // name to verify and to send as SNI; empty: the host connected to
};

// Where this machine keeps the certificate authorities it trusts (distributions differ); "" if nowhere.
std::string system_ca_file();

// The certificate a client presented.
struct PeerCertificate {
  bool verified = false;      // signed by the client CA, in time, for client authentication
  std::string verify_error{};   // why not
  std::string common_name{};
  std::vector<std::string> organizations{};
  WallTime not_before{}, not_after{};
  std::string der{};
};

// SHA-256 of a DER certificate's bytes, lower-case hex.
std::string certificate_sha256(std::string_view der);
// First certificate of a PEM text as DER.
Result<std::string> pem_to_der(std::string_view pem);

// Internal to http: an SSL_CTX, shared by the connections made from it.
using SslContext = std::shared_ptr<ssl_ctx_st>;
Result<SslContext> make_server_context(const ServerTls& tls);
Result<SslContext> make_client_context(const ClientTls& tls);
// Null if the peer presented none.
std::shared_ptr<const PeerCertificate> peer_certificate(ssl_st* ssl);

}  // namespace skerry::http
