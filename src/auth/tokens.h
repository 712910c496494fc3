// Tokens: join tokens, and JSON Web Tokens of service accounts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/gvr.h"
#include "api/object.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::auth {

// "K10<64 hex digits: SHA-256 of what /cacerts answers>::<user>:<secret>", the shape k3s uses; or a bare "<secret>",
// which pins nothing. The user of a server's token is "server", of an agent's "node".
struct JoinToken {
  std::string ca_hash;  // empty: not pinned
  std::string user;
  std::string secret;

  static Result<JoinToken> parse(std::string_view text);
  std::string format() const;
};
// The secret at `path` (made of 16 random bytes if absent; `given` replaces it if not empty).
Result<std::string> load_or_create_secret(const std::string& path, const std::string& given, Random& random);
bool equal_secrets(std::string_view a, std::string_view b);  // constant time

// Who a service account token speaks for.
struct ServiceAccountClaims {
  std::string ns, name, uid;
  std::string pod_name, pod_uid;        // bound to a pod
  std::string secret_name, secret_uid;  // bound to a secret
  std::string node_name, node_uid;
  std::vector<std::string> audiences;
  std::string id;  // jti
  int64_t issued_at = 0, expires_at = 0;  // expires_at 0, with a secret: as long as the secret lives

  // system:serviceaccount:<ns>:<name> with its groups and extra.
  api::UserInfo user() const;
};

// Signs and verifies with one P-256 key (ES256). Immutable, thread-safe.
class TokenSigner {
 public:
  // `issuer`: "https://kubernetes.default.svc.<domain>"; also the API's own audience.
  static Result<TokenSigner> create(const std::string& private_key_pem, std::string issuer);

  Result<std::string> sign(const ServiceAccountClaims& claims) const;
  // Signature, issuer, times, shape. An empty `audiences` means the API's own; claims.audiences is what both share.
  // Unauthorized with a reason otherwise.
  Result<ServiceAccountClaims> verify(std::string_view token, const std::vector<std::string>& audiences, const Clock& clock) const;

  const std::string& issuer() const { return issuer_; }
  Json jwks() const;                                            // /openid/v1/jwks
  Json openid_configuration(const std::string& jwks_uri) const;  // /.well-known/openid-configuration

 private:
  struct Key;
  TokenSigner(std::shared_ptr<const Key> key, std::string issuer) : key_(std::move(key)), issuer_(std::move(issuer)) {}
  std::shared_ptr<const Key> key_;
  std::string issuer_;
};

// Reads an object as it is now; NotFound where it is not.
using ObjectLookup = std::function<Result<api::ObjectPtr>(const api::Gvr&, const std::string& ns, const std::string& name)>;

// Verifies bearer tokens, including that the service account and what the token is bound to still exist.
class TokenAuthenticator {
 public:
  TokenAuthenticator(const TokenSigner& signer, const Clock& clock, ObjectLookup lookup)
      : signer_(signer), clock_(clock), lookup_(std::move(lookup)) {}
  Result<ServiceAccountClaims> authenticate(std::string_view token, const std::vector<std::string>& audiences = {}) const;

 private:
  const TokenSigner& signer_;
  const Clock& clock_;
  ObjectLookup lookup_;
};

}  // namespace skerry::auth
