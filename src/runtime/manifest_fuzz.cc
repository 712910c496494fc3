#include "runtime/image_store.h"
#include "runtime/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto manifest = skerry::runtime::parse_manifest(text)) (void)skerry::runtime::select_platform(*manifest);
  (void)skerry::runtime::parse_image_config(text);
  return 0;
}
