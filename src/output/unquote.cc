#include "output/unquote.h"

#include <cstdio>

namespace skerry::output {

CodePoint decode_utf8(std::string_view s, size_t i) {
  auto at = [&](size_t k) -> unsigned { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0; };
  auto tail = [&](size_t k) { return (at(k) & 0xc0) == 0x80; };
  unsigned c = at(i);
  if (c < 0x80) return {c, 1};
  if (c >= 0xc2 && c <= 0xdf && tail(i + 1)) return {(c & 0x1f) << 6 | (at(i + 1) & 0x3f), 2};
  if (c >= 0xe0 && c <= 0xef && tail(i + 1) && tail(i + 2)) {
    char32_t v = (c & 0xf) << 12 | (at(i + 1) & 0x3f) << 6 | (at(i + 2) & 0x3f);
    if (v >= 0x800 && (v < 0xd800 || v > 0xdfff)) return {v, 3};
  }
  if (c >= 0xf0 && c <= 0xf4 && tail(i + 1) && tail(i + 2) && tail(i + 3)) {
    char32_t v = (c & 7) << 18 | (at(i + 1) & 0x3f) << 12 | (at(i + 2) & 0x3f) << 6 | (at(i + 3) & 0x3f);
    if (v >= 0x10000 && v <= 0x10ffff) return {v, 4};
  }
  return {0xfffd, 1};
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

bool is_identifier_char(char32_t c) {
  if (c < 0x80) return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c > 0xbf && !(c >= 0x2000 && c <= 0x206f) && c != 0x3000 && c != 0xfeff && c != 0xfffd && c != 0xd7 && c != 0xf7;
}

std::string describe_char(char32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(c));
  std::string out = text;
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return out;
  out += " '";
  append_utf8(out, c);
  return out + "'";
}

std::optional<std::string> unquote_go(std::string_view s, char quote) {
  std::string out;
  for (size_t i = 0; i < s.size();) {
    char c = s[i];
    if (c == quote) return std::nullopt;
    if (static_cast<unsigned char>(c) >= 0x80) {
      CodePoint p = decode_utf8(s, i);
      append_utf8(out, p.value);
      i += p.length;
      continue;
    }
    ++i;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (i == s.size()) return std::nullopt;
    c = s[i++];
    auto hex = [&](size_t digits) -> std::optional<char32_t> {
      char32_t v = 0;
      for (; digits > 0; --digits, ++i) {
        if (i == s.size()) return std::nullopt;
        char h = s[i];
        unsigned d = h >= '0' && h <= '9' ? h - '0' : h >= 'a' && h <= 'f' ? h - 'a' + 10 : h >= 'A' && h <= 'F' ? h - 'A' + 10 : 16;
        if (d == 16) return std::nullopt;
        v = v << 4 | d;
      }
      return v;
    };
    switch (c) {
      case 'a': out += '\a'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'v': out += '\v'; break;
      case '\\': out += '\\'; break;
      case 'x': {
        auto v = hex(2);
        if (!v) return std::nullopt;
        out += static_cast<char>(*v);
        break;
      }
      case 'u':
      case 'U': {
        auto v = hex(c == 'u' ? 4 : 8);
        if (!v || *v > 0x10ffff || (*v >= 0xd800 && *v <= 0xdfff)) return std::nullopt;
        append_utf8(out, *v);
        break;
      }
      case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': {
        int v = c - '0';
        for (int k = 0; k < 2; ++k, ++i) {
          if (i == s.size() || s[i] < '0' || s[i] > '7') return std::nullopt;
          v = v * 8 + (s[i] - '0');
        }
        if (v > 255) return std::nullopt;
        out += static_cast<char>(v);
        break;
      }
      case '\'':
      case '"':
        if (c != quote) return std::nullopt;
        out += c;
        break;
      default: return std::nullopt;
    }
  }
  return out;
}

}  // namespace skerry::output
