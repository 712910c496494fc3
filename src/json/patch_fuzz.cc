// A document and a patch from outside, separated by a NUL: both kinds of patch give a value or an Error, and a patch made
// from two documents leads from the one to the other.
#include <cstdint>
#include <cstdlib>

#include "json/patch.h"

using namespace skerry;

namespace {
bool has_null(const Json& v) {
  if (v.is_null()) return true;
  if (v.is_object())
    for (const auto& item : v)
      if (has_null(item)) return true;
  return false;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t cut = text.find('\0');
  if (cut == std::string_view::npos) return 0;
  auto a = json::parse_json(text.substr(0, cut)), b = json::parse_json(text.substr(cut + 1));
  if (!a || !b) return 0;
  if (auto patched = json::apply_json_patch(*a, *b)) (void)json::dump(*patched);
  (void)json::apply_merge_patch(*a, *b);
  // A merge patch cannot express null, nor what is no object.
  if (a->is_object() && b->is_object() && !has_null(*b) && json::apply_merge_patch(*a, json::make_merge_patch(*a, *b)) != *b) abort();
  return 0;
}
