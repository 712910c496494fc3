#include <cstddef>
#include <cstdint>

#include "runtime/registries.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry::runtime;
  auto options = parse_registries(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.yaml");
  if (!options) return 0;
  for (const char* image : {"nginx", "a.example/team/app:1", "localhost:5000/x"})
    if (auto ref = parse_reference(image)) (void)endpoints_of(*options, *ref);
  return 0;
}
