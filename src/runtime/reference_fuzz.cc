#include <cstdlib>

#include "runtime/reference.h"

// What was parsed and written parses to the same again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto ref = skerry::runtime::parse_reference({reinterpret_cast<const char*>(data), size});
  if (!ref) return 0;
  auto again = skerry::runtime::parse_reference(ref->str());
  if (!again || again->str() != ref->str()) abort();
  return 0;
}
