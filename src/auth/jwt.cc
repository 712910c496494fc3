#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include <algorithm>

#include "auth/certificates.h"
#include "auth/openssl.h"
#include "auth/tokens.h"
#include "base/strings.h"

namespace skerry::auth {
namespace {

constexpr size_t kMaxToken = 16 * 1024;
constexpr int64_t kLeewaySeconds = 60;

Error refused(const std::string& why) { return Error(Reason::kUnauthorized, "invalid bearer token: " + why); }

std::string to_bytes(const BIGNUM* number) {
  std::string out(32, '\0');
  if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), 32) != 32) out.clear();
  return out;
}

using SignaturePtr = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// DER, as OpenSSL writes it, to r || s, as JWS wants it.
Result<std::string> der_to_raw(std::string_view der) {
  auto* p = reinterpret_cast<const unsigned char*>(der.data());
  SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(der.size())));
  if (!signature) return openssl_error("reading a signature");
  return to_bytes(ECDSA_SIG_get0_r(signature.get())) + to_bytes(ECDSA_SIG_get0_s(signature.get()));
}

std::string raw_to_der(std::string_view raw) {
  if (raw.size() != 64) return "";
  auto* data = reinterpret_cast<const unsigned char*>(raw.data());
  SignaturePtr signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(data, 32, nullptr);
  BIGNUM* s = BN_bin2bn(data + 32, 32, nullptr);
  ECDSA_SIG_set0(signature.get(), r, s);
  unsigned char* der = nullptr;
  int n = i2d_ECDSA_SIG(signature.get(), &der);
  std::string out = n > 0 ? std::string(reinterpret_cast<char*>(der), static_cast<size_t>(n)) : "";
  OPENSSL_free(der);
  return out;
}

std::string coordinate(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return "";
  std::string out = to_bytes(number);
  BN_free(number);
  return out;
}

int64_t unix_seconds(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
}

// Times are integers, or (as JSON allows) numbers with a fraction.
std::optional<int64_t> time_claim(const Json& payload, const char* key) {
  const Json& value = json::find(payload, key);
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float() && value.get<double>() > 0 && value.get<double>() < 1e15)
    return static_cast<int64_t>(value.get<double>());
  return std::nullopt;
}

std::vector<std::string> strings(const Json& value) {
  std::vector<std::string> out;
  if (value.is_string()) out.push_back(value.get<std::string>());
  for (const auto& v : json::array_or_empty(value))
    if (v.is_string()) out.push_back(v.get<std::string>());
  return out;
}

Json bound(const std::string& name, const std::string& uid) {
  Json reference = {{"name", name}};
  if (!uid.empty()) reference["uid"] = uid;
  return reference;
}

}  // namespace

struct TokenSigner::Key {
  KeyPtr key;
  std::string x, y;  // raw coordinates
  std::string id;
};

Result<TokenSigner> TokenSigner::create(const std::string& private_key_pem, std::string issuer) {
  auto key = std::make_shared<Key>();
  key->key = TRY(parse_private_key(private_key_pem));
  key->x = coordinate(key->key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  key->y = coordinate(key->key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (key->x.size() != 32 || key->y.size() != 32) return internal_error("the token key is not a P-256 key");
  // Any stable name does; this is a hash of the public point.
  key->id = sha256_hex(key->x + key->y).substr(0, 43);
  return TokenSigner(std::move(key), std::move(issuer));
}

Result<std::string> TokenSigner::sign(const ServiceAccountClaims& claims) const {
  Json private_claims = {{"namespace", claims.ns}, {"serviceaccount", bound(claims.name, claims.uid)}};
  if (!claims.pod_name.empty()) private_claims["pod"] = bound(claims.pod_name, claims.pod_uid);
  if (!claims.secret_name.empty()) private_claims["secret"] = bound(claims.secret_name, claims.secret_uid);
  if (!claims.node_name.empty()) private_claims["node"] = bound(claims.node_name, claims.node_uid);
  Json payload = {{"iss", issuer_},
                  {"sub", "system:serviceaccount:" + claims.ns + ":" + claims.name},
                  {"aud", claims.audiences.empty() ? std::vector<std::string>{issuer_} : claims.audiences},
                  {"iat", claims.issued_at},
                  {"nbf", claims.issued_at},
                  {"kubernetes.io", private_claims}};
  // A token kept in a Secret lives as long as the Secret.
  if (claims.expires_at != 0 || claims.secret_name.empty()) payload["exp"] = claims.expires_at;
  if (!claims.id.empty()) payload["jti"] = claims.id;
  Json header = {{"alg", "ES256"}, {"kid", key_->id}};
  std::string text = base64url_encode(json::dump(header)) + "." + base64url_encode(json::dump(payload));

  DigestPtr digest(EVP_MD_CTX_new());
  size_t size = 0;
  auto* data = reinterpret_cast<const unsigned char*>(text.data());
  if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_->key.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &size, data, text.size()) != 1)
    return openssl_error("signing a token");
  std::string der(size, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(der.data()), &size, data, text.size()) != 1)
    return openssl_error("signing a token");
  der.resize(size);
  std::string signature = TRY(der_to_raw(der));
  return text + "." + base64url_encode(signature);
}

Result<ServiceAccountClaims> TokenSigner::verify(std::string_view token, const std::vector<std::string>& audiences,
                                                 const Clock& clock) const {
  if (token.size() > kMaxToken) return refused("too long");
  auto parts = split(token, '.');
  if (parts.size() != 3) return refused("not a JSON Web Token");
  auto header_text = base64url_decode(parts[0]);
  auto payload_text = base64url_decode(parts[1]);
  auto signature = base64url_decode(parts[2]);
  if (!header_text || !payload_text || !signature) return refused("not base64url");
  auto header = json::parse_json(*header_text);
  if (!header || json::str(*header, "alg") != "ES256") return refused("not signed with ES256");
  std::string der = raw_to_der(*signature);
  std::string_view signed_text = token.substr(0, parts[0].size() + 1 + parts[1].size());
  DigestPtr digest(EVP_MD_CTX_new());
  bool valid = !der.empty() && digest &&
               EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_->key.get()) == 1 &&
               EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(der.data()), der.size(),
                                reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size()) == 1;
  ERR_clear_error();
  if (!valid) return refused("the signature does not fit");

  auto payload = json::parse_json(*payload_text);
  if (!payload || !payload->is_object()) return refused("no claims");
  if (json::str(*payload, "iss") != issuer_) return refused("another issuer");
  int64_t now = unix_seconds(clock);
  auto expires = time_claim(*payload, "exp");
  auto not_before = time_claim(*payload, "nbf");
  const bool in_secret = !json::str(*payload, {"kubernetes.io", "secret", "name"}).empty();
  if ((!expires && !in_secret) || (expires && now > *expires + kLeewaySeconds / 6)) return refused("it has expired");
  if (not_before && now < *not_before - kLeewaySeconds) return refused("it is not valid yet");

  ServiceAccountClaims claims;
  const std::vector<std::string> wanted = audiences.empty() ? std::vector<std::string>{issuer_} : audiences;
  for (const auto& audience : strings(json::find(*payload, "aud")))
    if (std::find(wanted.begin(), wanted.end(), audience) != wanted.end()) claims.audiences.push_back(audience);
  if (claims.audiences.empty()) return refused("it is for another audience");
  const Json& own = json::find(*payload, "kubernetes.io");
  claims.ns = json::str(own, "namespace");
  claims.name = json::str(own, {"serviceaccount", "name"});
  claims.uid = json::str(own, {"serviceaccount", "uid"});
  claims.pod_name = json::str(own, {"pod", "name"});
  claims.pod_uid = json::str(own, {"pod", "uid"});
  claims.secret_name = json::str(own, {"secret", "name"});
  claims.secret_uid = json::str(own, {"secret", "uid"});
  claims.node_name = json::str(own, {"node", "name"});
  claims.node_uid = json::str(own, {"node", "uid"});
  claims.id = json::str(*payload, "jti");
  claims.issued_at = time_claim(*payload, "iat").value_or(0);
  claims.expires_at = expires.value_or(0);
  if (claims.ns.empty() || claims.name.empty()) return refused("it names no service account");
  if (json::str(*payload, "sub") != "system:serviceaccount:" + claims.ns + ":" + claims.name) return refused("its subject differs");
  return claims;
}

Json TokenSigner::jwks() const {
  Json key = {{"use", "sig"}, {"kty", "EC"}, {"crv", "P-256"}, {"alg", "ES256"}, {"kid", key_->id},
              {"x", base64url_encode(key_->x)}, {"y", base64url_encode(key_->y)}};
  return {{"keys", Json::array({key})}};
}

Json TokenSigner::openid_configuration(const std::string& jwks_uri) const {
  return {{"issuer", issuer_},
          {"jwks_uri", jwks_uri},
          {"response_types_supported", {"id_token"}},
          {"subject_types_supported", {"public"}},
          {"id_token_signing_alg_values_supported", {"ES256"}}};
}

}  // namespace skerry::auth
