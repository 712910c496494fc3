#include "output/go_format.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/decimal.h"

namespace skerry::output {
namespace {

void append(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      out += "map[";
      bool first = true;
      for (const auto& [key, item] : value.items()) {
        if (!std::exchange(first, false)) out += ' ';
        out += key + ":";
        append(out, item);
      }
      out += ']';
      return;
    }
    case Json::value_t::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value) {
        if (!std::exchange(first, false)) out += ' ';
        append(out, item);
      }
      out += ']';
      return;
    }
    case Json::value_t::string: out += value.get_ref<const std::string&>(); return;
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::number_integer: out += std::to_string(value.get<int64_t>()); return;
    case Json::value_t::number_unsigned:
      out += value.get<uint64_t>() > INT64_MAX ? go_float(static_cast<double>(value.get<uint64_t>())) : std::to_string(value.get<uint64_t>());
      return;
    case Json::value_t::number_float: out += go_float(value.get<double>()); return;
    default: out += "<nil>";
  }
}

void append_syntax(std::string& out, const Json& value) {
  if (value.is_object()) {
    out += "map[string]interface {}{";
    bool first = true;
    for (const auto& [key, item] : value.items()) {
      if (!std::exchange(first, false)) out += ", ";
      out += go_quote(key) + ":";
      append_syntax(out, item);
    }
    out += '}';
  } else if (value.is_array()) {
    out += "[]interface {}{";
    bool first = true;
    for (const auto& item : value) {
      if (!std::exchange(first, false)) out += ", ";
      append_syntax(out, item);
    }
    out += '}';
  } else if (value.is_string()) {
    out += go_quote(value.get_ref<const std::string&>());
  } else if (value.is_null()) {
    out += "interface {}(nil)";
  } else {
    append(out, value);
  }
}

}  // namespace

std::string go_syntax(const Json& value) {
  std::string out;
  append_syntax(out, value);
  return out;
}

std::string go_text(const Json& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string go_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  const std::string scientific = decimal_scientific(value);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  return exponent < -4 || exponent >= 6 ? scientific : decimal_fixed(value);
}

std::string go_quote(std::string_view s) {
  std::string out = "\"";
  for (size_t i = 0; i < s.size(); ++i) {
    unsigned char c = s[i];
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\a': out += "\\a"; continue;
      case '\b': out += "\\b"; continue;
      case '\f': out += "\\f"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      case '\v': out += "\\v"; continue;
    }
    if (c < 0x20 || c == 0x7f) {
      char text[8];
      std::snprintf(text, sizeof text, "\\x%02x", c);
      out += text;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + '"';
}

}  // namespace skerry::output
