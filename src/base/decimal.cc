#include "base/decimal.h"

#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace skerry {
namespace {

// The number d.ddd times 10 to `exponent`.
struct Digits {
  std::string digits;
  int exponent = 0;

  double value() const { return std::strtod((digits + "e" + std::to_string(exponent - static_cast<int>(digits.size()) + 1)).c_str(), nullptr); }
  // The next larger one of as many digits.
  Digits next() const {
    Digits up = *this;
    size_t i = up.digits.size();
    while (i > 0 && up.digits[i - 1] == '9') up.digits[--i] = '0';
    if (i > 0) return ++up.digits[i - 1], up;
    up.digits[0] = '1';
    ++up.exponent;
    return up;
  }
};

Digits rounded(double value, int count) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*e", count - 1, value);
  std::string_view all = text;
  const size_t e = all.find('e');
  Digits out{std::string(all.substr(0, 1)), std::atoi(text + e + 1)};
  if (count > 1) out.digits += all.substr(2, e - 2);
  return out;
}

// `value` > 0. 17 digits always do.
Digits shortest(double value) {
  Digits out;
  // Fifteen are never too many but for zeros at their end, save for the smallest numbers, which hold less than that.
  for (int count = value < DBL_MIN ? 1 : 15; count <= 17; ++count) {
    out = rounded(value, count);
    if (out.value() == value) break;
    // Above a power of two the next number is twice as far as below it: the decimal above may fit where a nearer one below does not.
    if (Digits up = out.next(); up.value() == value) {
      out = up;
      break;
    }
  }
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  return out;
}

}  // namespace

std::string decimal_scientific(double value) {
  const std::string sign = std::signbit(value) ? "-" : "";
  if (value == 0) return sign + "0e+00";
  const Digits d = shortest(std::fabs(value));
  std::string text = sign + d.digits.substr(0, 1);
  if (d.digits.size() > 1) text += "." + d.digits.substr(1);
  const std::string size = std::to_string(std::abs(d.exponent));
  return text + (d.exponent < 0 ? "e-" : "e+") + (size.size() < 2 ? "0" : "") + size;
}

std::string decimal_fixed(double value) {
  const std::string sign = std::signbit(value) ? "-" : "";
  if (value == 0) return sign + "0";
  Digits d = shortest(std::fabs(value));
  if (d.exponent < 0) return sign + "0." + std::string(-d.exponent - 1, '0') + d.digits;
  const size_t whole = d.exponent + 1;
  if (d.digits.size() <= whole) return sign + d.digits + std::string(whole - d.digits.size(), '0');
  return sign + d.digits.substr(0, whole) + "." + d.digits.substr(whole);
}

std::optional<double> parse_double(std::string_view text) {
  // strtod() knows more: white space before it, hexadecimal, infinity.
  if (text.empty() || text.front() == '+' || text.find_first_not_of("0123456789.eE+-") != text.npos) return std::nullopt;
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace skerry
