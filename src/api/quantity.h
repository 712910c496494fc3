// Quantity: resource amounts ("100m", "1.5Gi", "2e3"), exact, with Kubernetes' canonical form.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/int128.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::api {

// A whole number of nano-units. Amounts beyond 2^63 units or finer than a nano are capped and rounded up, as
// Kubernetes does.
class Quantity {
 public:
  enum class Format : uint8_t { kDecimalSi, kBinarySi, kDecimalExponent };

  constexpr Quantity() = default;
  static Quantity units(int64_t value, Format format = Format::kDecimalSi);
  static Quantity milli(int64_t value, Format format = Format::kDecimalSi);
  static Result<Quantity> parse(std::string_view text);
  // A JSON string or number; zero for anything else or malformed (validated before).
  static Quantity from_json(const Json& value);

  int64_t value() const;        // rounded up to whole units
  int64_t milli_value() const;  // rounded up to thousandths
  double as_double() const;
  bool is_zero() const { return nanos_ == 0; }
  bool negative() const { return nanos_ < 0; }
  std::string to_string() const;  // canonical

  Quantity operator+(const Quantity& other) const;
  Quantity operator-(const Quantity& other) const;
  Quantity& operator+=(const Quantity& other) { return *this = *this + other; }
  Quantity& operator-=(const Quantity& other) { return *this = *this - other; }
  auto operator<=>(const Quantity& other) const { return nanos_ <=> other.nanos_; }
  bool operator==(const Quantity& other) const { return nanos_ == other.nanos_; }

 private:
  Int128 nanos_ = 0;
  Format format_ = Format::kDecimalSi;
};

// An IntOrString against a total: 3 -> 3, "25%" of 10 -> 2 or 3 (rounded up). Error if it is neither.
Result<int64_t> scaled_value(const Json& int_or_percent, int64_t total, bool round_up);

}  // namespace skerry::api
