#include "agent/grpc_health.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skerry::agent::GrpcHealthReply reply;
  std::string back;
  size_t step = size > 0 ? data[0] % 16 + 1 : 1;
  for (size_t at = 0; at < size && !reply.done(); at += step) {
    size_t n = size - at < step ? size - at : step;
    if (!reply.feed({reinterpret_cast<const char*>(data) + at, n}, back)) break;
  }
  return 0;
}
