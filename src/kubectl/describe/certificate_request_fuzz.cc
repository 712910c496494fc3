#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kubectl/describe/certificate_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)skerry::kubectl::parse_certificate_request({reinterpret_cast<const char*>(data), size});
  return 0;
}
