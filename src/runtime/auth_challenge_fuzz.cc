#include <cstddef>
#include <cstdint>

#include "runtime/auth_challenge.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skerry::runtime::parse_auth_challenges({reinterpret_cast<const char*>(data), size});
  return 0;
}
