#include "auth/tokens.h"

#include <doctest/doctest.h>

#include "auth/certificates.h"
#include "base/strings.h"

using namespace skerry;
using namespace skerry::auth;

namespace {

struct FakeClock final : Clock {
  int64_t seconds = 1800000000;
  WallTime now() const override { return WallTime(std::chrono::seconds(seconds)); }
  MonoTime mono() const override { return {}; }
};

ServiceAccountClaims claims_at(int64_t now) {
  ServiceAccountClaims c;
  c.ns = "ns";
  c.name = "sa";
  c.uid = "u1";
  c.pod_name = "p";
  c.pod_uid = "u2";
  c.id = "j";
  c.issued_at = now;
  c.expires_at = now + 600;
  return c;
}

}  // namespace

TEST_CASE("join tokens: the full form pins the authority, the bare secret does not") {
  std::string hash(64, 'a');
  auto token = JoinToken::parse("K10" + hash + "::server:s3cret\n");
  REQUIRE(token);
  CHECK(token->ca_hash == hash);
  CHECK(token->user == "server");
  CHECK(token->format() == "K10" + hash + "::server:s3cret");
  auto bare = JoinToken::parse("s3cret");
  REQUIRE(bare);
  CHECK(bare->ca_hash.empty());
  for (const char* bad : {"", "K10", "K10abc::server:x", "K10::server:x", "a b"}) CHECK_MESSAGE(!JoinToken::parse(bad), bad);
  CHECK(!JoinToken::parse("K10" + hash + "::server:"));
}

TEST_CASE("service account tokens: what is signed verifies, and only that") {
  FakeClock clock;
  auto key = make_private_key();
  REQUIRE(key);
  auto signer = TokenSigner::create(*key, "https://issuer");
  REQUIRE(signer);
  auto token = signer->sign(claims_at(clock.seconds));
  REQUIRE(token);
  auto claims = signer->verify(*token, {}, clock);
  REQUIRE(claims);
  CHECK(claims->user().name == "system:serviceaccount:ns:sa");
  CHECK(claims->pod_uid == "u2");

  auto other = TokenSigner::create(*make_private_key(), "https://issuer");
  REQUIRE(other);
  CHECK(!other->verify(*token, {}, clock));
  CHECK(!signer->verify(*token, {"vault"}, clock));
  auto parts = split(*token, '.');
  std::string none = base64url_encode("{\"alg\":\"none\"}") + "." + std::string(parts[1]) + ".";
  CHECK(!signer->verify(none, {}, clock));
  std::string changed = *token;
  changed[parts[0].size() + 5] ^= 1;
  CHECK(!signer->verify(changed, {}, clock));
  clock.seconds += 700;
  CHECK(!signer->verify(*token, {}, clock));
}

TEST_CASE("service account tokens: end with their account and their pod") {
  FakeClock clock;
  auto signer = TokenSigner::create(*make_private_key(), "https://issuer");
  REQUIRE(signer);
  auto token = signer->sign(claims_at(clock.seconds));
  REQUIRE(token);
  std::string pod_uid = "u2", account_uid = "u1";
  TokenAuthenticator tokens(*signer, clock, [&](const api::Gvr& gvr, const std::string& ns, const std::string& name) -> Result<api::ObjectPtr> {
    std::string uid = gvr == api::kPods ? pod_uid : account_uid;
    if (uid.empty()) return Error(Reason::kNotFound, "gone");
    return api::Object::from_json({{"metadata", {{"name", name}, {"namespace", ns}, {"uid", uid}}}});
  });
  CHECK(tokens.authenticate(*token));
  pod_uid = "another";
  CHECK(!tokens.authenticate(*token));
  pod_uid = "u2";
  account_uid = "";
  CHECK(!tokens.authenticate(*token));
}
