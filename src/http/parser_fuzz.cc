#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "http/gzip.h"
#include "http/parser.h"

using namespace skerry::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Request request;
  if (parse_request_head(bytes, request)) (void)request.query();
  (void)parse_response_head(bytes);
  (void)skerry::http::gunzip(bytes, 1 << 16);
  ChunkDecoder whole, pieces;
  std::string a, b;
  auto used = whole.feed(bytes, a, 4096);
  bool ok = true;
  for (size_t i = 0; i < size && ok && !pieces.done(); i++) ok = pieces.feed(bytes.substr(i, 1), b, 4096).has_value();
  if (used && ok && a != b) abort();
  return 0;
}
