#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "http/spdy.h"

using namespace skerry::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)SpdyInflater().block(bytes);
  std::string whole, pieces;
  auto into = [](std::string& log) {
    return SpdyParser::Callbacks{
        [&log](SpdyType type, uint8_t flags, std::string_view payload) {
          log += static_cast<char>(type);
          log += static_cast<char>(flags);
          log += payload;
        },
        [&log](uint32_t stream, std::string_view payload, bool last) {
          log += static_cast<char>(stream);
          log += payload;
          if (last) log += "|";
        }};
  };
  SpdyParser a, b;
  bool ok_a = a.feed(bytes, into(whole)).has_value(), ok_b = true;
  for (size_t i = 0; i < size && ok_b; i++) ok_b = b.feed(bytes.substr(i, 1), into(pieces)).has_value();
  // Data frames may be told in more pieces, each with its stream's byte: compare the verdicts only.
  if (ok_a != ok_b) abort();
  return 0;
}
