#include "base/clock.h"

#include <doctest/doctest.h>

using namespace skerry;

namespace {
WallTime at(int64_t s, int64_t ns = 0) { return WallTime(seconds(s) + std::chrono::nanoseconds(ns)); }
}  // namespace

TEST_CASE("RFC 3339: written as Kubernetes writes it") {
  CHECK(format_rfc3339(at(0)) == "1970-01-01T00:00:00Z");
  CHECK(format_rfc3339(at(1767323045, 678901234)) == "2026-01-02T03:04:05Z");
  CHECK(format_rfc3339(at(1767323045, 678901234), 6) == "2026-01-02T03:04:05.678901Z");
  CHECK(format_rfc3339(at(1767323045, 1000), 9) == "2026-01-02T03:04:05.000001000Z");
  CHECK(format_rfc3339(at(-1, 0)) == "1969-12-31T23:59:59Z");
  CHECK(format_rfc3339(at(-1, 500000000), 3) == "1969-12-31T23:59:59.500Z");
}

TEST_CASE("RFC 3339: read with any offset and fraction") {
  struct { const char* text; WallTime want; } rows[] = {
      {"2026-01-02T03:04:05Z", at(1767323045)},
      {"2026-01-02t03:04:05z", at(1767323045)},
      {"2026-01-02T04:34:05+01:30", at(1767323045)},
      {"2026-01-01T22:04:05.5-05:00", at(1767323045, 500000000)},
      {"2026-01-02T03:04:05.123456789Z", at(1767323045, 123456789)},
      {"2026-01-02T03:04:05.1234567891Z", at(1767323045, 123456789)},
      {"2024-02-29T00:00:00Z", at(1709164800)},
  };
  for (auto& r : rows) {
    CAPTURE(r.text);
    auto got = parse_rfc3339(r.text);
    REQUIRE(got);
    CHECK(*got == r.want);
  }
  for (const char* bad : {"", "2026", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04:05Z", "2026-13-02T03:04:05Z", "2026-02-30T00:00:00Z",
                          "2025-02-29T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx",
                          "2026-01-02T03:04:05+1:00", "2026-01-02T03:04:05+0100", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+", "x026-01-02T03:04:05Z"}) {
    CAPTURE(bad);
    CHECK(!parse_rfc3339(bad));
  }
}

TEST_CASE("RFC 3339: years beyond what nanoseconds can count end at the limits instead of wrapping") {
  // Go's zero time, and the far future that some tools write.
  CHECK(*parse_rfc3339("0001-01-01T00:00:00Z") < at(-9'000'000'000));
  CHECK(*parse_rfc3339("9999-12-31T23:59:59Z") > at(9'000'000'000));
  CHECK(*parse_rfc3339("2262-04-11T23:47:16Z") > at(9'000'000'000));
  CHECK(*parse_rfc3339("2262-04-12T00:00:00Z") > at(9'000'000'000));
}

TEST_CASE("wall time: of a broken-down time, beyond 2038 and at the limits") {
  std::tm utc{};
  utc.tm_year = 2100 - 1900;
  utc.tm_mon = 1;
  utc.tm_mday = 28;
  utc.tm_hour = 23;
  CHECK(format_rfc3339(wall_time(utc)) == "2100-02-28T23:00:00Z");
  utc.tm_year = 9999 - 1900;
  CHECK(format_rfc3339(wall_time(utc)).substr(0, 4) == "2262");
}
