// Writing YAML as go-yaml v2 does, which follows libyaml's emitter: the rules for when a scalar may be plain, where lines
// are folded and what is indented are theirs, oddities included, since the output is compared with kubectl's byte by byte.
#include <algorithm>
#include <cmath>

#include "base/decimal.h"
#include "base/strings.h"
#include "json/yaml.h"
#include "json/yaml_scalar.h"

namespace skerry::json {
namespace {

constexpr int kIndent = 2;
constexpr int kWidth = 80;
constexpr size_t kMaxSimpleKey = 128;  // bytes; longer keys are written "? key"

size_t width(unsigned char c) { return c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 1; }

unsigned char byte(std::string_view s, size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0; }

bool is_break(std::string_view s, size_t i) {
  unsigned char c = byte(s, i);
  return c == '\r' || c == '\n' || (c == 0xc2 && byte(s, i + 1) == 0x85) ||
         (c == 0xe2 && byte(s, i + 1) == 0x80 && (byte(s, i + 2) == 0xa8 || byte(s, i + 2) == 0xa9));
}
bool is_space(std::string_view s, size_t i) { return byte(s, i) == ' '; }
bool is_blank(std::string_view s, size_t i) { return byte(s, i) == ' ' || byte(s, i) == '\t'; }
bool is_blank_or_end(std::string_view s, size_t i) { return byte(s, i) == 0 || is_blank(s, i) || is_break(s, i); }

// Of the characters beyond the basic plane (emoji) none counts as printable.
bool is_printable(std::string_view s, size_t i) {
  unsigned char c = byte(s, i), d = byte(s, i + 1), e = byte(s, i + 2);
  return c == '\n' || (c >= 0x20 && c <= 0x7e) || (c == 0xc2 && d >= 0xa0) || (c > 0xc2 && c < 0xed) || (c == 0xed && d < 0xa0) || c == 0xee ||
         (c == 0xef && !(d == 0xbb && e == 0xbf) && !(d == 0xbf && (e == 0xbe || e == 0xbf)));
}

enum class Style { kPlain, kSingle, kDouble, kLiteral };

// What the characters of a scalar allow. (There are no scalars inside flow collections here.)
struct Analysis {
  bool multiline = false;
  bool plain = true;
  bool single = true;
  bool block = true;
};

Analysis analyze(std::string_view s) {
  Analysis out;
  if (s.empty()) {
    out.block = false;
    return out;
  }
  bool indicators = s.starts_with("---") || s.starts_with("...");
  bool special = false, leading = false, trailing = false, trailing_space = false, break_space = false, space_break = false;
  bool after_space = false, after_break = false, after_white = true;
  for (size_t i = 0, w = 1; i < s.size(); i += w) {
    w = width(byte(s, i));
    bool white_follows = i + w >= s.size() || is_blank(s, i + w) || is_break(s, i + w);
    char c = s[i];
    if (i == 0) {
      static constexpr std::string_view kIndicators = "#,[]{}&*!|>'\"%@`";
      if (kIndicators.find(c) != std::string_view::npos) indicators = true;
      if ((c == '?' || c == ':' || c == '-') && white_follows) indicators = true;
    } else if ((c == ':' && white_follows) || (c == '#' && after_white)) {
      indicators = true;
    }
    if (!is_printable(s, i)) special = true;
    bool last = i + w >= s.size();
    if (is_space(s, i)) {
      leading |= i == 0;
      trailing |= last;
      trailing_space |= last;
      break_space |= after_break;
      after_space = true;
      after_break = false;
    } else if (is_break(s, i)) {
      out.multiline = true;
      leading |= i == 0;
      trailing |= last;
      space_break |= after_space;
      after_space = false;
      after_break = true;
    } else {
      after_space = after_break = false;
    }
    after_white = is_blank_or_end(s, i);
  }
  if (leading || trailing || out.multiline || indicators) out.plain = false;
  if (trailing_space) out.block = false;
  if (break_space) out.plain = out.single = false;
  if (space_break || special) out.plain = out.single = out.block = false;
  return out;
}

// The order of keys: letters after all else, digits as numbers. It is go-yaml's and not transitive ("01" < "0b" < "1" < "01"), so the
// sort must be one that stays in bounds with any order.
struct Runes {
  std::vector<char32_t> runes;
  explicit Runes(std::string_view s) {
    for (size_t i = 0; i < s.size();) {
      unsigned char c = byte(s, i);
      size_t w = width(c);
      char32_t v = w == 1 ? c : w == 2 ? c & 0x1f : w == 3 ? c & 0xf : c & 7;
      for (size_t k = 1; k < w; ++k) v = v << 6 | (byte(s, i + k) & 0x3f);
      runes.push_back(v);
      i += w;
    }
  }
};

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
// Letters beyond ASCII are approximated: all but the blanks, signs and punctuation of Latin-1 and the general block.
bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  return c != 0xd7 && c != 0xf7 && !(c >= 0x300 && c <= 0x36f) && !(c >= 0x660 && c <= 0x669) && !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x20a0 && c <= 0x20cf) &&
         !(c >= 0x2190 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x3004) && !(c >= 0x3008 && c <= 0x3020) && !(c >= 0xd800 && c <= 0xf8ff) && !(c >= 0xfe00 && c <= 0xfe6f) &&
         !(c >= 0xff00 && c <= 0xff20) && !(c >= 0xfff0 && c <= 0xffff) && !(c >= 0x1f000 && c <= 0x1faff) && !(c >= 0xe0000);
}

bool key_less(const std::vector<char32_t>& a, const std::vector<char32_t>& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i]) continue;
    bool la = is_letter(a[i]), lb = is_letter(b[i]);
    if (la && lb) return a[i] < b[i];
    if (la || lb) return lb;
    uint64_t na = 0, nb = 0;
    if (a[i] == '0' || b[i] == '0')
      for (size_t j = i; j > 0 && is_digit(a[j - 1]); --j)
        if (a[j - 1] != '0') {
          na = nb = 1;
          break;
        }
    size_t ia = i, ib = i;
    for (; ia < a.size() && is_digit(a[ia]); ++ia) na = na * 10 + (a[ia] - '0');
    for (; ib < b.size() && is_digit(b[ib]); ++ib) nb = nb * 10 + (b[ib] - '0');
    if (na != nb) return static_cast<int64_t>(na) < static_cast<int64_t>(nb);
    if (ia != ib) return ia < ib;
    return a[i] < b[i];
  }
  return a.size() < b.size();
}

std::string yaml_float(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  const std::string text = decimal_scientific(value);
  const int exponent = std::atoi(text.c_str() + text.find('e') + 1);
  if (exponent < -4 || exponent >= 21) return text;
  // JSON writes a number up to 1e21 out in full; without a fraction it comes back as an integer if it fits one.
  const bool whole = value == std::trunc(value) && std::fabs(value) < 18446744073709551616.0 && value > -9223372036854775808.0;
  if (exponent >= 6 && !whole) return text;  // Go's 'g' with the shortest digits
  return decimal_fixed(value);
}

class Emitter {
 public:
  std::string run(const Json& value) {
    node(value, false, 0);
    write_indent();  // ends an open line
    return std::move(out_);
  }

 private:
  void put(char c) {
    out_ += c;
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++column_;
  }
  void put_break() {
    out_ += '\n';
    column_ = 0;
  }
  void put_char(std::string_view s, size_t& i) {
    for (size_t n = width(byte(s, i)); n > 0 && i < s.size(); --n) put(s[i++]);
  }
  void write_indent() {
    int indent = std::max(indent_, 0);
    if (!indention_ || column_ > indent || (column_ == indent && !whitespace_)) put_break();
    while (column_ < indent) put(' ');
    whitespace_ = indention_ = true;
  }
  void write_indicator(std::string_view text, bool need_whitespace, bool is_whitespace, bool is_indention) {
    if (need_whitespace && !whitespace_) put(' ');
    for (char c : text) put(c);
    whitespace_ = is_whitespace;
    indention_ = indention_ && is_indention;
  }

  void node(const Json& value, bool in_mapping, int depth) {
    if (depth > 2 * kMaxDepth) return scalar("null", Style::kPlain, false);  // parse_json() lets nothing so deep in
    switch (value.type()) {
      case Json::value_t::object: return mapping(value, depth);
      case Json::value_t::array: return sequence(value, in_mapping, depth);
      case Json::value_t::string: return text(value.get_ref<const std::string&>(), false);
      case Json::value_t::boolean: return scalar(value.get<bool>() ? "true" : "false", Style::kPlain, false);
      case Json::value_t::number_integer: return scalar(std::to_string(value.get<int64_t>()), Style::kPlain, false);
      case Json::value_t::number_unsigned: return scalar(std::to_string(value.get<uint64_t>()), Style::kPlain, false);
      case Json::value_t::number_float: return scalar(yaml_float(value.get<double>()), Style::kPlain, false);
      default: return scalar("null", Style::kPlain, false);
    }
  }

  void mapping(const Json& value, int depth) {
    if (value.empty()) {
      write_indicator("{", true, true, false);
      write_indicator("}", false, false, false);
      return;
    }
    std::vector<std::pair<std::vector<char32_t>, Json::const_iterator>> entries;
    for (auto it = value.begin(); it != value.end(); ++it) entries.emplace_back(Runes(it.key()).runes, it);
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return key_less(a.first, b.first); });
    int outer = indent_;
    indent_ = indent_ < 0 ? 0 : indent_ + kIndent;
    for (const auto& [runes, it] : entries) {
      write_indent();
      const std::string& key = it.key();
      if (key.size() <= kMaxSimpleKey && !analyze(key).multiline) {
        text(key, true);
        write_indicator(":", false, false, false);
      } else {
        write_indicator("?", true, false, true);
        text(key, false);
        write_indent();
        write_indicator(":", true, false, true);
      }
      node(*it, true, depth + 1);
    }
    indent_ = outer;
  }

  void sequence(const Json& value, bool in_mapping, int depth) {
    if (value.empty()) {
      write_indicator("[", true, true, false);
      write_indicator("]", false, false, false);
      return;
    }
    int outer = indent_;
    if (indent_ < 0) indent_ = 0;
    else if (!in_mapping || indention_) indent_ += kIndent;
    for (const auto& item : value) {
      write_indent();
      write_indicator("-", true, false, true);
      node(item, false, depth + 1);
    }
    indent_ = outer;
  }

  void text(const std::string& s, bool simple_key) {
    if (!is_utf8(s)) {
      write_indicator("!!binary", true, false, false);
      std::string encoded = base64_encode(s);
      return scalar(encoded, Style::kPlain, simple_key);
    }
    Style style = s.find('\n') != std::string::npos ? Style::kLiteral : plain_reads_as_text(s) ? Style::kPlain : Style::kDouble;
    scalar(s, style, simple_key);
  }

  static bool is_utf8(const std::string& s) {
    for (size_t i = 0; i < s.size();) {
      size_t w = width(byte(s, i));
      if (w == 1 && byte(s, i) >= 0x80) return false;
      if (i + w > s.size()) return false;
      for (size_t k = 1; k < w; ++k)
        if ((byte(s, i + k) & 0xc0) != 0x80) return false;
      i += w;
    }
    return true;
  }

  void scalar(std::string_view s, Style style, bool simple_key) {
    Analysis can = analyze(s);
    if (simple_key && can.multiline) style = Style::kDouble;
    if (style == Style::kPlain && (!can.plain || (s.empty() && simple_key))) style = Style::kSingle;
    if (style == Style::kSingle && !can.single) style = Style::kDouble;
    if (style == Style::kLiteral && (!can.block || simple_key)) style = Style::kDouble;
    int outer = indent_;
    indent_ = indent_ < 0 ? kIndent : indent_ + kIndent;  // where folded lines and literal text stand
    switch (style) {
      case Style::kPlain: write_plain(s, !simple_key); break;
      case Style::kSingle: write_single(s, !simple_key); break;
      case Style::kDouble: write_double(s, !simple_key); break;
      case Style::kLiteral: write_literal(s); break;
    }
    indent_ = outer;
  }

  bool folds_here() const { return column_ > kWidth; }

  void write_plain(std::string_view s, bool may_fold) {
    if (!whitespace_) put(' ');
    bool spaces = false;
    for (size_t i = 0; i < s.size();) {
      if (is_space(s, i)) {
        if (may_fold && !spaces && folds_here() && !is_space(s, i + 1)) {
          write_indent();
          ++i;
        } else {
          put_char(s, i);
        }
        spaces = true;
      } else {
        put_char(s, i);
        indention_ = spaces = false;
      }
    }
    whitespace_ = indention_ = false;
  }

  void write_single(std::string_view s, bool may_fold) {
    write_indicator("'", true, false, false);
    bool spaces = false, breaks = false;
    for (size_t i = 0; i < s.size();) {
      if (is_space(s, i)) {
        if (may_fold && !spaces && folds_here() && i > 0 && i + 1 < s.size() && !is_space(s, i + 1)) {
          write_indent();
          ++i;
        } else {
          put_char(s, i);
        }
        spaces = true;
      } else if (is_break(s, i)) {  // only U+2028 and U+2029 get here
        write_break(s, i);
        indention_ = breaks = true;
      } else {
        if (breaks) write_indent();
        if (s[i] == '\'') put('\'');
        put_char(s, i);
        indention_ = spaces = breaks = false;
      }
    }
    write_indicator("'", false, false, false);
  }

  void write_double(std::string_view s, bool may_fold) {
    write_indicator("\"", true, false, false);
    bool spaces = false;
    for (size_t i = 0; i < s.size();) {
      if (!is_printable(s, i) || is_break(s, i) || s[i] == '"' || s[i] == '\\') {
        write_escape(s, i);
        spaces = false;
      } else if (is_space(s, i)) {
        if (may_fold && !spaces && folds_here() && i > 0 && i + 1 < s.size()) {
          write_indent();
          if (is_space(s, i + 1)) put('\\');
          ++i;
        } else {
          put_char(s, i);
        }
        spaces = true;
      } else {
        put_char(s, i);
        spaces = false;
      }
    }
    write_indicator("\"", false, false, false);
  }

  void write_escape(std::string_view s, size_t& i) {
    unsigned char c = byte(s, i);
    size_t w = width(c);
    unsigned v = w == 1 ? c : w == 2 ? c & 0x1f : w == 3 ? c & 0xf : c & 7;
    for (size_t k = 1; k < w; ++k) v = v << 6 | (byte(s, i + k) & 0x3f);
    i += w;
    put('\\');
    switch (v) {
      case 0: return put('0');
      case 7: return put('a');
      case 8: return put('b');
      case 9: return put('t');
      case 10: return put('n');
      case 11: return put('v');
      case 12: return put('f');
      case 13: return put('r');
      case 0x1b: return put('e');
      case '"': return put('"');
      case '\\': return put('\\');
      case 0x85: return put('N');
      case 0xa0: return put('_');
      case 0x2028: return put('L');
      case 0x2029: return put('P');
    }
    int digits = v <= 0xff ? 2 : v <= 0xffff ? 4 : 8;
    put(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
    for (int k = digits - 1; k >= 0; --k) put("0123456789ABCDEF"[v >> (4 * k) & 15]);
  }

  void write_break(std::string_view s, size_t& i) {
    if (s[i] == '\n') {
      put_break();
      ++i;
    } else {
      put_char(s, i);
      column_ = 0;
    }
  }

  void write_literal(std::string_view s) {
    write_indicator("|", true, false, false);
    if (is_space(s, 0) || is_break(s, 0)) write_indicator("2", false, false, false);
    size_t last = s.size() - 1;
    auto start_of = [&](size_t i) {
      while (i > 0 && (byte(s, i) & 0xc0) == 0x80) --i;
      return i;
    };
    last = start_of(last);
    if (!is_break(s, last)) write_indicator("-", false, false, false);
    else if (last == 0 || is_break(s, start_of(last - 1))) write_indicator("+", false, false, false);
    put_break();
    whitespace_ = indention_ = true;
    bool breaks = true;
    for (size_t i = 0; i < s.size();) {
      if (is_break(s, i)) {
        write_break(s, i);
        indention_ = breaks = true;
      } else {
        if (breaks) write_indent();
        put_char(s, i);
        indention_ = breaks = false;
      }
    }
  }

  std::string out_;
  int indent_ = -1;
  int column_ = 0;
  bool whitespace_ = true;
  bool indention_ = true;
};

}  // namespace

std::string dump_yaml(const Json& value) { return Emitter().run(value); }

}  // namespace skerry::json
