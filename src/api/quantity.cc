#include "api/quantity.h"

#include <array>
#include <cmath>

#include "base/strings.h"

namespace skerry::api {
namespace {

constexpr Int128 kNano = 1'000'000'000;
constexpr Int128 kMaxNanos = static_cast<Int128>(INT64_MAX) * kNano;

struct Suffix {
  std::string_view text;
  Quantity::Format format;
  int exponent;  // of ten, or of two
};
using F = Quantity::Format;
constexpr std::array<Suffix, 16> kSuffixes = {{
    {"n", F::kDecimalSi, -9}, {"u", F::kDecimalSi, -6}, {"m", F::kDecimalSi, -3}, {"", F::kDecimalSi, 0},
    {"k", F::kDecimalSi, 3},  {"M", F::kDecimalSi, 6},  {"G", F::kDecimalSi, 9},  {"T", F::kDecimalSi, 12},
    {"P", F::kDecimalSi, 15}, {"E", F::kDecimalSi, 18}, {"Ki", F::kBinarySi, 10}, {"Mi", F::kBinarySi, 20},
    {"Gi", F::kBinarySi, 30}, {"Ti", F::kBinarySi, 40}, {"Pi", F::kBinarySi, 50}, {"Ei", F::kBinarySi, 60},
}};

Error malformed() {
  return {Reason::kBadRequest,
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"};
}

// Multiplies up to the cap.
Int128 times(Int128 a, Int128 b) {
  if (a == 0) return 0;
  return a > kMaxNanos / b ? kMaxNanos : a * b;
}

Int128 cap(Int128 v) { return v > kMaxNanos ? kMaxNanos : v < -kMaxNanos ? -kMaxNanos : v; }

// Rounded away from zero, as Kubernetes does.
Int128 divide_up(Int128 a, Int128 b) { return a >= 0 ? (a + b - 1) / b : -((-a + b - 1) / b); }

std::string int128_text(Int128 v) {
  if (v == 0) return "0";
  std::string digits;
  bool negative = v < 0;
  for (; v != 0; v /= 10) digits.insert(digits.begin(), static_cast<char>('0' + std::abs(static_cast<int>(v % 10))));
  return negative ? "-" + digits : digits;
}

}  // namespace

Quantity Quantity::units(int64_t value, Format format) {
  Quantity q;
  q.nanos_ = cap(static_cast<Int128>(value) * kNano);
  q.format_ = format;
  return q;
}

Quantity Quantity::milli(int64_t value, Format format) {
  Quantity q;
  q.nanos_ = static_cast<Int128>(value) * (kNano / 1000);
  q.format_ = format;
  return q;
}

Result<Quantity> Quantity::parse(std::string_view text) {
  if (text.empty() || text.size() > 128) return malformed();
  bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  size_t i = 0;
  auto digit = [&] { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  std::string digits;  // without the point
  while (digit()) digits += text[i++];
  size_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    for (; digit(); ++fraction) digits += text[i++];
  }
  if (digits.empty()) return malformed();

  std::string_view suffix = text.substr(i);
  Quantity q;
  int exponent = 0;
  const Suffix* found = nullptr;
  for (const auto& s : kSuffixes)
    if (s.text == suffix) found = &s;
  if (found != nullptr) {
    q.format_ = found->format;
    exponent = found->exponent;
  } else if (suffix.size() > 1 && (suffix[0] == 'e' || suffix[0] == 'E')) {
    std::string_view number = suffix.substr(1);
    if (number[0] == '+') number.remove_prefix(1);
    auto n = parse_int(number);
    if (!n || *n < -1000 || *n > 1000) return malformed();
    q.format_ = Format::kDecimalExponent;
    exponent = static_cast<int>(*n);
  } else {
    return malformed();
  }

  // digits * 10^-fraction * 10^exponent (or 2^exponent) units, in nanos, rounded up.
  size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return q;
  digits.erase(0, first);
  int ten = 9 - static_cast<int>(fraction) + (q.format_ == Format::kBinarySi ? 0 : exponent);
  // Beyond 38 digits an Int128 ends; what is finer than a nano only matters for rounding up.
  bool rest = false;
  if (q.format_ == Format::kBinarySi && digits.size() > 27) {
    size_t drop = digits.size() - 27;
    if (static_cast<int>(fraction) < static_cast<int>(drop)) {  // too large anyway
      q.nanos_ = negative ? -kMaxNanos : kMaxNanos;
      return q;
    }
    rest = digits.find_first_not_of('0', 27) != std::string::npos;
    digits.resize(27);
    ten += static_cast<int>(drop);
  }
  while (ten < 0 && !digits.empty() && q.format_ != Format::kBinarySi) {
    rest = rest || digits.back() != '0';
    digits.pop_back();
    ++ten;
  }
  if (ten < 0 && q.format_ != Format::kBinarySi) ten = 0;
  Int128 value = 0;
  for (char c : digits) value = value > kMaxNanos / 10 ? kMaxNanos : value * 10 + (c - '0');
  if (q.format_ == Format::kBinarySi) {
    // Shift and scale in turn, so that nothing is lost before the division.
    for (int b = 0; b < exponent && value < kMaxNanos; ++b) value = times(value, 2);
    for (; ten > 0 && value < kMaxNanos; --ten) value = times(value, 10);
    for (; ten < 0; ++ten) {
      rest = rest || value % 10 != 0;
      value /= 10;
    }
  } else {
    for (; ten > 0 && value < kMaxNanos; --ten) value = times(value, 10);
  }
  if (rest) ++value;
  q.nanos_ = cap(negative ? -value : value);
  return q;
}

Quantity Quantity::from_json(const Json& value) {
  if (value.is_string()) return parse(value.get_ref<const std::string&>()).value_or(Quantity());
  if (value.is_number()) return parse(value.dump()).value_or(Quantity());
  return {};
}

int64_t Quantity::value() const { return static_cast<int64_t>(divide_up(nanos_, kNano)); }

int64_t Quantity::milli_value() const {
  Int128 v = divide_up(nanos_, kNano / 1000);
  return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : static_cast<int64_t>(v);
}

double Quantity::as_double() const { return static_cast<double>(nanos_) / 1e9; }

std::string Quantity::to_string() const {
  if (nanos_ == 0) return "0";
  Format format = format_;
  bool whole = nanos_ % kNano == 0;
  Int128 units = nanos_ / kNano;
  // Binary suffixes only for whole numbers of at least 1024; below, and for fractions, decimal ones.
  if (format == Format::kBinarySi && (!whole || (units > -1024 && units < 1024))) format = Format::kDecimalSi;
  if (format == Format::kBinarySi) {
    int power = 0;
    while (units % 1024 == 0 && power < 6) {
      units /= 1024;
      ++power;
    }
    static constexpr std::string_view kBinary[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    return int128_text(units) + std::string(kBinary[power]);
  }
  Int128 mantissa = nanos_;
  int exponent = -9;
  while (mantissa % 1000 == 0 && exponent < 18) {
    mantissa /= 1000;
    exponent += 3;
  }
  if (format == Format::kDecimalExponent)
    return int128_text(mantissa) + (exponent == 0 ? "" : "e" + std::to_string(exponent));
  static constexpr std::string_view kDecimal[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  return int128_text(mantissa) + std::string(kDecimal[(exponent + 9) / 3]);
}

Quantity Quantity::operator+(const Quantity& other) const {
  Quantity q = *this;
  if (nanos_ == 0) q.format_ = other.format_;
  q.nanos_ = cap(nanos_ + other.nanos_);
  return q;
}

Quantity Quantity::operator-(const Quantity& other) const {
  Quantity q = *this;
  if (nanos_ == 0) q.format_ = other.format_;
  q.nanos_ = cap(nanos_ - other.nanos_);
  return q;
}

Result<int64_t> scaled_value(const Json& int_or_percent, int64_t total, bool round_up) {
  if (int_or_percent.is_number_integer()) return int_or_percent.get<int64_t>();
  if (int_or_percent.is_string()) {
    std::string_view text = int_or_percent.get_ref<const std::string&>();
    if (text.size() > 1 && text.back() == '%') {
      if (auto percent = parse_int(text.substr(0, text.size() - 1)); percent && std::abs(*percent) < 1'000'000'000) {
        int64_t product = *percent * total;
        return round_up ? (product + 99) / 100 : product / 100;
      }
    }
  }
  return Error(Reason::kInvalid, "invalid value for IntOrString: not an integer or a percentage: " + json::dump(int_or_percent));
}

}  // namespace skerry::api
