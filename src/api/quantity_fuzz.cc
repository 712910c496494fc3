#include "api/quantity.h"

#include <cstdlib>

// What parses prints, and what is printed parses to the same amount.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto q = skerry::api::Quantity::parse({reinterpret_cast<const char*>(data), size});
  if (!q) return 0;
  auto again = skerry::api::Quantity::parse(q->to_string());
  if (!again || !(*again == *q) || again->to_string() != q->to_string()) abort();
  return 0;
}
