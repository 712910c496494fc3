#include "auth/tokens.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "auth/certificates.h"
#include "base/strings.h"

namespace skerry::auth {
namespace {

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return isdigit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_secret(std::string_view text) {
  return !text.empty() && text.size() <= 512 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<JoinToken> JoinToken::parse(std::string_view text) {
  const Error bad(Reason::kBadRequest, "invalid join token: it looks like K10<64 hex digits>::<user>:<secret>");
  text = trim(text);
  JoinToken token;
  if (!starts_with(text, "K10")) {
    size_t colon = text.find(':');
    if (text.find("::") != std::string_view::npos) return bad;
    token.user = colon == std::string_view::npos ? "node" : std::string(text.substr(0, colon));
    token.secret = text.substr(colon == std::string_view::npos ? 0 : colon + 1);
    if (!is_secret(token.secret)) return bad;
    return token;
  }
  text.remove_prefix(3);
  size_t split_at = text.find("::");
  if (split_at != 64 || !is_hex(text.substr(0, 64))) return bad;
  token.ca_hash = text.substr(0, 64);
  text.remove_prefix(66);
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return bad;
  token.user = text.substr(0, colon);
  token.secret = text.substr(colon + 1);
  if (!is_secret(token.user) || !is_secret(token.secret)) return bad;
  return token;
}

std::string JoinToken::format() const { return "K10" + ca_hash + "::" + user + ":" + secret; }

Result<std::string> load_or_create_secret(const std::string& path, const std::string& given, Random& random) {
  if (!given.empty() && !is_secret(given)) return Error(Reason::kBadRequest, "a token's secret must be printable, without blanks");
  auto stored = read_secret_file(path);
  if (stored) {
    std::string secret(trim(*stored));
    if (given.empty() || given == secret) {
      if (!is_secret(secret)) return internal_error(path + " does not hold a token's secret");
      return secret;
    }
  } else if (!stored.error().is(Reason::kNotFound)) {
    return stored.error();
  }
  std::string secret = given.empty() ? hex_encode(random.bytes(16)) : given;
  TRY(write_secret_file(path, secret + "\n"));
  return secret;
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

api::UserInfo ServiceAccountClaims::user() const {
  api::UserInfo user;
  user.name = "system:serviceaccount:" + ns + ":" + name;
  user.uid = uid;
  user.groups = {"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"};
  if (!id.empty()) user.extra["authentication.kubernetes.io/credential-id"] = {"JTI=" + id};
  if (!pod_name.empty()) {
    user.extra["authentication.kubernetes.io/pod-name"] = {pod_name};
    user.extra["authentication.kubernetes.io/pod-uid"] = {pod_uid};
  }
  if (!node_name.empty()) {
    user.extra["authentication.kubernetes.io/node-name"] = {node_name};
    if (!node_uid.empty()) user.extra["authentication.kubernetes.io/node-uid"] = {node_uid};
  }
  return user;
}

Result<ServiceAccountClaims> TokenAuthenticator::authenticate(std::string_view token,
                                                             const std::vector<std::string>& audiences) const {
  ServiceAccountClaims claims = TRY(signer_.verify(token, audiences, clock_));
  auto must_be = [&](const api::Gvr& gvr, const std::string& ns, const std::string& name, const std::string& uid,
                     const char* what) -> Status {
    auto object = lookup_(gvr, ns, name);
    if (!object && !object.error().is(Reason::kNotFound)) return object.error();
    if (!object) return Error(Reason::kUnauthorized, std::string("the token's ") + what + " no longer exists");
    if (!uid.empty() && (*object)->meta().uid != uid)
      return Error(Reason::kUnauthorized, std::string("the token's ") + what + " has been replaced by another");
    return {};
  };
  TRY(must_be(api::kServiceAccounts, claims.ns, claims.name, claims.uid, "service account"));
  if (!claims.pod_name.empty()) TRY(must_be(api::kPods, claims.ns, claims.pod_name, claims.pod_uid, "pod"));
  if (!claims.secret_name.empty()) TRY(must_be(api::kSecrets, claims.ns, claims.secret_name, claims.secret_uid, "secret"));
  return claims;
}

}  // namespace skerry::auth
