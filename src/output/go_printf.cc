// Go's fmt verbs over template values.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "output/go_format.h"
#include "output/go_value.h"
#include "output/unquote.h"

namespace skerry::output::go_template {
namespace {

using Kind = Value::Kind;

constexpr int kMaxWidth = 1'000'000;  // Go's own bound

struct Spec {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  int width = -1, precision = -1;
  char32_t verb = 0;
};

int code_points(std::string_view s) {
  return static_cast<int>(std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, const Spec& spec, bool number = false) {
  int missing = spec.width - code_points(text);
  if (missing <= 0) return text;
  if (spec.minus) return text + std::string(static_cast<size_t>(missing), ' ');
  if (spec.zero && number) {
    size_t sign = !text.empty() && (text[0] == '+' || text[0] == '-' || text[0] == ' ') ? 1 : 0;
    return text.substr(0, sign) + std::string(static_cast<size_t>(missing), '0') + text.substr(sign);
  }
  return std::string(static_cast<size_t>(missing), spec.zero && !number ? '0' : ' ') + text;
}

std::string format_one(const Value& value, const Spec& spec, int depth);

// "%!d(string=x)", the value with the verb's width.
std::string bad_verb(const Value& value, const Spec& spec) {
  char32_t verb = spec.verb;
  std::string out = "%!";
  append_utf8(out, verb);
  if (!value.valid() || value.is_nil()) return out + "(<nil>)";
  Spec plain = spec;
  plain.verb = 'v';
  return out + "(" + value.inner_type_name() + "=" + format_one(value, plain, 0) + ")";
}

std::string whole(const Value& value, const Spec& spec) {
  int64_t v = value.integer();
  uint64_t size = v < 0 ? ~static_cast<uint64_t>(v) + 1 : static_cast<uint64_t>(v);
  int base = 10;
  std::string prefix;
  switch (spec.verb) {
    case 'v': case 'd': break;
    case 'b': base = 2; prefix = "0b"; break;
    case 'o': base = 8; prefix = "0"; break;
    case 'O': base = 8; prefix = "0o"; break;
    case 'x': case 'X': base = 16; prefix = spec.verb == 'x' ? "0x" : "0X"; break;
    case 'c': {
      std::string c;
      append_utf8(c, v < 0 || v > 0x10ffff ? 0xfffd : static_cast<char32_t>(v));
      return padded(c, spec);
    }
    case 'q': {
      std::string c;
      append_utf8(c, v < 0 || v > 0x10ffff ? 0xfffd : static_cast<char32_t>(v));
      return padded(c == "'" ? "'\\''" : c == "\n" ? "'\\n'" : "'" + c + "'", spec);
    }
    case 'U': {
      char text[32];
      std::snprintf(text, sizeof text, "U+%04llX", static_cast<unsigned long long>(size));
      return padded(text, spec);
    }
    default: return bad_verb(value, spec);
  }
  std::array<char, 70> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), size, base);
  std::string digits(buffer.data(), end.ptr);
  if (spec.verb == 'X')
    for (char& c : digits) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 32 : c);
  if (spec.precision > static_cast<int>(digits.size())) digits.insert(0, static_cast<size_t>(spec.precision) - digits.size(), '0');
  std::string sign = v < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  if (!spec.sharp && spec.verb != 'O') prefix.clear();
  Spec plain = spec;
  if (spec.precision >= 0) plain.zero = false;
  return padded(sign + prefix + digits, plain, true);
}

std::string real(const Value& value, const Spec& spec) {
  double v = value.real();
  char format = static_cast<char>(spec.verb);
  std::string text;
  if (format == 'v') format = 'g';
  if (std::string_view("eEfFgG").find(format) == std::string_view::npos || spec.verb > 0x7f) return bad_verb(value, spec);
  if (!std::isfinite(v)) {
    text = go_float(v);
  } else if ((format == 'g' || format == 'G') && spec.precision < 0) {
    text = go_float(v);
    if (format == 'G')
      for (char& c : text) c = c == 'e' ? 'E' : c;
  } else {
    char pattern[] = {'%', '.', '*', format, 0};
    int precision = spec.precision < 0 ? 6 : std::min(spec.precision, 1000);
    std::vector<char> buffer(static_cast<size_t>(precision) + 400);
    int n = std::snprintf(buffer.data(), buffer.size(), pattern, precision, v);
    text.assign(buffer.data(), static_cast<size_t>(std::max(n, 0)));
  }
  if (text[0] != '-' && text[0] != '+') text = (spec.plus ? "+" : spec.space ? " " : "") + text;
  return padded(text, spec, true);
}

std::string hex(std::string_view text, const Spec& spec) {
  const char* digits = spec.verb == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (spec.space && !out.empty()) out += ' ';
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

std::string text_of(const Value& value, const Spec& spec) {
  std::string s = value.string();
  if (spec.precision >= 0) {
    size_t i = 0;
    for (int n = 0; n < spec.precision && i < s.size(); ++n) i += decode_utf8(s, i).length;
    s.resize(i);
  }
  switch (spec.verb) {
    case 'v': return padded(spec.sharp ? go_quote(s) : s, spec);
    case 's': return padded(s, spec);
    case 'q': return padded(spec.sharp && s.find('`') == std::string::npos ? "`" + s + "`" : go_quote(s), spec);
    case 'x': case 'X': return padded(hex(s, spec), spec);
    default: return bad_verb(value, spec);
  }
}

std::string format_one(const Value& value, const Spec& spec, int depth) {
  if (spec.verb == 'T') return padded(!value.valid() || value.is_nil() ? "<nil>" : value.inner_type_name(), spec);
  switch (value.kind()) {
    case Kind::kInvalid:
    case Kind::kNil: return spec.verb == 'v' ? padded("<nil>", spec) : bad_verb(value, spec);
    case Kind::kBool: return spec.verb == 't' || spec.verb == 'v' ? padded(value.flag() ? "true" : "false", spec) : bad_verb(value, spec);
    case Kind::kInt: return whole(value, spec);
    case Kind::kFloat: return real(value, spec);
    case Kind::kString: return text_of(value, spec);
    default: break;
  }
  const Json& json = value.json();
  if (spec.verb == 'v' && spec.sharp) return go_syntax(json);
  if (depth > 2 * json::kMaxDepth) return "...";
  std::string out = json.is_object() ? "map[" : "[";
  bool first = true;
  for (auto it = json.begin(); it != json.end(); ++it) {
    if (!std::exchange(first, false)) out += ' ';
    if (json.is_object()) out += format_one(Value::string(it.key()), spec, depth + 1) + ":";
    out += format_one(Value::of(*it), spec, depth + 1);
  }
  return out + "]";
}

}  // namespace

std::string go_sprintf(std::string_view format, const std::vector<Value>& args) {
  std::string out;
  size_t arg = 0;
  bool reordered = false;
  for (size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      out += format[i++];
      continue;
    }
    ++i;
    Spec spec;
    for (; i < format.size(); ++i) {
      char c = format[i];
      if (c == '-') spec.minus = true, spec.zero = false;
      else if (c == '+') spec.plus = true;
      else if (c == '#') spec.sharp = true;
      else if (c == ' ') spec.space = true;
      else if (c == '0') spec.zero = !spec.minus;
      else break;
    }
    bool bad_index = false;
    auto take_index = [&] {
      if (i >= format.size() || format[i] != '[') return;
      size_t close = format.find(']', i);
      reordered = true;
      int n = 0;
      auto r = std::from_chars(format.data() + i + 1, format.data() + std::min(close, format.size()), n);
      if (close == std::string_view::npos || r.ptr != format.data() + close || n < 1 || static_cast<size_t>(n) > args.size()) bad_index = true;
      else arg = static_cast<size_t>(n) - 1;
      i = close == std::string_view::npos ? i + 1 : close + 1;
    };
    auto number = [&](int& into) {
      if (i < format.size() && format[i] == '*') {
        ++i;
        if (arg < args.size() && args[arg].kind() == Kind::kInt && std::abs(args[arg].integer()) <= kMaxWidth) into = static_cast<int>(args[arg++].integer());
        else out += into == spec.precision ? "%!(BADPREC)" : "%!(BADWIDTH)", arg += arg < args.size();
        return;
      }
      int n = 0;
      auto r = std::from_chars(format.data() + i, format.data() + format.size(), n);
      if (r.ec == std::errc() && r.ptr != format.data() + i && format[i] != '-') {
        i = static_cast<size_t>(r.ptr - format.data());
        into = std::min(n, kMaxWidth);
      }
    };
    take_index();
    number(spec.width);
    if (spec.width < -1) {
      spec.minus = true;
      spec.zero = false;
      spec.width = -spec.width;
    }
    if (i < format.size() && format[i] == '.') {
      ++i;
      spec.precision = 0;
      take_index();
      number(spec.precision);
    }
    take_index();
    if (i >= format.size()) {
      out += "%!(NOVERB)";
      break;
    }
    CodePoint verb = decode_utf8(format, i);
    i += verb.length;
    spec.verb = verb.value;
    if (spec.verb == 'v') spec.plus = false;
    if (spec.verb == '%') {
      out += '%';
    } else if (bad_index) {
      out += "%!";
      append_utf8(out, spec.verb);
      out += "(BADINDEX)";
    } else if (arg >= args.size()) {
      out += "%!";
      append_utf8(out, spec.verb);
      out += "(MISSING)";
    } else {
      out += format_one(args[arg++], spec, 0);
    }
  }
  if (!reordered && arg < args.size()) {
    out += "%!(EXTRA ";
    for (size_t i = arg; i < args.size(); ++i) {
      if (i > arg) out += ", ";
      if (!args[i].valid() || args[i].is_nil()) out += "<nil>";
      else out += args[i].inner_type_name() + "=" + args[i].text();
    }
    out += ')';
  }
  return out;
}

// Blanks stand between operands that are both no strings.
std::string go_sprint(const std::vector<Value>& args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0 && args[i].kind() != Kind::kString && args[i - 1].kind() != Kind::kString) out += ' ';
    out += args[i].valid() ? args[i].text() : "<nil>";
  }
  return out;
}

std::string go_sprintln(const std::vector<Value>& args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) out += (i > 0 ? " " : "") + (args[i].valid() ? args[i].text() : "<nil>");
  return out + "\n";
}

}  // namespace skerry::output::go_template
