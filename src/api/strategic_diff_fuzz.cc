#include <cstdlib>

#include "api/strategic_diff.h"
#include "api/strategic_merge.h"
#include "json/patch.h"

using namespace skerry;

namespace {

// What a patch cannot express, or can only express as a directive: null, keys with "$", empty objects (a merge patch
// makes none), and lists with the same element or the same name twice.
bool expressible(const Json& v) {
  if (v.is_null()) return false;
  if (v.is_object()) {
    for (auto& [key, value] : v.items())
      if (key.empty() || key[0] == '$' || !expressible(value)) return false;
  }
  if (v.is_array()) {
    for (size_t i = 0; i < v.size(); ++i) {
      if (!expressible(v[i])) return false;
      for (size_t k = 0; k < i; ++k) {
        if (v[i] == v[k]) return false;
        if (!v[i].is_object() || !v[k].is_object()) continue;
        for (auto& [key, value] : v[i].items())
          if (v[k].contains(key) && v[k][key] == value) return false;
      }
    }
  }
  return true;
}

// An object of the type, every decision a byte: few names and values, so that the three documents meet.
class Maker {
 public:
  Maker(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
  uint8_t byte() { return at_ == end_ ? 0 : *at_++; }
  bool done() const { return at_ == end_; }

  Json object(const api::Type& type, int depth) {
    Json out = Json::object();
    if (type.fields.empty() || depth > 6) return out;
    for (int n = byte() % 4; n > 0; --n) {
      const api::Field& field = type.fields[byte() % type.fields.size()];
      if (field.inlined || field.name.empty()) continue;
      out[std::string(field.name)] = value(field, depth);
    }
    return out;
  }

 private:
  Json one(const api::Field& field, int depth) {
    if (field.kind == api::ValueKind::kStruct) return object(*field.type, depth + 1);
    if (field.kind == api::ValueKind::kBool) return byte() % 2 == 1;
    if (field.kind == api::ValueKind::kInt32 || field.kind == api::ValueKind::kInt64) return byte() % 3;
    return std::string(1, static_cast<char>('a' + byte() % 4));
  }
  Json value(const api::Field& field, int depth) {
    if (field.shape == api::Shape::kOne) return one(field, depth);
    if (field.shape == api::Shape::kList) {
      Json list = Json::array();
      for (int n = byte() % 4; n > 0; --n) {
        Json element = one(field, depth);
        if (element.is_object() && !field.extra->merge_key.empty())
          element[std::string(field.extra->merge_key)] = std::string(1, static_cast<char>('a' + byte() % 4));
        list.push_back(std::move(element));
      }
      return list;
    }
    Json map = Json::object();
    for (int n = byte() % 3; n > 0; --n) map[std::string(1, static_cast<char>('k' + byte() % 3))] = one(field, depth);
    return map;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

// Patches come out whatever the documents are, and can be applied; applied to the object they make a second one
// unnecessary.
void try_patches(const api::Type& type, const Json& original, const Json& modified, const Json& current) {
  const bool fair = expressible(original) && expressible(modified) && expressible(current);
  const Json merge = api::three_way_merge_patch(original, modified, current);
  const Json merged = json::apply_merge_patch(current, merge);
  if (fair && !api::three_way_merge_patch(modified, modified, merged).empty()) abort();
  const Json patch = api::three_way_strategic_patch(type, original, modified, current);
  auto patched = api::apply_strategic_merge(&type, current, patch);
  if (!fair) return;
  if (!patched) abort();
  if (!api::three_way_strategic_patch(type, modified, modified, *patched).empty()) abort();
}

}  // namespace

// The first byte decides: objects of a Pod or a Service made from the bytes, or three lines of any JSON: what was
// applied last, what is applied now, and the object as it is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  if (*data < 0x20) {
    const api::Type& type = *api::find_type(*data % 2 == 0 ? "core/v1.Pod" : "core/v1.Service");
    Maker make(data + 1, size - 1);
    Json original = make.object(type, 0), modified = make.object(type, 0), current = make.object(type, 0);
    try_patches(type, original, modified, current);
    return 0;
  }
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Json documents[3];
  for (auto& document : documents) {
    auto end = text.find('\n');
    auto parsed = json::parse_json(text.substr(0, end));
    if (!parsed || !parsed->is_object()) return 0;
    document = std::move(*parsed);
    text = end == std::string_view::npos ? std::string_view("{}") : text.substr(end + 1);
  }
  try_patches(*api::find_type("core/v1.Pod"), documents[0], documents[1], documents[2]);
  return 0;
}
