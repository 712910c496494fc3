#include "api/strategic_merge.h"

// The first line is the document, the rest the patch. Whatever they are, the answer is a value or an error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  auto document = json::parse_json(text.substr(0, end)), patch = json::parse_json(text.substr(end + 1));
  if (!document || !patch) return 0;
  (void)api::apply_strategic_merge(api::find_type("core/v1.Pod"), *document, *patch);
  return 0;
}
