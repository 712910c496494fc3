// YAML from outside: an Error or a value; a value survives writing and reading.
#include <cstdint>
#include <cstdlib>

#include "json/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)skerry::json::parse_yaml_stream(text);
  auto parsed = skerry::json::parse_yaml(text);
  if (!parsed) return 0;
  std::string json = skerry::json::dump(*parsed);
  // Through JSON, where strings that are no UTF-8 have been mended.
  auto mended = skerry::json::parse_json(json);
  if (!mended) return 0;
  auto again = skerry::json::parse_yaml(skerry::json::dump_yaml(*mended));
  if (!again) abort();
  return 0;
}
