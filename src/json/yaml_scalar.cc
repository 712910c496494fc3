#include "json/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

#include "base/decimal.h"

namespace skerry::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads digits of `base`; all of `text`.
std::optional<Json> whole_number(std::string_view text, bool negative, int base) {
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  uint64_t v = 0;
  auto r = std::from_chars(text.data(), text.data() + text.size(), v, base);
  if (r.ec != std::errc() || r.ptr != text.data() + text.size()) return std::nullopt;
  if (!negative) return v <= INT64_MAX ? Json(static_cast<int64_t>(v)) : Json(v);
  if (v > static_cast<uint64_t>(INT64_MAX) + 1) return std::nullopt;
  return Json(static_cast<int64_t>(~v + 1));
}

std::optional<Json> integer(std::string_view text) {
  bool sign = text.starts_with('-') || text.starts_with('+');
  bool negative = text.starts_with('-');
  if (sign) text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '0') {
    char kind = static_cast<char>(text[1] | 0x20);
    int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    auto value = base != 0 ? whole_number(text.substr(2), negative, base) : whole_number(text.substr(1), negative, 8);
    return value;
  }
  auto value = whole_number(text, negative, 10);
  // "+18446744073709551615" is no unsigned number in Go, which knows them without a sign only.
  if (value && sign && value->is_number_unsigned()) return std::nullopt;
  return value;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, finite.
std::optional<double> real(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return parse_double(text);
}

// Kubernetes' clients turn YAML into JSON text, where 1.0 and 1e3 are written 1 and 1000.
Json number(double value) {
  if (value == std::trunc(value) && std::fabs(value) < 9.2e18) return static_cast<int64_t>(value);
  return value;
}

// Reads a number of `min` to `max` digits.
std::optional<int> digits_of(std::string_view& text, size_t min, size_t max) {
  size_t n = 0;
  int v = 0;
  while (n < text.size() && n < max && is_digit(text[n])) v = v * 10 + (text[n++] - '0');
  if (n < min) return std::nullopt;
  text.remove_prefix(n);
  return v;
}

bool is_timestamp(std::string_view text) {
  auto skip = [&](char c) {
    bool yes = text.starts_with(c);
    if (yes) text.remove_prefix(1);
    return yes;
  };
  auto year = digits_of(text, 4, 4);
  if (!year || !skip('-')) return false;
  auto month = digits_of(text, 1, 2);
  if (!month || !skip('-')) return false;
  auto day = digits_of(text, 1, 2);
  if (!day) return false;
  using namespace std::chrono;
  if (!year_month_day(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)), std::chrono::day(static_cast<unsigned>(*day))).ok()) return false;
  if (text.empty()) return true;
  bool blank = text[0] == ' ';
  if (!blank && text[0] != 'T' && text[0] != 't') return false;
  text.remove_prefix(1);
  while (blank && text.starts_with(' ')) text.remove_prefix(1);
  auto hour = digits_of(text, 1, 2);
  if (!hour || *hour > 23 || !skip(':')) return false;
  auto minute = digits_of(text, 1, 2);
  if (!minute || *minute > 59 || !skip(':')) return false;
  auto second = digits_of(text, 1, 2);
  if (!second || *second > 59) return false;
  if (text.size() > 1 && (text[0] == '.' || text[0] == ',') && is_digit(text[1])) {
    text.remove_prefix(1);
    while (!text.empty() && is_digit(text[0])) text.remove_prefix(1);
  }
  if (blank) return text.empty();
  if (text == "Z") return true;
  if (!skip('+') && !skip('-')) return false;
  auto zone_hour = digits_of(text, 2, 2);
  if (!zone_hour || *zone_hour > 24 || !skip(':')) return false;
  auto zone_minute = digits_of(text, 2, 2);
  return zone_minute && *zone_minute < 60 && text.empty();
}

// 12:30:45.5: a number of base 60 in YAML 1.1.
bool is_base60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return false;
  size_t n = text.find_first_not_of("0123456789_");
  if (n == std::string_view::npos || text[n] != ':') return false;
  text.remove_prefix(n);
  while (text.starts_with(':')) {
    text.remove_prefix(1);
    if (text.size() > 1 && text[0] <= '5' && is_digit(text[0]) && is_digit(text[1])) text.remove_prefix(2);
    else if (!text.empty() && is_digit(text[0])) text.remove_prefix(1);
    else return false;
  }
  if (text.starts_with('.')) text.remove_prefix(std::min(text.size(), text.find_first_not_of("0123456789_", 1)));
  return text.empty();
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) { return std::find(words.begin(), words.end(), text) != words.end(); }

bool is_infinite(std::string_view s) {
  return one_of(s, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN"});
}

}  // namespace

Json plain_scalar(std::string_view s) {
  if (s.empty()) return nullptr;
  char c = s.front();
  if (one_of(s, {"~", "null", "Null", "NULL"})) return nullptr;
  if (one_of(s, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})) return true;
  if (one_of(s, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"})) return false;
  if (c == '.') {
    auto value = real(s);
    return value ? number(*value) : Json(s);
  }
  if (!is_digit(c) && c != '+' && c != '-') return s;
  if (is_timestamp(s)) return s;
  std::string plain(s);
  std::erase(plain, '_');
  if (auto value = integer(plain)) return *value;
  if (auto value = real(plain)) return number(*value);
  return s;
}

bool plain_reads_as_text(std::string_view s) {
  if (!plain_scalar(s).is_string()) return false;
  return !is_infinite(s) && !is_timestamp(s) && !is_base60(s);
}

}  // namespace skerry::json
