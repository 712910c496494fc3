#include "api/strategic_diff.h"

#include "api/strategic_merge.h"

// Three lines: what was applied last, what is applied now, and the object as it is. Whatever they are, patches come out of them, and can
// be applied to the object.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Json documents[3];
  for (auto& document : documents) {
    auto end = text.find('\n');
    auto parsed = json::parse_json(text.substr(0, end));
    if (!parsed || !parsed->is_object()) return 0;
    document = std::move(*parsed);
    text = end == std::string_view::npos ? std::string_view("{}") : text.substr(end + 1);
  }
  auto& [original, modified, current] = documents;
  (void)api::three_way_merge_patch(original, modified, current);
  const auto* type = api::find_type("core/v1.Pod");
  Json patch = api::three_way_strategic_patch(*type, original, modified, current);
  (void)api::apply_strategic_merge(type, current, patch);
  return 0;
}
