// Certificates: authorities, what they issue, and who a peer says it is. ECDSA P-256, SHA-256, X.509 v3, PEM.
//
// Pure OpenSSL and files; thread-safe because nothing here changes after it is made.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/request.h"
#include "base/clock.h"
#include "base/result.h"

namespace skerry::auth {

struct KeyPair {
  std::string cert_pem;  // leaf first, then its authority
  std::string key_pem;   // PKCS#8
};

struct CertificateSpec {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ips;  // textual IPv4 or IPv6
  bool server = false;           // extended key usage
  bool client = false;
  std::chrono::days validity{365};
};

// Certificates with less than this left are issued anew at start, as k3s does.
inline constexpr std::chrono::days kRenewBefore{90};

// What a certificate says.
struct CertificateInfo {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ips;
  bool server = false, client = false, ca = false;
  WallTime not_before, not_after;
};
// PEM (first certificate) or DER. BadRequest otherwise.
Result<CertificateInfo> parse_certificate(std::string_view pem_or_der);
// CN is the user, each O a group, plus system:authenticated. Unauthorized for a certificate without CN.
// Whether it is signed by the client authority is the TLS layer's to check.
Result<api::UserInfo> user_of_certificate(std::string_view pem_or_der);

// A certificate authority: its own certificate and key.
class Authority {
 public:
  static Result<Authority> create(const std::string& common_name, const Clock& clock);
  // From `path`.crt and `path`.key, made (and written) where neither exists.
  static Result<Authority> load_or_create(const std::string& path, const std::string& common_name, const Clock& clock);
  static Result<Authority> from_pem(KeyPair pair);

  Result<KeyPair> issue(const CertificateSpec& spec, const Clock& clock) const;
  // `path`.crt and `path`.key if they are there, say what `spec` says, are signed by this authority and have at
  // least kRenewBefore left; otherwise issued and written.
  Result<KeyPair> load_or_issue(const std::string& path, const CertificateSpec& spec, const Clock& clock) const;
  const std::string& cert_pem() const { return pair_.cert_pem; }
  // Whether the certificate is signed by this authority (time is not looked at).
  bool signed_this(std::string_view cert_pem) const;

 private:
  explicit Authority(KeyPair pair) : pair_(std::move(pair)) {}
  KeyPair pair_;
};

// A fresh P-256 key as PKCS#8 PEM.
Result<std::string> make_private_key();
// Reads `path`, or makes a key and writes it there, mode 0600.
Result<std::string> load_or_create_private_key(const std::string& path);

// SHA-256 of the bytes, hexadecimal: of /cacerts this is the hash inside join tokens.
std::string sha256_hex(std::string_view bytes);

// Replaces a file atomically (temporary file, fsync, rename, fsync of the folder). Not `durable`: without the fsyncs, for
// what is made again where a power cut has eaten it.
Status write_secret_file(const std::string& path, std::string_view content, int mode = 0600, bool durable = true);
// At most 1 MiB; NotFound if absent.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace skerry::auth
