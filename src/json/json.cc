#include "json/json.h"

namespace skerry::json {
namespace {

const Json kNull;
const Json kEmptyArray = Json::array();
const Json kEmptyObject = Json::object();

// A cheap scan before parsing: nlohmann's parser is iterative, but destroying and dumping a value recurse.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (too_deep(text)) return Error(Reason::kBadRequest, "JSON is nested too deeply");
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& e) {
    return Error(Reason::kBadRequest, std::string("invalid JSON: ") + e.what());
  }
}

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json& find(const Json& root, std::initializer_list<std::string_view> keys) {
  const Json* at = &root;
  for (auto key : keys) {
    if (!at->is_object()) return kNull;
    auto it = at->find(key);
    if (it == at->end()) return kNull;
    at = &*it;
  }
  return *at;
}

std::string str(const Json& root, std::initializer_list<std::string_view> keys, std::string_view fallback) {
  const Json& v = find(root, keys);
  return v.is_string() ? v.get_ref<const std::string&>() : std::string(fallback);
}

int64_t integer(const Json& root, std::initializer_list<std::string_view> keys, int64_t fallback) {
  const Json& v = find(root, keys);
  if (v.is_number_unsigned() && v.get<uint64_t>() > INT64_MAX) return fallback;
  return v.is_number_integer() ? v.get<int64_t>() : fallback;
}

bool boolean(const Json& root, std::initializer_list<std::string_view> keys, bool fallback) {
  const Json& v = find(root, keys);
  return v.is_boolean() ? v.get<bool>() : fallback;
}

const Json& array_or_empty(const Json& value) { return value.is_array() ? value : kEmptyArray; }
const Json& object_or_empty(const Json& value) { return value.is_object() ? value : kEmptyObject; }

}  // namespace skerry::json
