#include "registry/encoding.h"

namespace skerry::registry {
namespace {

constexpr std::string_view kMember = "\"resourceVersion\":\"";
constexpr size_t npos = std::string_view::npos;

// `at` is on a '"'; the index behind the closing one.
size_t skip_string(std::string_view s, size_t at) {
  for (++at; at < s.size(); ++at) {
    if (s[at] == '\\') ++at;
    else if (s[at] == '"') return at + 1;
  }
  return npos;
}

size_t skip_value(std::string_view s, size_t at) {
  int depth = 0;
  while (at < s.size()) {
    char c = s[at];
    if (c == '"') {
      at = skip_string(s, at);
      if (at == npos) return npos;
    } else {
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') {
        if (depth == 0) return at;
        --depth;
      }
      if (c == ',' && depth == 0) return at;
      ++at;
      if (depth == 0 && (c == '}' || c == ']')) return at;
      continue;
    }
    if (depth == 0) return at;
  }
  return npos;
}

// The member of the object that begins at `at` whose key is one of two; the index of its key's quote.
size_t find_member(std::string_view s, size_t at, std::string_view one, std::string_view other) {
  if (at >= s.size() || s[at] != '{') return npos;
  ++at;
  while (at < s.size() && s[at] == '"') {
    size_t end = skip_string(s, at);
    if (end == npos || end >= s.size() || s[end] != ':') return npos;
    std::string_view key = s.substr(at + 1, end - at - 2);
    if (key == one || key == other) return at;
    at = skip_value(s, end + 1);
    if (at == npos || at >= s.size() || s[at] != ',') return npos;
    ++at;
  }
  return npos;
}

// The length of `"resourceVersion":"N",` at offset, 0 if something else is there.
size_t member_length(std::string_view s, size_t offset) {
  if (s.substr(offset, kMember.size()) != kMember) return 0;
  size_t end = skip_string(s, offset + kMember.size() - 1);
  if (end == npos) return 0;
  return end - offset + (end < s.size() && s[end] == ',' ? 1 : 0);
}

}  // namespace

size_t revision_offset(std::string_view json) {
  size_t metadata = find_member(json, 0, "metadata", "metadata");
  if (metadata == npos) return npos;
  return find_member(json, metadata + std::string_view("\"metadata\":").size(), "resourceVersion", "uid");
}

std::string with_revision(std::string_view json, size_t offset, int64_t revision) {
  if (offset == npos) return std::string(json);
  size_t skip = member_length(json, offset);
  std::string number = std::to_string(revision);
  std::string out;
  out.reserve(json.size() + kMember.size() + number.size() + 2);
  out.append(json.substr(0, offset)).append(kMember).append(number).append("\",").append(json.substr(offset + skip));
  return out;
}

std::string without_revision(std::string_view json) {
  size_t offset = revision_offset(json);
  if (offset == npos) return std::string(json);
  size_t skip = member_length(json, offset);
  return std::string(json.substr(0, offset)).append(json.substr(offset + skip));
}

bool same_but_revision(std::string_view a, std::string_view b) {
  size_t at_a = revision_offset(a), at_b = revision_offset(b);
  if (at_a == npos || at_b == npos) return a == b;
  if (a.substr(0, at_a) != b.substr(0, at_b)) return false;
  return a.substr(at_a + member_length(a, at_a)) == b.substr(at_b + member_length(b, at_b));
}

Encoded encode(Json& object) {
  if (auto it = object.find("metadata"); it != object.end() && it->is_object()) it->erase("resourceVersion");
  Encoded e;
  e.meta = api::parse_meta(object);
  e.bytes = make_bytes(json::dump(object));
  e.offset = revision_offset(*e.bytes);
  return e;
}

api::ObjectPtr make_object(const Encoded& encoded, int64_t revision) {
  api::Meta meta = encoded.meta;
  meta.revision = revision;
  return std::make_shared<const api::Object>(std::move(meta), make_bytes(with_revision(*encoded.bytes, encoded.offset, revision)));
}

api::ObjectPtr with_revision(const api::Object& object, int64_t revision) {
  api::Meta meta = object.meta();
  meta.revision = revision;
  const std::string& bytes = *object.bytes();
  return std::make_shared<const api::Object>(std::move(meta), make_bytes(with_revision(bytes, revision_offset(bytes), revision)));
}

api::ObjectPtr load_object(const Bytes& bytes, int64_t revision) {
  auto made = api::Object::from_bytes(make_bytes(with_revision(*bytes, revision_offset(*bytes), revision)));
  return made ? std::move(*made) : nullptr;
}

}  // namespace skerry::registry
