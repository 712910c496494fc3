#include <cstddef>
#include <cstdint>

#include "agent/log_reader.h"
#include "agent/streaming/remote_client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  skerry::agent::LogLine line;
  (void)skerry::agent::parse_log_line(text, line);
  uint16_t width, height;
  (void)skerry::agent::parse_resize(text, width, height);
  return 0;
}
