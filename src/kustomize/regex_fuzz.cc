// A pattern and a text, parted by the first line end. It must end soon whatever they are.
#include <cstdint>
#include <string>

#include "kustomize/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 2000) return 0;
  std::string_view all(reinterpret_cast<const char*>(data), size);
  size_t cut = all.find('\n');
  auto regex = skerry::kustomize::Regex::compile(all.substr(0, cut));
  if (regex && cut != std::string_view::npos) (void)regex->search(all.substr(cut + 1));
  return 0;
}
