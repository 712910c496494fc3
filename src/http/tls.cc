#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <unistd.h>

#include <ctime>

#include "base/strings.h"

namespace skerry::http {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Error tls_error(std::string_view what) {
  unsigned long code = ERR_get_error();
  const char* text = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return internal_error(std::string(what) + (text ? std::string(": ") + text : ""));
}

std::vector<Owned<X509>> read_certificates(std::string_view pem) {
  std::vector<Owned<X509>> certificates;
  Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) certificates.emplace_back(certificate);
  ERR_clear_error();
  return certificates;
}

std::string der_of(X509* certificate) {
  unsigned char* bytes = nullptr;
  int n = i2d_X509(certificate, &bytes);
  if (n <= 0) return {};
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(n));
  OPENSSL_free(bytes);
  return der;
}

Status use_certificate(SSL_CTX* context, const std::string& cert_pem, const std::string& key_pem) {
  auto chain = read_certificates(cert_pem);
  if (chain.empty()) return internal_error("no certificate in the PEM text");
  Owned<BIO> bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return tls_error("unusable private key");
  if (SSL_CTX_use_certificate(context, chain[0].get()) != 1) return tls_error("unusable certificate");
  for (size_t i = 1; i < chain.size(); i++) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) return tls_error("unusable intermediate certificate");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return tls_error("the private key does not belong to the certificate");
  return {};
}

Status trust(SSL_CTX* context, const std::string& ca_pem, bool announce) {
  auto certificates = read_certificates(ca_pem);
  if (certificates.empty()) return internal_error("no CA certificate in the PEM text");
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (auto& certificate : certificates) {
    X509_STORE_add_cert(store, certificate.get());
    if (announce) SSL_CTX_add_client_CA(context, certificate.get());
  }
  ERR_clear_error();
  return {};
}

void common_settings(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
}

int select_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size, void*) {
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  auto* chosen = const_cast<unsigned char**>(out);
  bool common = SSL_select_next_proto(chosen, out_size, kProtocols, sizeof kProtocols - 1, in, in_size) == OPENSSL_NPN_NEGOTIATED;
  return common ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// A wrong client certificate is an authentication failure (401), not a broken connection: let it pass here;
// SSL_get_verify_result() keeps the error.
int accept_any(int, X509_STORE_CTX*) { return 1; }

std::string entry_text(X509_NAME* name, int index) {
  ASN1_STRING* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
  unsigned char* utf8 = nullptr;
  int n = ASN1_STRING_to_UTF8(&utf8, data);
  if (n < 0) return {};
  std::string text(reinterpret_cast<char*>(utf8), static_cast<size_t>(n));
  OPENSSL_free(utf8);
  return text;
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return {};
  return skerry::wall_time(tm);
}

}  // namespace

std::string certificate_sha256(std::string_view der) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(der.data(), der.size(), digest, &size, EVP_sha256(), nullptr);
  return hex_encode(std::string_view(reinterpret_cast<char*>(digest), size));
}

Result<std::string> pem_to_der(std::string_view pem) {
  auto certificates = read_certificates(pem);
  if (certificates.empty()) return Error(Reason::kBadRequest, "no certificate in the PEM text");
  return der_of(certificates[0].get());
}

Result<SslContext> make_server_context(const ServerTls& tls) {
  SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return tls_error("cannot create a TLS context");
  common_settings(context.get());
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(context.get(), select_http11, nullptr);
  TRY(use_certificate(context.get(), tls.cert_pem, tls.key_pem));
  if (!tls.client_ca_pem.empty()) {
    TRY(trust(context.get(), tls.client_ca_pem, true));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, accept_any);
  }
  return context;
}

Result<SslContext> make_client_context(const ClientTls& tls) {
  SslContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return tls_error("cannot create a TLS context");
  common_settings(context.get());
  if (!tls.cert_pem.empty()) TRY(use_certificate(context.get(), tls.cert_pem, tls.key_pem));
  if (tls.insecure) return context;
  if (!tls.ca_pem.empty()) {
    TRY(trust(context.get(), tls.ca_pem, false));
  } else {
    SSL_CTX_set_default_verify_paths(context.get());
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

std::shared_ptr<const PeerCertificate> peer_certificate(ssl_st* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (!certificate) return nullptr;
  auto peer = std::make_shared<PeerCertificate>();
  long result = SSL_get_verify_result(ssl);
  peer->verified = result == X509_V_OK;
  if (!peer->verified) peer->verify_error = X509_verify_cert_error_string(result);
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_organizationName, i)) >= 0;) {
    peer->organizations.push_back(entry_text(subject, i));
  }
  for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) peer->common_name = entry_text(subject, i);
  peer->not_before = wall_time(X509_get0_notBefore(certificate));
  peer->not_after = wall_time(X509_get0_notAfter(certificate));
  peer->der = der_of(certificate);
  return peer;
}

std::string system_ca_file() {
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
                           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"})
    if (::access(path, R_OK) == 0) return path;
  return "";
}

}  // namespace skerry::http
