// Any path and query: a route or none, options or a refusal; an accept header: a form or a refusal.
#include "apiserver/media.h"
#include "apiserver/route.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t mark = text.find('?');
  http::Query query(mark == std::string_view::npos ? "" : text.substr(mark + 1));
  for (const char* method : {"GET", "POST", "DELETE"})
    (void)apiserver::parse_route(method, text.substr(0, mark), query);
  (void)apiserver::parse_options(query);
  (void)apiserver::negotiate(text, true);
  (void)apiserver::decode_body("application/json", text);
  return 0;
}
