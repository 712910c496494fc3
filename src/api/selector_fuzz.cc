#include "api/selector.h"

#include <cstdlib>

#include "api/catalog.h"

// What parses prints, and the print parses to the same selector.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto s = skerry::api::LabelSelector::parse(text)) {
    auto again = skerry::api::LabelSelector::parse(s->to_string());
    if (!again || again->to_string() != s->to_string()) abort();
  }
  static const skerry::api::Catalog catalog;
  (void)skerry::api::FieldSelector::parse(*catalog.find(skerry::api::kPods), text);
  return 0;
}
