// Tokens that somebody typed: what is read can be written and reads as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "auth/tokens.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using skerry::auth::JoinToken;
  auto token = JoinToken::parse({reinterpret_cast<const char*>(data), size});
  if (!token || token->ca_hash.empty()) return 0;
  auto again = JoinToken::parse(token->format());
  if (!again || again->ca_hash != token->ca_hash || again->user != token->user || again->secret != token->secret)
    abort();
  return 0;
}
