#include "api/int128.h"

#include <doctest/doctest.h>

#include <random>

using skerry::api::Wide128;

TEST_CASE("int128: small numbers divide towards zero") {
  CHECK(Wide128(-7) / Wide128(2) == Wide128(-3));
  CHECK(Wide128(-7) % Wide128(2) == Wide128(-1));
  CHECK(Wide128(7) / Wide128(-2) == Wide128(-3));
  CHECK(Wide128(INT64_MIN) < Wide128(-1));
  CHECK(Wide128(INT64_MAX) + Wide128(1) > Wide128(INT64_MAX));
  CHECK(static_cast<double>(Wide128(INT64_MIN)) == -9223372036854775808.0);
  CHECK(static_cast<double>(Wide128(-1)) == -1.0);
}

#ifdef __SIZEOF_INT128__
namespace {
__extension__ using Native = __int128;

Wide128 wide(Native v) {
  Wide128 half(static_cast<int64_t>(v >> 64));
  return half * Wide128(int64_t{1} << 32) * Wide128(int64_t{1} << 32) + Wide128(static_cast<int64_t>(v >> 32 & 0xffffffff)) * Wide128(int64_t{1} << 32) +
         Wide128(static_cast<int64_t>(v & 0xffffffff));
}
}  // namespace

TEST_CASE("int128: as the compiler's") {
  unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    auto number = [&] {
      Native v = static_cast<Native>(random()) << 64 | random();
      return v >> random() % 128;
    };
    Native a = number(), b = number();
    if (i % 3 == 0) b = static_cast<Native>(random() % 2000) - 1000;
    if (b == 0) b = 1;
    // Sums and products of halves, so that the compiler's do not overflow.
    Native x = a >> 64, y = b >> 64;
    CHECK((wide(a) == wide(b)) == (a == b));
    CHECK((wide(a) < wide(b)) == (a < b));
    CHECK(wide(x) * wide(y) == wide(x * y));
    CHECK(wide(a / 2) + wide(b / 2) == wide(a / 2 + b / 2));
    CHECK(wide(a / 2) - wide(b / 2) == wide(a / 2 - b / 2));
    CHECK(-wide(a / 2) == wide(-(a / 2)));
    CHECK(wide(a) / wide(b) == wide(a / b));
    CHECK(wide(a) % wide(b) == wide(a % b));
    CHECK(static_cast<double>(wide(a)) == doctest::Approx(static_cast<double>(a)));
  }
}
#endif
