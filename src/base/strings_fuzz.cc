// Decoders of outside text: no input breaks them, and what they decode encodes back to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "base/clock.h"
#include "base/strings.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto d = base64_decode(text); d && base64_decode(base64_encode(*d)) != d) abort();
  if (auto d = base64url_decode(text); d && base64url_decode(base64url_encode(*d)) != d) abort();
  if (auto d = url_decode(text); d && url_decode(url_encode(*d)) != d) abort();
  if (auto t = parse_rfc3339(text); t && parse_rfc3339(format_rfc3339(*t, 9)) != t) abort();
  (void)parse_int(text);
  (void)is_dns_label(text);
  (void)is_qualified_name(text);
  (void)is_label_value(text);
  return 0;
}
