// Int128: whole numbers of 128 bits for Quantity. The compiler's own where there is one; processors with 32 bits have
// none, there it is Wide128, which the tests compare with the compiler's.
#pragma once

#include <compare>
#include <cstdint>

namespace skerry::api {

// Two's complement; overflow wraps. Division truncates towards zero, by zero is undefined.
class Wide128 {
 public:
  constexpr Wide128() = default;
  constexpr Wide128(int64_t value) : high_(value < 0 ? ~0ull : 0), low_(static_cast<uint64_t>(value)) {}
  constexpr Wide128(int value) : Wide128(static_cast<int64_t>(value)) {}

  constexpr explicit operator int64_t() const { return static_cast<int64_t>(low_); }
  constexpr explicit operator int() const { return static_cast<int>(low_); }
  constexpr explicit operator double() const {
    if (negative()) return -static_cast<double>(-*this);
    return static_cast<double>(high_) * 18446744073709551616.0 + static_cast<double>(low_);
  }

  constexpr Wide128 operator-() const { return bits(~high_ + (low_ == 0), ~low_ + 1); }
  friend constexpr Wide128 operator+(Wide128 a, Wide128 b) {
    uint64_t low = a.low_ + b.low_;
    return bits(a.high_ + b.high_ + (low < a.low_), low);
  }
  friend constexpr Wide128 operator-(Wide128 a, Wide128 b) { return a + -b; }
  friend constexpr Wide128 operator*(Wide128 a, Wide128 b) {
    uint64_t a0 = a.low_ & kHalf, a1 = a.low_ >> 32, b0 = b.low_ & kHalf, b1 = b.low_ >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t other = a0 * b1 + (middle & kHalf);
    uint64_t carry = a1 * b1 + (middle >> 32) + (other >> 32);
    return bits(a.high_ * b.low_ + a.low_ * b.high_ + carry, a.low_ * b.low_);
  }
  friend constexpr Wide128 operator/(Wide128 a, Wide128 b) {
    Wide128 rest;
    Wide128 result = divide(a.magnitude(), b.magnitude(), rest);
    return a.negative() != b.negative() ? -result : result;
  }
  friend constexpr Wide128 operator%(Wide128 a, Wide128 b) {
    Wide128 rest;
    divide(a.magnitude(), b.magnitude(), rest);
    return a.negative() ? -rest : rest;
  }
  constexpr Wide128& operator/=(Wide128 b) { return *this = *this / b; }
  constexpr Wide128& operator++() { return *this = *this + Wide128(1); }

  constexpr bool operator==(const Wide128&) const = default;
  constexpr std::strong_ordering operator<=>(const Wide128& b) const {
    if (high_ != b.high_) return static_cast<int64_t>(high_) <=> static_cast<int64_t>(b.high_);
    return low_ <=> b.low_;
  }

 private:
  static constexpr uint64_t kHalf = 0xffffffff;
  static constexpr Wide128 bits(uint64_t high, uint64_t low) {
    Wide128 v;
    v.high_ = high;
    v.low_ = low;
    return v;
  }
  constexpr bool negative() const { return static_cast<int64_t>(high_) < 0; }
  constexpr Wide128 magnitude() const { return negative() ? -*this : *this; }

  // Unsigned. Divisors here are powers of ten and of two below 2^32, so four short divisions are the usual case.
  static constexpr Wide128 divide(Wide128 a, Wide128 b, Wide128& rest) {
    Wide128 result;
    if (b.high_ == 0 && b.low_ <= kHalf) {
      uint64_t carry = 0;
      uint64_t digits[4] = {a.high_ >> 32, a.high_ & kHalf, a.low_ >> 32, a.low_ & kHalf};
      for (uint64_t& digit : digits) {
        uint64_t part = carry << 32 | digit;
        digit = part / b.low_;
        carry = part % b.low_;
      }
      rest = bits(0, carry);
      return bits(digits[0] << 32 | digits[1], digits[2] << 32 | digits[3]);
    }
    for (int i = 127; i >= 0; --i) {
      uint64_t bit = (i >= 64 ? a.high_ >> (i - 64) : a.low_ >> i) & 1;
      rest = bits(rest.high_ << 1 | rest.low_ >> 63, rest.low_ << 1 | bit);
      if (rest.high_ < b.high_ || (rest.high_ == b.high_ && rest.low_ < b.low_)) continue;
      rest = rest - b;
      (i >= 64 ? result.high_ : result.low_) |= 1ull << (i & 63);
    }
    return result;
  }

  uint64_t high_ = 0, low_ = 0;
};

#ifdef __SIZEOF_INT128__
__extension__ using Int128 = __int128;
#else
using Int128 = Wide128;
#endif

}  // namespace skerry::api
