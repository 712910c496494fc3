#include "base/decimal.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <random>

#include <doctest/doctest.h>

namespace skerry {
namespace {

std::string reference(double value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr};
}

}  // namespace

TEST_CASE("decimal: the fewest digits that read back, with and without exponent") {
  struct Case {
    double value;
    const char *scientific, *fixed;
  };
  for (const Case& c : {Case{0, "0e+00", "0"}, {-0.0, "-0e+00", "-0"}, {1, "1e+00", "1"}, {-1.5, "-1.5e+00", "-1.5"}, {0.1, "1e-01", "0.1"},
                        {1e-7, "1e-07", "0.0000001"}, {1.25e-3, "1.25e-03", "0.00125"}, {123456, "1.23456e+05", "123456"}, {1e21, "1e+21", "1000000000000000000000"},
                        {1e100, "1e+100", nullptr}, {1e-300, "1e-300", nullptr}, {9007199254740993.0, "9.007199254740992e+15", "9007199254740992"},
                        {9223372036854775808.0, "9.223372036854776e+18", "9223372036854776000"}, {5e-324, "5e-324", nullptr}, {0.3, "3e-01", "0.3"},
                        {0.1 + 0.2, "3.0000000000000004e-01", "0.30000000000000004"}, {1.7976931348623157e308, "1.7976931348623157e+308", nullptr}}) {
    CHECK(decimal_scientific(c.value) == c.scientific);
    if (c.fixed) CHECK(decimal_fixed(c.value) == c.fixed);
  }
}

TEST_CASE("decimal: the same digits as the standard library's for any number") {
  for (int e = -1074; e <= 1023; ++e) CHECK(decimal_scientific(std::ldexp(1.0, e)) == reference(std::ldexp(1.0, e)));
  std::mt19937_64 random(20240229);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    if (decimal_scientific(value) != reference(value)) CHECK(decimal_scientific(value) == reference(value));
    CHECK(std::strtod(decimal_fixed(value).c_str(), nullptr) == value);
  }
}

TEST_CASE("decimal: only whole numbers are read") {
  CHECK(parse_double("1.5") == 1.5);
  CHECK(parse_double("-1e3") == -1000);
  CHECK(parse_double(".5") == 0.5);
  CHECK(parse_double("5.") == 5);
  CHECK(parse_double("1e-400") == 0);
  for (const char* wrong : {"", ".", "-", "+1", " 1", "1 ", "1e", "1.2.3", "0x10", "inf", "nan", "1e400", "1-2", "e5"}) CHECK(!parse_double(wrong));
}

}  // namespace skerry
