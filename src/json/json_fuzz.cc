// JSON from outside: parsing never fails otherwise than with an Error, and what was parsed survives writing and reading.
#include <cstdint>
#include <cstdlib>

#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto parsed = skerry::json::parse_json({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  std::string text = skerry::json::dump(*parsed);
  auto again = skerry::json::parse_json(text);
  if (!again || skerry::json::dump(*again) != text) abort();
  return 0;
}
