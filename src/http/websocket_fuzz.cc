#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "http/websocket.h"

// The same bytes in one piece and byte by byte give the same messages.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string whole, pieces;
  auto into = [](std::string& log) {
    return [&log](skerry::http::WsOpcode opcode, std::string_view payload) {
      log += static_cast<char>(opcode);
      log += payload;
    };
  };
  // Both roles: a client reads what a server must not send, and the other way round.
  auto role = size % 2 ? skerry::http::WsRole::kClient : skerry::http::WsRole::kServer;
  skerry::http::WsParser a(4096, role), b(4096, role);
  bool ok_a = a.feed(bytes, into(whole)).has_value(), ok_b = true;
  for (size_t i = 0; i < size && ok_b; i++) ok_b = b.feed(bytes.substr(i, 1), into(pieces)).has_value();
  if (ok_a != ok_b || whole != pieces) abort();
  return 0;
}
