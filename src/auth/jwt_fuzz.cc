// Any bytes as a bearer token, and as a join token: never more than a refusal.
#include "auth/certificates.h"
#include "auth/tokens.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  static const auth::TokenSigner signer =
      *auth::TokenSigner::create(*auth::make_private_key(), "https://kubernetes.default.svc.cluster.local");
  static const SystemClock clock;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)signer.verify(text, {}, clock);
  (void)auth::JoinToken::parse(text);
  (void)auth::parse_certificate(text);
  return 0;
}
