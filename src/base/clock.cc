#include "base/clock.h"

#include <cstdio>
#include <ctime>

namespace skerry {

WallTime SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

MonoTime SystemClock::mono() const { return std::chrono::steady_clock::now(); }

std::string format_rfc3339(WallTime time, int digits) {
  using namespace std::chrono;
  auto secs = floor<seconds>(time);
  auto days_part = floor<days>(secs);
  year_month_day ymd{days_part};
  hh_mm_ss hms{secs - days_part};
  char buf[64];
  int n = std::snprintf(buf, sizeof buf, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(ymd.year()),
                        static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                        static_cast<int>(hms.hours().count()), static_cast<int>(hms.minutes().count()),
                        static_cast<int>(hms.seconds().count()));
  std::string out(buf, static_cast<size_t>(n));
  if (digits > 0) {
    auto nanos = duration_cast<nanoseconds>(time - secs).count();
    std::snprintf(buf, sizeof buf, "%09lld", static_cast<long long>(nanos));
    out += '.';
    out.append(buf, static_cast<size_t>(digits > 9 ? 9 : digits));
  }
  out += 'Z';
  return out;
}

namespace {
// Reads exactly `width` digits at `pos`; -1 if there are not that many.
int digits_at(std::string_view s, size_t pos, size_t width) {
  if (pos + width > s.size()) return -1;
  int v = 0;
  for (size_t i = 0; i < width; ++i) {
    char c = s[pos + i];
    if (c < '0' || c > '9') return -1;
    v = v * 10 + (c - '0');
  }
  return v;
}
}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view s) {
  using namespace std::chrono;
  int y = digits_at(s, 0, 4), mo = digits_at(s, 5, 2), d = digits_at(s, 8, 2);
  int h = digits_at(s, 11, 2), mi = digits_at(s, 14, 2), se = digits_at(s, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || se < 0) return std::nullopt;
  if (s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':') return std::nullopt;
  year_month_day ymd{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!ymd.ok() || h > 23 || mi > 59 || se > 60) return std::nullopt;
  size_t pos = 19;
  int64_t nanos = 0;
  if (pos < s.size() && (s[pos] == '.' || s[pos] == ',')) {
    ++pos;
    int64_t scale = 100000000;
    size_t start = pos;
    while (pos < s.size() && s[pos] >= '0' && s[pos] <= '9') {
      nanos += (s[pos] - '0') * scale;
      scale /= 10;
      ++pos;
    }
    if (pos == start) return std::nullopt;
  }
  if (pos >= s.size()) return std::nullopt;
  int offset_min = 0;
  if (s[pos] == 'Z' || s[pos] == 'z') {
    ++pos;
  } else if (s[pos] == '+' || s[pos] == '-') {
    int oh = digits_at(s, pos + 1, 2), om = digits_at(s, pos + 4, 2);
    if (oh < 0 || om < 0 || s[pos + 3] != ':' || oh > 23 || om > 59) return std::nullopt;
    offset_min = (oh * 60 + om) * (s[pos] == '-' ? -1 : 1);
    pos += 6;
  } else {
    return std::nullopt;
  }
  if (pos != s.size()) return std::nullopt;
  auto whole = sys_days{ymd} + hours{h} + minutes{mi - offset_min} + seconds{se};
  // 64 bits of nanoseconds reach from 1677 to 2262; Go's zero time and the year 9999 end at the limits.
  if (whole <= ceil<seconds>(WallTime::min())) return WallTime{ceil<seconds>(WallTime::min())};
  if (whole >= floor<seconds>(WallTime::max())) return WallTime{floor<seconds>(WallTime::max())};
  return WallTime{whole + nanoseconds{nanos}};
}

}  // namespace skerry
