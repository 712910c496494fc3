#include "output/json_text.h"

#include <cmath>

#include "base/decimal.h"

namespace skerry::output {
namespace {

// The length of the valid UTF-8 sequence at `i`, or 0.
size_t utf8_length(std::string_view s, size_t i) {
  auto byte = [&](size_t k) -> unsigned { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0; };
  unsigned c = byte(i);
  auto tail = [&](size_t k) { return (byte(k) & 0xc0) == 0x80; };
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return tail(i + 1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    unsigned d = byte(i + 1);
    if (!tail(i + 1) || !tail(i + 2) || (c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f)) return 0;
    return 3;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    unsigned d = byte(i + 1);
    if (!tail(i + 1) || !tail(i + 2) || !tail(i + 3) || (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f)) return 0;
    return 4;
  }
  return 0;
}

void append_quoted(std::string& out, std::string_view s) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < s.size();) {
    unsigned char c = s[i];
    if (c < 0x80) {
      ++i;
      switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        default:
          if (c < 0x20 || c == '<' || c == '>' || c == '&') {
            out += "\\u00";
            out += kHex[c >> 4];
            out += kHex[c & 15];
          } else {
            out += static_cast<char>(c);
          }
      }
      continue;
    }
    size_t n = utf8_length(s, i);
    std::string_view sequence = s.substr(i, n);
    if (n == 0) {
      out += "\\ufffd";
      ++i;
    } else {
      if (sequence == "\xe2\x80\xa8") out += "\\u2028";
      else if (sequence == "\xe2\x80\xa9") out += "\\u2029";
      else out += sequence;
      i += n;
    }
  }
  out += '"';
}

template <class J>
void append(std::string& out, const J& value, int indent, int depth) {
  auto new_line = [&](int d) {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<size_t>(indent) * d, ' ');
  };
  switch (value.type()) {
    case J::value_t::object: {
      if (value.empty()) {
        out += "{}";
        return;
      }
      out += '{';
      bool first = true;
      for (auto it = value.begin(); it != value.end(); ++it) {
        if (!std::exchange(first, false)) out += ',';
        new_line(depth + 1);
        append_quoted(out, it.key());
        out += indent < 0 ? ":" : ": ";
        append(out, it.value(), indent, depth + 1);
      }
      new_line(depth);
      out += '}';
      return;
    }
    case J::value_t::array: {
      if (value.empty()) {
        out += "[]";
        return;
      }
      out += '[';
      bool first = true;
      for (const auto& item : value) {
        if (!std::exchange(first, false)) out += ',';
        new_line(depth + 1);
        append(out, item, indent, depth + 1);
      }
      new_line(depth);
      out += ']';
      return;
    }
    case J::value_t::string: append_quoted(out, value.template get_ref<const std::string&>()); return;
    case J::value_t::boolean: out += value.template get<bool>() ? "true" : "false"; return;
    case J::value_t::number_integer: out += std::to_string(value.template get<int64_t>()); return;
    case J::value_t::number_unsigned: out += std::to_string(value.template get<uint64_t>()); return;
    case J::value_t::number_float: out += float_text(value.template get<double>()); return;
    default: out += "null";
  }
}

}  // namespace

std::string float_text(double value) {
  if (!std::isfinite(value)) return "null";
  double size = std::fabs(value);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return decimal_fixed(value);
  std::string text = decimal_scientific(value);
  if (size_t e = text.find("e-0"); e != std::string::npos) text.erase(e + 2, 1);  // "1e-07" is written "1e-7"
  return text;
}

std::string quote_json(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string dump_json(const Json& value, int indent) {
  std::string out;
  append(out, value, indent, 0);
  return out;
}

std::string dump_json(const OrderedJson& value, int indent) {
  std::string out;
  append(out, value, indent, 0);
  return out;
}

}  // namespace skerry::output
