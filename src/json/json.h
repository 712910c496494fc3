// JSON values: nlohmann::json behind bounded parsing and forgiving readers.
//
// Objects keep their keys sorted. Integers stay 64-bit integers. Text that comes from outside goes through
// parse_json(), which bounds depth and never throws.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry {

using Json = nlohmann::json;

}  // namespace skerry

namespace skerry::json {

inline constexpr int kMaxDepth = 200;

// BadRequest on malformed text, text after the value, invalid UTF-8, or nesting deeper than kMaxDepth.
Result<Json> parse_json(std::string_view text);
// Compact; invalid UTF-8 in strings is replaced (U+FFFD), so this never throws.
std::string dump(const Json& value);

// The value below `root` along `keys`, or null (a static null value) where any step is missing or no object.
const Json& find(const Json& root, std::initializer_list<std::string_view> keys);
// The same as string/int/bool, with a default where it is missing or of another type.
std::string str(const Json& root, std::initializer_list<std::string_view> keys, std::string_view fallback = "");
int64_t integer(const Json& root, std::initializer_list<std::string_view> keys, int64_t fallback = 0);
bool boolean(const Json& root, std::initializer_list<std::string_view> keys, bool fallback = false);

// One key: `str(j, "name")`.
inline const Json& find(const Json& root, std::string_view key) { return find(root, {key}); }
inline std::string str(const Json& root, std::string_view key, std::string_view fallback = "") { return str(root, {key}, fallback); }
inline int64_t integer(const Json& root, std::string_view key, int64_t fallback = 0) { return integer(root, {key}, fallback); }
inline bool boolean(const Json& root, std::string_view key, bool fallback = false) { return boolean(root, {key}, fallback); }

// Iterating something that may be missing: an empty array / object where it is null or of another type.
const Json& array_or_empty(const Json& value);
const Json& object_or_empty(const Json& value);

}  // namespace skerry::json
