#include <cstddef>
#include <cstdint>

#include "client/watch_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  skerry::client::WatchParser parser;
  size_t half = size / 2;
  if (parser.feed(text.substr(0, half))) (void)parser.feed(text.substr(half)).has_value();
  return 0;
}
